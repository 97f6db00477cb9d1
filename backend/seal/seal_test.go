package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"filippo.io/age"
)

// newKey makes a data key with the identity that unwraps it.
func newKey(t testing.TB) (*DataKey, []byte, *Identity) {
	t.Helper()
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	key := NewDataKey(1)
	wrapped, err := key.Wrap(id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	return key, wrapped, id
}

func TestSeal(t *testing.T) {
	key, _, _ := newKey(t)
	bind := Bind("db", 1, []byte("spki"))
	for _, plain := range []string{"", "x", strings.Repeat("long", 1000)} {
		sealed, err := key.Seal([]byte(plain), bind)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 8 && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the plaintext shows")
		}
		again, err := key.Seal([]byte(plain), bind)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(sealed, again) {
			t.Error("sealing twice gave the same bytes")
		}
		got, err := key.Open(sealed, bind)
		if err != nil || string(got) != plain {
			t.Errorf("opened %q, %v", got, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	key, _, _ := newKey(t)
	other, _, _ := newKey(t)
	bind := Bind("db", 1, []byte("spki"))
	sealed, err := key.Seal([]byte("secret"), bind)
	if err != nil {
		t.Fatal(err)
	}
	open := func(name string, k *DataKey, sealed, bind []byte) {
		t.Helper()
		plain, err := k.Open(sealed, bind)
		if !errors.Is(err, ErrOpen) || plain != nil {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	open("other database", key, sealed, Bind("db2", 1, []byte("spki")))
	open("other record", key, sealed, Bind("db", 2, []byte("spki")))
	open("other public key", key, sealed, Bind("db", 1, []byte("spkj")))
	open("other data key", other, sealed, bind)
	open("nothing", key, nil, bind)
	for i := range sealed {
		open(fmt.Sprintf("cut at %d", i), key, sealed[:i], bind)
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		open(fmt.Sprintf("altered at %d", i), key, altered, bind)
	}
	open("lengthened", key, append(bytes.Clone(sealed), 0), bind)
	key.Clear()
	open("cleared data key", key, sealed, bind)
}

// TestBind checks that the border between two fields counts, and the kind of record.
func TestBind(t *testing.T) {
	seen := map[string]string{}
	for _, db := range []string{"", "a", "ab", "a\x00"} {
		for _, id := range []int64{0, 1, 256, -1} {
			for _, spki := range []string{"", "b", "\x00b"} {
				for kind, bind := range map[string]func(string, int64, []byte) []byte{"certificate": Bind, "token": BindToken} {
					name := fmt.Sprintf("%s %q %d %q", kind, db, id, spki)
					b := string(bind(db, id, []byte(spki)))
					if earlier, ok := seen[b]; ok {
						t.Errorf("%s and %s are bound alike", name, earlier)
					}
					seen[b] = name
				}
			}
		}
	}
}

func TestWrap(t *testing.T) {
	key, wrapped, id := newKey(t)
	stranger, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	got, err := UnwrapDataKey(1, wrapped, stranger, id)
	if err != nil || *got.key != *key.key {
		t.Fatalf("unwrapped another key, %v", err)
	}
	if _, err := UnwrapDataKey(1, wrapped, stranger); !errors.Is(err, ErrIdentity) {
		t.Errorf("stranger: %v", err)
	}
	if _, err := key.Wrap(); err == nil {
		t.Error("a key was wrapped to nobody")
	}
	both, err := key.Wrap(id.Recipient(), stranger.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []*Identity{id, stranger} {
		if got, err := UnwrapDataKey(1, both, i); err != nil || *got.key != *key.key {
			t.Errorf("wrapped to two: %v", err)
		}
	}
	for i := range wrapped {
		altered := bytes.Clone(wrapped)
		altered[i] ^= 1
		if _, err := UnwrapDataKey(1, altered, id); err == nil {
			t.Errorf("a wrapped key altered at %d was unwrapped", i)
		}
		if _, err := UnwrapDataKey(1, wrapped[:i], id); err == nil {
			t.Errorf("a wrapped key cut at %d was unwrapped", i)
		}
	}
}

// TestUnwrapLonger unwraps age files that hold another number of bytes than a data key has.
func TestUnwrapLonger(t *testing.T) {
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 31, 33} {
		var out bytes.Buffer
		w, err := age.Encrypt(&out, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := UnwrapDataKey(1, out.Bytes(), id); err == nil {
			t.Errorf("%d bytes were taken for a data key", n)
		}
	}
}

// TestPrint prints the secrets in every way there is and looks for their bytes.
func TestPrint(t *testing.T) {
	key, _, id := newKey(t)
	secretText := strings.TrimPrefix(id.x[0].String(), "AGE-SECRET-KEY-1")
	raw := key.key[:]
	holders := []any{key, *key, id, *id, struct{ K *DataKey }{key}, []any{*key, id}, map[string]any{"k": *key}}
	for _, h := range holders {
		var out strings.Builder
		for _, verb := range "vsdqxXtbcoUep" {
			for _, flags := range []string{"", "+", "#", "-20", ".3"} {
				fmt.Fprintf(&out, "%"+flags+string(verb)+"\n", h)
			}
		}
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "h", h)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "h", h)
		s := out.String()
		forms := []string{secretText, string(raw), hex.EncodeToString(raw[:8]),
			fmt.Sprint(raw[0], raw[1], raw[2], raw[3]), fmt.Sprintf("%#x, %#x, %#x", raw[0], raw[1], raw[2])}
		for _, secret := range forms {
			if strings.Contains(strings.ToUpper(s), strings.ToUpper(secret)) {
				t.Errorf("%T shows its secret", h)
			}
		}
	}
	if got := fmt.Sprintf("%v %x", key, id); got != "[data key] [operator identity]" {
		t.Errorf("printed %q", got)
	}
}

// FuzzOpen: whatever is found in a database, opening it does not panic, and only what Seal made
// opens.
func FuzzOpen(f *testing.F) {
	key, _, _ := newKey(f)
	bind := Bind("db", 1, nil)
	sealed, err := key.Seal([]byte("secret"), bind)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(sealed[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, err := key.Open(data, bind)
		if err == nil && !bytes.Equal(data, sealed) {
			t.Errorf("opened as %q", plain)
		}
	})
}
