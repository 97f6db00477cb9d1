package ring

import (
	"errors"
	"fmt"
)

// labels hands out the labels of one owner, of certificates or of name filters; the two kinds
// may use the same ones.
type labels struct {
	owner   Owner
	lookUp  func(label string) error // fails with ErrNotFound for a label that is free
	hint    func(Owner) (int, error)
	setHint func(Owner, int) error
	taken   messageID
}

func certificateLabels(tx Tx, owner Owner) labels {
	lookUp := func(label string) error { _, err := tx.Certificate(CertRef{owner, label}); return err }
	return labels{owner, lookUp, tx.LabelHint, tx.SetLabelHint, msgLabelTaken}
}

func filterLabels(tx Tx, owner Owner) labels {
	lookUp := func(label string) error { _, err := tx.Filter(FilterRef{owner, label}); return err }
	return labels{owner, lookUp, tx.FilterLabelHint, tx.SetFilterLabelHint, msgFilterLabel}
}

// generatedLabel is the form of a label that nobody chose.
const generatedLabel = "LABEL%08d"

// free gives the lowest LABELnnnnnnnn that the owner does not use (racdcert-certificates.md 1.3).
func (l labels) free() (string, error) {
	n, err := l.hint(l.owner)
	if err != nil {
		return "", err
	}
	for ; ; n++ {
		label := fmt.Sprintf(generatedLabel, n)
		err := l.lookUp(label)
		if errors.Is(err, ErrNotFound) {
			return label, l.setHint(l.owner, n)
		}
		if err != nil {
			return "", err
		}
	}
}

// release makes a generated label findable again after its holder gave it up.
func (l labels) release(label string) error {
	var n int
	if _, err := fmt.Sscanf(label, generatedLabel, &n); err != nil || n < 1 || label != fmt.Sprintf(generatedLabel, n) {
		return nil
	}
	hint, err := l.hint(l.owner)
	if err != nil || hint <= n {
		return err
	}
	return l.setHint(l.owner, n)
}

// change gives the label that what is called old is to have: old itself stays as it is.
func (l labels) change(old, want string) (string, error) {
	label, err := CheckLabel(want)
	if err != nil || label == old {
		return label, err
	}
	return l.choose(label)
}

// choose checks a label wanted for something new, or generates one when none is wanted.
func (l labels) choose(want string) (string, error) {
	if want == "" {
		return l.free()
	}
	label, err := CheckLabel(want)
	if err != nil {
		return "", err
	}
	switch err := l.lookUp(label); {
	case err == nil:
		return "", newError(l.taken, label, l.owner)
	case !errors.Is(err, ErrNotFound):
		return "", err
	}
	return label, nil
}
