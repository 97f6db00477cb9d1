package ring_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signet/audit"
	"signet/backend/sqldb"
	"signet/export"
	"signet/ring"
	"signet/ring/ringtest"
	"signet/saf"
)

// world is a database with ADMIN as its founder.
func world(t *testing.T) ringtest.World {
	w, _ := worldOn(t)
	return w
}

// worldOn is world with its store.
func worldOn(t *testing.T) (ringtest.World, ring.Store) {
	t.Helper()
	store, err := sqldb.Open(t.Context(), filepath.Join(t.TempDir(), "signet.db"), sqldb.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := ring.Found(t.Context(), store, ringtest.Admin, time.Now()); err != nil {
		t.Fatal(err)
	}
	return ringtest.World{As: func(_ *testing.T, user ring.Owner) *ring.Manager {
		return ring.NewManager(ring.Config{Store: store, Codec: export.Codec{}, Issuer: user})
	}}, store
}

func TestAuthorityMatrices(t *testing.T) { ringtest.Matrices(t, world(t)) }

func TestAuthorityAttempts(t *testing.T) { ringtest.Attempts(t, world) }

// Whoever acts for another user must be SPECIAL or be let by class SURROGAT, has that user's
// authority and no more, and is named in the trail.
func TestSurrogate(t *testing.T) {
	w, store := worldOn(t)
	ringtest.Prepare(t, w)
	admin, ctx := w.As(t, ringtest.Admin), t.Context()
	list := func(account ring.Owner) error {
		m := ring.NewManager(ring.Config{Store: store, Codec: export.Codec{}, Issuer: ringtest.User, Account: account})
		return m.List(ctx, ring.Selector{Owner: ringtest.User}, func(ring.Listing) error { return nil })
	}
	denied := func(account ring.Owner, want string) {
		t.Helper()
		if err := list(account); !errors.Is(err, ring.ErrDenied) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", account, err, want)
		}
	}
	denied(ringtest.Admin, "UA is not authorised") // SPECIAL may act for UA, who may nothing
	ringtest.Run(t, admin, "RDEFINE", "IRR.DIGTCERT.LIST", "")
	ringtest.Run(t, admin, "PERMIT", "IRR.DIGTCERT.LIST", "READ")
	if err := list(ringtest.Admin); err != nil {
		t.Error(err)
	}
	denied(ringtest.Other, "UB is not authorised to LIST UA: to act for UA, UB needs the attribute SPECIAL or READ access to UA.SUBMIT in class SURROGAT")

	q := ring.Setropts{}
	q.Switches[ring.SwitchActive] = map[string]bool{"SURROGAT": true}
	_, err := admin.Setropts(ctx, q)
	if err == nil {
		_, err = admin.Rdefine(ctx, ring.Rdefine{Class: "SURROGAT", Names: []string{"UA.SUBMIT"}})
	}
	if err == nil {
		_, err = admin.Permit(ctx, ring.Permit{Class: "SURROGAT", Name: "UA.SUBMIT", IDs: []string{string(ringtest.Other)}, Access: saf.Read})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := list(ringtest.Other); err != nil {
		t.Error(err)
	}
	on := true
	if _, err := admin.AltUser(ctx, ring.AltUser{IDs: []string{string(ringtest.Other)}, Settings: ring.UserSettings{Attributes: ring.AttributeSettings{Revoked: &on}}}); err != nil {
		t.Fatal(err)
	}
	denied(ringtest.Other, "to act for UA")

	var got []string
	err = admin.ListEvents(ctx, ring.EventQuery{Query: audit.Query{Issuer: string(ringtest.User)}}, func(r audit.Record) error {
		e, err := r.Event()
		if err == nil {
			got = append(got, e.Account+" "+string(e.Outcome))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, []string{"ADMIN refused", "ADMIN done", "UB refused", "UB done", "UB refused"})
}
