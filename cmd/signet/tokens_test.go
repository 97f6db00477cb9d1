package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Tokens filled with verbs and with RACDCERT text are the same tokens.
func TestTokenFrontEndsAgree(t *testing.T) {
	content := func(s *session) any {
		var v any
		if err := json.Unmarshal([]byte(s.run(0, "listtoken", "--output", "json")), &v); err != nil {
			t.Fatal(err)
		}
		return []any{scrub(v), s.content()}
	}
	start := func() *session {
		s := newSession(t)
		s.run(0, "gencert", "CERTAUTH/CA", "--subject", "CN=CA", "--key", "ec:p256")
		s.run(0, "gencert", "OMVSADM/web", "--subject", "CN=web", "--key", "ec:p256", "--signwith", "CERTAUTH/CA")
		s.run(0, "gencert", "OMVSADM/lost", "--subject", "CN=lost", "--key", "ec:p256", "--signwith", "CERTAUTH/CA")
		s.run(0, "addring", "OMVSADM/R")
		return s
	}
	byText := start()
	for _, c := range []string{
		"ADDTOKEN(one)", "ADDTOKEN(two)", "ADDTOKEN(three)",
		"BIND(CERTAUTH LABEL('CA') TOKEN(one))",
		"BIND(ID(OMVSADM) LABEL('web') TOKEN(ONE) DEFAULT)",
		"BIND(ID(OMVSADM) LABEL('lost') TOKEN(one) USAGE(PERSONAL))",
		"BIND(ID(OMVSADM) LABEL('web') TOKEN(two) USAGE(SITE))",
		"BIND(CERTAUTH LABEL('CA') TOKEN(two))",
		"ID(OMVSADM) DELETE(LABEL('lost'))",
		"SITE IMPORT(TOKEN(one) SEQNUM(3)) WITHLABEL('found') NOTRUST",
		"UNBIND(CERTAUTH LABEL('CA') TOKEN(one))",
		"UNBIND(SEQNUM(2) TOKEN(two))",
		"DELTOKEN(three)",
	} {
		byText.run(0, "racdcert", c)
	}
	byVerb := start()
	for _, args := range [][]string{
		{"addtoken", "one"}, {"addtoken", "two"}, {"addtoken", "three"},
		{"bind", "CERTAUTH/CA", "one"},
		{"bind", "OMVSADM/web", "ONE", "--default"},
		{"bind", "OMVSADM/lost", "one", "--usage", "personal"},
		{"bind", "OMVSADM/web", "two", "--usage", "site"},
		{"bind", "CERTAUTH/CA", "two"},
		{"delete", "OMVSADM/lost"},
		{"import", "one", "3", "SITE/found", "--notrust"},
		{"unbind", "CERTAUTH/CA", "one"},
		{"unbind", "--seqnum", "2", "two"},
		{"deltoken", "three"},
	} {
		byVerb.run(0, args...)
	}
	if diff := cmp.Diff(content(byText), content(byVerb)); diff != "" {
		t.Errorf("RACDCERT text (-) and verbs (+) differ:\n%s", diff)
	}
}
