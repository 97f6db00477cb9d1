package backendtest

import (
	"fmt"
	"iter"
	"math/big"
	"strings"
	"time"

	"signet/ring"
)

// addToken stores a new token.
func (s suite) addToken(tx ring.Tx, name string) *ring.Token {
	s.Helper()
	t := &ring.Token{Name: name}
	s.ok(tx.AddToken(t))
	return t
}

// object makes an object of user, whose certificate's subject is the label, that is not stored
// yet.
func (s suite) object(t *ring.Token, label string) *ring.TokenObject {
	s.Helper()
	x, _ := s.made(Spec{Subject: label})
	return &ring.TokenObject{Token: t, Owner: user, Label: label, Usage: ring.UsagePersonal, DER: x.Raw}
}

// bind stores new objects with these labels.
func (s suite) bind(tx ring.Tx, t *ring.Token, labels ...string) []*ring.TokenObject {
	s.Helper()
	var all []*ring.TokenObject
	for _, label := range labels {
		o := s.object(t, label)
		s.ok(tx.AddTokenObject(o))
		all = append(all, o)
	}
	return all
}

// bound collects the numbers and labels of a sequence of objects.
func bound(s suite, seq iter.Seq2[*ring.TokenObject, error]) []string {
	s.Helper()
	var names []string
	for _, o := range all(s, seq) {
		names = append(names, fmt.Sprintf("%d %s", o.Seq, o.Label))
	}
	return names
}

func tokens(s suite) {
	t := &ring.Token{Name: "WEB.TOKEN", Created: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), CreatedBy: "ADMIN"}
	names := func(tx ring.Tx) []string {
		var names []string
		for _, t := range all(s, tx.Tokens()) {
			names = append(names, t.Name)
		}
		return names
	}
	s.update(func(tx ring.Tx) {
		s.inOrder(names(tx))
		s.ok(tx.AddToken(t))
		s.is(tx.AddToken(&ring.Token{Name: "WEB.TOKEN"}), ring.ErrExists)
		s.is(tx.AddToken(&ring.Token{}), ring.ErrInvalid)
		s.addToken(tx, "$FIRST")
		s.addToken(tx, strings.Repeat("N", 32))
	})
	s.view(func(tx ring.Tx) {
		got, err := tx.Token(t.Name)
		s.ok(err)
		s.equal(got, t)
		_, err = tx.Token("NONE")
		s.is(err, ring.ErrNotFound)
		s.inOrder(names(tx), "$FIRST", strings.Repeat("N", 32), "WEB.TOKEN")
	})
	s.update(func(tx ring.Tx) {
		s.bind(tx, t, "a")
		s.ok(tx.DeleteToken(t))
		s.is(tx.DeleteToken(t), ring.ErrNotFound)
		_, err := tx.Token(t.Name)
		s.is(err, ring.ErrNotFound)
		_, err = tx.TokenObject(t, 1)
		s.is(err, ring.ErrNotFound)
		// Made again, it is another token.
		again := s.addToken(tx, t.Name)
		s.inOrder(bound(s, tx.TokenObjects(again)))
		if again.ID == t.ID {
			s.Errorf("handle %d was used again", t.ID)
		}
	})
}

