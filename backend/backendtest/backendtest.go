// Package backendtest is the behaviour that every ring.Store must show. Run takes a way to make
// an empty store and what it can hold, and checks the contract of ring.Tx method by method:
// look-ups and what they miss, uniqueness, order, what a deletion takes with it, loops whose
// body changes what they run over, and transactions that fail.
//
// What a store cannot hold it must refuse with ring.ErrUnsupported. The suite checks that in
// place of the tests for what it can hold.
//
// A store without rings is one ring (ring.OneRing): the certificates of its user have private
// keys, and those of CERTAUTH are trusted and have none. The suite makes them so.
package backendtest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"signet/ring"
)

// Features say what a store can hold besides certificates with their keys and one ring.
type Features struct {
	Rings    bool // any number of rings, and certificates of any owner in and outside of them
	Defaults bool // one default certificate in each ring
	Statuses bool // NOTRUST and HIGHTRUST; in a store that is one ring, NOTRUST of CERTAUTH
	Records  bool // serial counter, request mark, arrival; label hints and settings
	Profiles bool // classes and profiles, users and groups
	Tokens   bool // tokens with their objects
	Filters  bool // certificate name filters
	Trail    bool // the audit trail, and notes for it
	Folds    bool // labels that differ only in case are one label
	KeysStay bool // private keys are in a token, which they never leave; a certificate whose key is there is the user's
	Bare     bool // the issuers of a private key do not lie with it
	RSA      bool // private keys are RSA, and nothing else
	Sorted   bool // certificates come by label, not in the order they were added
}

// Everything is what an SQL database holds.
func Everything() Features {
	return Features{Rings: true, Defaults: true, Statuses: true, Records: true, Profiles: true, Tokens: true, Filters: true, Trail: true}
}

// Run checks a store. Each call of open gives a new empty one, which Run does not close.
func Run(t *testing.T, open func(t *testing.T) ring.Store, f Features) {
	const always = true
	tests := []struct {
		name    string
		run     func(s suite)
		support bool
	}{
		{"Certificates", certificates, always},
		{"CertificatesUnique", certificatesUnique, always},
		{"CertificatesFound", certificatesFound, always},
		{"CertificatesUpdated", certificatesUpdated, f.Rings && f.Statuses && f.Records},
		{"Serials", serials, always},
		{"Keys", keys, always},
		{"KeysRefused", keysRefused, always},
		{"KeysRetired", keysRetired, f.Rings},
		{"Rings", rings, f.Rings},
		{"Connections", connections, f.Rings},
		{"ConnectionsOf", connectionsOf, f.Rings},
		{"Default", defaults, f.Rings && f.Defaults},
		{"Cascade", cascade, f.Rings},
		{"LoopDeletes", loopDeletes, always},
		{"LoopAdds", loopAdds, always},
		{"LoopEndsEarly", loopEndsEarly, always},
		{"Rollback", rollback, always},
		{"ErrorThenCommit", errorThenCommit, always},
		{"Attempt", attempt, always},
		{"AttemptNested", attemptNested, always},
		{"AttemptInLoop", attemptInLoop, always},
		{"Cancel", cancel, always},
		{"Isolation", isolation, always},
		{"Writers", writers, always},
		{"Counters", counters, f.Records},
		{"Settings", settings, f.Records},
		{"Profiles", profiles, f.Profiles},
		{"Classes", classes, f.Profiles},
		{"Users", users, f.Profiles},
		{"Groups", groups, f.Profiles},
		{"Memberships", memberships, f.Profiles},
		{"Tokens", tokens, f.Tokens},
		{"TokenObjects", tokenObjects, f.Tokens},
		{"TokenDefault", tokenDefault, f.Tokens && f.Defaults},
		{"TokenKeys", tokenKeys, f.Tokens},
		{"TokenLoops", tokenLoops, f.Tokens},
		{"TokensRefused", tokensRefused, !f.Tokens},
		{"Filters", filters, f.Filters},
		{"FiltersUnique", filtersUnique, f.Filters},
		{"FilterLoops", filterLoops, f.Filters},
		{"FilterHints", filterHints, f.Filters},
		{"FiltersRefused", filtersRefused, !f.Filters},
		{"Protecting", protecting, f.Profiles},
		{"ProtectingStems", protectingStems, f.Profiles},
		{"Snapshots", snapshots, f.Profiles},
		{"Trail", trail, f.Trail},
		{"TrailQueries", trailQueries, f.Trail},
		{"TrailAttempts", trailAttempts, f.Trail},
		{"TrailLoop", trailLoop, f.Trail},
		{"Notes", notes, f.Trail},
		{"NotesAtOnce", notesAtOnce, f.Trail},
		{"TrailRefused", trailRefused, !f.Trail},
		{"SettingsRefused", settingsRefused, !f.Records},
		{"ProfilesRefused", profilesRefused, !f.Profiles},
		{"UsersRefused", usersRefused, !f.Profiles},
		{"DefaultRefused", defaultsRefused, !f.Defaults},
		{"OneUser", oneUser, !f.Rings},
		{"OneUserRefused", oneUserRefused, !f.Rings},
		{"OneRing", oneRing, !f.Rings},
		{"OneRingConnections", oneRingConnections, !f.Rings},
		{"OneRingKeys", oneRingKeys, !f.Rings},
		{"OneRingStatuses", oneRingStatuses, !f.Rings},
		{"OneRingReplaced", oneRingReplaced, !f.Rings},
		{"ChainOffered", chainOffered, !f.Rings && !f.Bare},
		{"ChainCompleted", chainCompleted, !f.Rings && !f.Bare},
		{"ChainOfAnother", chainOfAnother, !f.Rings && !f.Bare},
		{"ChainOfAnswer", chainOfAnswer, !f.Rings && !f.Bare},
		{"ChainUndone", chainUndone, !f.Rings && !f.Bare},
		{"FirstKey", firstKey, !f.Rings && f.Defaults},
		{"LabelsFold", labelsFold, f.Folds},
		{"LabelsExact", labelsExact, !f.Folds},
		{"LabelsGenerated", labelsGenerated, !f.Rings},
	}
	for _, test := range tests {
		if test.support {
			t.Run(test.name, func(t *testing.T) { test.run(suite{t, open(t), f}) })
		}
	}
}

