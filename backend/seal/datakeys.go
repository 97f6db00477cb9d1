package seal

import "fmt"

// DataKeys are the data keys of a database that could be unwrapped: one, and two while a reseal
// is on its way.
type DataKeys struct {
	keys   []*DataKey // oldest first
	newest uint32     // the generation that seals, whether it could be unwrapped or not
}

// NewDataKeys gives data keys, oldest first, of a database whose newest generation is newest.
func NewDataKeys(newest uint32, keys ...*DataKey) *DataKeys { return &DataKeys{keys, newest} }

// Format prints a fixed word for every verb, so that no message can show the keys.
func (DataKeys) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[data keys]") }

// Of gives the data key of a generation, nil when it is not there.
func (k *DataKeys) Of(generation uint32) *DataKey {
	for _, key := range k.keys {
		if key.generation == generation {
			return key
		}
	}
	return nil
}

// Newest gives the data key that seals, nil when it could not be unwrapped.
func (k *DataKeys) Newest() *DataKey { return k.Of(k.newest) }

// Seal seals under the newest data key, as DataKey.Seal does.
func (k *DataKeys) Seal(plaintext, bind []byte) ([]byte, error) {
	key := k.Newest()
	if key == nil {
		return nil, fmt.Errorf("data key generation %d: %w", k.newest, ErrIdentity)
	}
	return key.Seal(plaintext, bind)
}

// Open opens with the data key that the sealed value names, as DataKey.Open does.
func (k *DataKeys) Open(sealed, bind []byte) ([]byte, error) {
	generation, err := Generation(sealed)
	if err != nil {
		return nil, err
	}
	key := k.Of(generation)
	if key == nil {
		return nil, generationError(generation)
	}
	return key.Open(sealed, bind)
}

// Clear overwrites the keys.
func (k *DataKeys) Clear() {
	for _, key := range k.keys {
		key.Clear()
	}
}