func tokenObjects(s suite) {
	s.update(func(tx ring.Tx) {
		t, other := s.addToken(tx, "T"), s.addToken(tx, "OTHER")
		o := s.object(t, "a")
		o.Usage, o.Bound, o.BoundBy = ring.UsageSite, time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), "ADMIN"
		o.HasKey = true // a lie: a new object has no key
		s.ok(tx.AddTokenObject(o))
		if o.ID == 0 || o.Seq != 1 || o.HasKey {
			s.Errorf("stored with id %d, number %d, key %v", o.ID, o.Seq, o.HasKey)
		}
		for _, look := range []func() (*ring.TokenObject, error){
			func() (*ring.TokenObject, error) { return tx.TokenObject(t, 1) },
			func() (*ring.TokenObject, error) { return tx.TokenObjectOf(t, o.DER) },
		} {
			got, err := look()
			s.ok(err)
			s.equal(got, o)
		}
		twin := *o
		twin.Label = "twin"
		s.is(tx.AddTokenObject(&twin), ring.ErrExists)
		// In another token it is another object, and every token counts for itself.
		twin.Token = other
		s.ok(tx.AddTokenObject(&twin))
		s.equal(twin.Seq, ring.SeqNum(1))

		s.bind(tx, t, "b", "a", "c")
		s.inOrder(bound(s, tx.TokenObjects(t)), "1 a", "2 b", "3 a", "4 c")
		s.inOrder(bound(s, tx.TokenObjectsBoundAs(t, ring.CertRef{Owner: user, Label: "a"})), "1 a", "3 a")
		s.inOrder(bound(s, tx.TokenObjectsBoundAs(t, ring.CertRef{Owner: user, Label: "A"})))
		s.inOrder(bound(s, tx.TokenObjectsBoundAs(t, ring.CertRef{Owner: ring.Site, Label: "a"})))
		s.inOrder(bound(s, tx.TokenObjectsBoundAs(other, ring.CertRef{Owner: user, Label: "a"})))

		// Everything but number and certificate can change.
		o.Owner, o.Label, o.Usage, o.BoundBy, o.Bound = ring.CertAuth, "z", ring.UsageCertAuth, "OTHER", o.Bound.Add(time.Hour)
		s.ok(tx.UpdateTokenObject(o))
		got, err := tx.TokenObject(t, 1)
		s.ok(err)
		s.equal(got, o)

		for _, spoil := range []func(*ring.TokenObject){
			func(o *ring.TokenObject) { o.Usage = "WEIRD" },
			func(o *ring.TokenObject) { o.Label = "" },
			func(o *ring.TokenObject) { o.Owner = "" },
		} {
			bad, old := s.object(t, "bad"), *o
			spoil(bad)
			spoil(&old)
			s.is(tx.AddTokenObject(bad), ring.ErrInvalid)
			s.is(tx.UpdateTokenObject(&old), ring.ErrInvalid)
		}
		s.is(tx.AddTokenObject(s.object(&ring.Token{}, "stray")), ring.ErrNotFound)

		// The number of an object that goes is not given again.
		last, err := tx.TokenObject(t, 4)
		s.ok(err)
		s.ok(tx.DeleteTokenObject(last))
		s.is(tx.DeleteTokenObject(last), ring.ErrNotFound)
		s.is(tx.UpdateTokenObject(last), ring.ErrNotFound)
		s.bind(tx, t, "d")
		s.inOrder(bound(s, tx.TokenObjects(t)), "1 z", "2 b", "3 a", "5 d")
		_, err = tx.TokenObject(t, 4)
		s.is(err, ring.ErrNotFound)
		_, err = tx.TokenObjectOf(t, last.DER)
		s.is(err, ring.ErrNotFound)
	})
	// A copy knows nothing of the certificates in the store.
	s.update(func(tx ring.Tx) {
		c := s.add(tx, "copied")[0]
		t, err := tx.Token("T")
		s.ok(err)
		o := &ring.TokenObject{Token: t, Owner: c.Owner, Label: c.Label, Usage: ring.UsagePersonal, DER: c.DER}
		s.ok(tx.AddTokenObject(o))
		s.ok(tx.DeleteCertificate(c))
		got, err := tx.TokenObjectOf(t, c.DER)
		s.ok(err)
		s.equal(got, o)
	})
}

func tokenDefault(s suite) {
	s.update(func(tx ring.Tx) {
		t, other := s.addToken(tx, "T"), s.addToken(tx, "OTHER")
		_, err := tx.DefaultTokenObject(t)
		s.is(err, ring.ErrNotFound)
		a := s.object(t, "a")
		a.Default = true
		s.ok(tx.AddTokenObject(a))
		s.ok(tx.UpdateTokenObject(a))
		b := s.object(t, "b")
		b.Default = true
		s.is(tx.AddTokenObject(b), ring.ErrExists)
		b.Default = false
		s.ok(tx.AddTokenObject(b))
		b.Default = true
		s.is(tx.UpdateTokenObject(b), ring.ErrExists)
		elsewhere := s.object(other, "b")
		elsewhere.Default = true
		s.ok(tx.AddTokenObject(elsewhere))
		got, err := tx.DefaultTokenObject(t)
		s.ok(err)
		s.equal(got, a)

		a.Default = false
		s.ok(tx.UpdateTokenObject(a))
		s.ok(tx.UpdateTokenObject(b))
		got, err = tx.DefaultTokenObject(t)
		s.ok(err)
		s.equal(got, b)
		s.ok(tx.DeleteTokenObject(b))
		_, err = tx.DefaultTokenObject(t)
		s.is(err, ring.ErrNotFound)
	})
}

