package ring_test

import (
	"testing"
	"time"

	"signet/cert"
	"signet/ring"
)

// A rehearsal sees what it did itself, keeps nothing, and goes on after a failure.
func TestRehearse(t *testing.T) {
	other := newDB(t)
	other.gencert("CERTAUTH/Root", "")
	other.gencert("U/leaf", "CERTAUTH/Root")
	pkg := other.export("U/leaf", cert.PKCS7B64, "")

	d := newDB(t)
	d.gencert("U/taken", "")
	before := d.dump("U") + d.dump(ring.CertAuth)
	began := time.Now()
	err := d.Rehearse(t.Context(), func(m *ring.Manager) {
		rsa := func(label string, bits int, signer *ring.CertRef) *ring.Issued {
			t.Helper()
			r, err := m.Gencert(t.Context(), ring.Gencert{Owner: ring.CertAuth, Label: label, Subject: name(t, "CN="+label),
				Key: cert.KeySpec{Algorithm: cert.RSA, Bits: bits}, SignWith: signer, PSS: signer == nil})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		rsa("CA", 4096, nil)
		ca := ring.CertRef{Owner: ring.CertAuth, Label: "CA"}
		if r := rsa("weak", 1024, &ca); !hasMessage(r.Result, "SGN047I") {
			t.Errorf("the weak key was not noticed: %v", r.Messages)
		}
		rsa("sound", 2048, &ca)

		// The request of a rehearsed certificate, its answer under the same key.
		var pem []byte
		sound := ring.CertRef{Owner: ring.CertAuth, Label: "sound"}
		if _, err := m.Genreq(t.Context(), ring.Genreq{CertRef: sound}, func(p []byte) error { pem = p; return nil }); err != nil {
			t.Fatal(err)
		}
		r, err := m.Gencert(t.Context(), ring.Gencert{Owner: ring.CertAuth, Request: pem, SignWith: &ca})
		if err != nil || r.Certificate.Label != "sound" || hasMessage(r.Result, "SGN047I") {
			t.Errorf("the answer: %v %v", r, err)
		}

		// What fails is undone alone: the chain that a refused package brought is gone.
		_, err = m.Add(t.Context(), ring.Add{Owner: "U", Label: "taken", Data: pkg})
		wantError(t, err, "SGN010I", ring.ErrExists)
		added, err := m.Add(t.Context(), ring.Add{Owner: "U", Label: "free", Data: pkg})
		if err != nil || len(added.Issuers) != 1 {
			t.Errorf("after a failure: %v %v", added, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the rehearsal took %v", took)
	}
	if after := d.dump("U") + d.dump(ring.CertAuth); after != before {
		t.Errorf("the rehearsal left\n%s\nwhere there was\n%s", after, before)
	}
}

// A key size that is rounded up is made as rounded.
func TestRoundedKeyIsMade(t *testing.T) {
	d := newDB(t)
	r := d.gencert("U/x", "", func(q *ring.Gencert) { q.Key = cert.KeySpec{Algorithm: cert.EC, Bits: 300} })
	if !hasMessage(r.Result, "SGN054I") || cert.KeySize(d.x509("U/x")) != 384 {
		t.Errorf("a key of %d bits: %v", cert.KeySize(d.x509("U/x")), r.Messages)
	}
}
