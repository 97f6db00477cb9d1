package backendtest

import "signet/ring"

// labelsFold checks a store where labels that differ only in case are one label.
func labelsFold(s suite) {
	s.update(func(tx ring.Tx) { s.add(tx, "Web") })
	for _, owner := range []ring.Owner{user, ring.CertAuth} {
		s.refused(ring.ErrExists, func(tx ring.Tx) error {
			c := s.record("wEB")
			c.Owner = owner
			return tx.AddCertificate(c)
		})
	}
	s.update(func(tx ring.Tx) {
		for _, label := range []string{"Web", "web", "WEB"} {
			_, err := tx.Certificate(ring.CertRef{Owner: user, Label: label})
			s.ok(err)
		}
		other := s.add(tx, "other")[0]
		other.Label = "WEB"
		s.is(tx.UpdateCertificate(other), ring.ErrExists)
		web, err := tx.Certificate(ring.CertRef{Owner: user, Label: "web"})
		s.ok(err)
		web.Label = "WEB" // its own
		s.ok(tx.UpdateCertificate(web))
	})
	s.equal(len(s.holds()), 2)
}

// labelsExact checks a store where they are two.
func labelsExact(s suite) {
	s.update(func(tx ring.Tx) { s.add(tx, "Web", "web") })
	s.view(func(tx ring.Tx) {
		a, err := tx.Certificate(ring.CertRef{Owner: user, Label: "Web"})
		s.ok(err)
		b, err := tx.Certificate(ring.CertRef{Owner: user, Label: "web"})
		s.ok(err)
		if a.ID == b.ID {
			s.Errorf("labels that differ in case found certificate %d twice", a.ID)
		}
		_, err = tx.Certificate(ring.CertRef{Owner: user, Label: "WEB"})
		s.is(err, ring.ErrNotFound)
	})
}

// labelsGenerated checks that the number below which generated labels are taken counts those of
// both owners, who share the aliases of a keystore.
func labelsGenerated(s suite) {
	hint := func(want int) {
		s.Helper()
		s.view(func(tx ring.Tx) {
			for _, owner := range []ring.Owner{user, ring.CertAuth} {
				n, err := tx.LabelHint(owner)
				s.ok(err)
				s.equal(n, want)
			}
		})
	}
	hint(1)
	s.update(func(tx ring.Tx) {
		s.add(tx, "LABEL00000001", "LABEL00000002", "LABEL00000005", "LABEL4", "LABEL00000003x")
		s.ok(tx.AddCertificate(s.trusted("LABEL00000003")))
	})
	hint(4)
}