// suite is one test with its store.
type suite struct {
	*testing.T
	store ring.Store
	f     Features
}

// update runs fn in a transaction that must succeed.
func (s suite) update(fn func(tx ring.Tx)) {
	s.Helper()
	if err := s.store.Update(context.Background(), func(tx ring.Tx) error { fn(tx); return nil }); err != nil {
		s.Fatal(err)
	}
}

// view runs fn on one state of the store.
func (s suite) view(fn func(tx ring.Tx)) {
	s.Helper()
	if err := s.store.View(context.Background(), func(tx ring.Tx) error { fn(tx); return nil }); err != nil {
		s.Fatal(err)
	}
}

// ok stops the test at an error.
func (s suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// is checks the class of an error.
func (s suite) is(err, class error) {
	s.Helper()
	if !errors.Is(err, class) {
		s.Errorf("error %v, want %q", err, class)
	}
}

// equal compares what a store gave with what it was given. Handles count, parsed forms do not,
// and no records where a store has no place for them.
func (s suite) equal(got, want any) {
	s.Helper()
	options := []cmp.Option{cmpopts.IgnoreUnexported(ring.Certificate{}, ring.TokenObject{}), cmpopts.EquateEmpty()}
	if !s.f.Records {
		options = append(options, cmpopts.IgnoreFields(ring.Certificate{}, "Added", "AddedBy", "LastSerial", "Requested"))
	}
	if d := cmp.Diff(want, got, options...); d != "" {
		s.Errorf("not as stored (-want +got):\n%s", d)
	}
}

// all collects a sequence that must not fail.
func all[V any](s suite, seq iter.Seq2[V, error]) []V {
	s.Helper()
	var vs []V
	for v, err := range seq {
		s.ok(err)
		vs = append(vs, v)
	}
	return vs
}

// labels collects the labels of a sequence of certificates.
func labels(s suite, seq iter.Seq2[*ring.Certificate, error]) []string {
	s.Helper()
	var names []string
	for _, c := range all(s, seq) {
		names = append(names, c.Label)
	}
	return names
}

// connected collects the labels of a sequence of connections.
func connected(s suite, seq iter.Seq2[*ring.Connection, error]) []string {
	s.Helper()
	var names []string
	for _, c := range all(s, seq) {
		names = append(names, c.Cert.Label)
	}
	return names
}

// arrived gives names that were added in this order in the order in which the store gives them.
func (s suite) arrived(names ...string) []string {
	if s.f.Sorted {
		slices.Sort(names)
	}
	return names
}

// inOrder checks names.
func (s suite) inOrder(got []string, want ...string) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("got %q, want %q", got, want)
	}
}