func tokenKeys(s suite) {
	x, key := s.made(Spec{Subject: "a"})
	_, stranger := s.made(Spec{})
	o := &ring.TokenObject{Owner: user, Label: "a", Usage: ring.UsagePersonal, DER: x.Raw}
	s.update(func(tx ring.Tx) {
		o.Token = s.addToken(tx, "T")
		s.is(tx.PutTokenKey(o, key), ring.ErrNotFound)
		s.ok(tx.AddTokenObject(o))
		_, err := tx.TokenKey(o)
		s.is(err, ring.ErrNotFound)
		s.is(tx.DeleteTokenKey(o), ring.ErrNotFound)
		s.is(tx.PutTokenKey(o, stranger), ring.ErrInvalid)
		s.is(tx.PutTokenKey(o, tokenKey{x.PublicKey}), ring.ErrUnsupported)
		s.equal(o.HasKey, false)
		s.ok(tx.PutTokenKey(o, key))
		s.ok(tx.PutTokenKey(o, key)) // the same again
		s.equal(o.HasKey, true)
	})
	s.view(func(tx ring.Tx) {
		got, err := tx.TokenObject(o.Token, o.Seq)
		s.ok(err)
		s.equal(got, o)
		s.equal(all(s, tx.TokenObjects(o.Token))[0], o)
		signer, err := tx.TokenKey(got)
		s.ok(err)
		if !samePublic(signer, key) {
			s.Error("another key")
		}
	})
	s.update(func(tx ring.Tx) {
		o.Label = "b"
		s.ok(tx.UpdateTokenObject(o))
		s.ok(tx.DeleteTokenKey(o))
		s.equal(o.HasKey, false)
		_, err := tx.TokenKey(o)
		s.is(err, ring.ErrNotFound)

		// The key goes with the object, and comes back with nothing.
		s.ok(tx.PutTokenKey(o, key))
		s.ok(tx.DeleteTokenObject(o))
		_, err = tx.TokenKey(o)
		s.is(err, ring.ErrNotFound)
		s.is(tx.PutTokenKey(o, key), ring.ErrNotFound)
		again := *o
		s.ok(tx.AddTokenObject(&again))
		s.equal(again.HasKey, false)
		if again.ID == o.ID {
			s.Errorf("handle %d was used again", o.ID)
		}
		s.ok(tx.PutTokenKey(&again, key))
		s.ok(tx.DeleteToken(o.Token))
		_, err = tx.TokenKey(&again)
		s.is(err, ring.ErrNotFound)
	})
}

// tokenLoops runs over more than a store reads at once, with bodies that change things.
func tokenLoops(s suite) {
	const many = 40
	_, key := s.made(Spec{})
	var t *ring.Token
	s.update(func(tx ring.Tx) {
		for i := range many {
			t = s.addToken(tx, fmt.Sprintf("T%02d", many-1-i))
		}
		for i := range many {
			x, _ := s.made(Spec{Subject: "x", Serial: big.NewInt(int64(i + 1)), Key: key})
			s.ok(tx.AddTokenObject(&ring.TokenObject{Token: t, Owner: user, Label: "x", Usage: ring.UsagePersonal, DER: x.Raw}))
		}
	})
	s.update(func(tx ring.Tx) {
		want := ring.SeqNum(1)
		for o, err := range tx.TokenObjectsBoundAs(t, ring.CertRef{Owner: user, Label: "x"}) {
			s.ok(err)
			s.equal(o.Seq, want)
			next, err := tx.TokenObject(t, want+1)
			s.ok(err)
			s.ok(tx.DeleteTokenObject(next))
			s.bind(tx, t, "new") // comes after all of them
			want += 2
		}
		s.equal(want, ring.SeqNum(many+1))
		s.equal(len(all(s, tx.TokenObjects(t))), many)

		i := 0
		for t, err := range tx.Tokens() {
			s.ok(err)
			s.equal(t.Name, fmt.Sprintf("T%02d", i))
			if i%2 == 1 {
				s.ok(tx.DeleteToken(t))
			}
			s.addToken(tx, fmt.Sprintf("U%02d", i)) // is not met
			i++
		}
		s.equal(i, many)
		s.equal(len(all(s, tx.Tokens())), many+many/2)
	})
}

func tokensRefused(s suite) {
	s.update(func(tx ring.Tx) { s.is(tx.AddToken(&ring.Token{Name: "T"}), ring.ErrUnsupported) })
}
