package ring

import (
	"context"
	"maps"
	"slices"
	"time"

	"signet/audit"
)

// Function is one function as a server performs it for its clients.
type Function struct {
	// Request and Answer give a new value of what a client sends and gets, as pointers. With Many
	// set it gets any number of answers.
	Request, Answer func() any
	Many            bool

	perform func(ctx context.Context, m *Manager, decode, emit func(any) error) error
}

// FunctionNames lists the functions that a server performs, by the names that Remote calls them.
func FunctionNames() []string { return slices.Sorted(maps.Keys(functions)) }

// FunctionOf gives a function by its name.
func FunctionOf(name string) (Function, bool) {
	f, ok := functions[name]
	return f, ok
}

// Dispatch performs a function for m: decode reads the request into a pointer, and emit takes the
// answer, or each of them.
func (f Function) Dispatch(ctx context.Context, m *Manager, decode, emit func(any) error) error {
	return f.perform(ctx, m, decode, emit)
}

// one makes a function of a Manager's method that gives one answer.
func one[Q, R any](method func(*Manager, context.Context, Q) (R, error)) Function {
	return Function{
		Request: func() any { return new(Q) },
		Answer:  func() any { return new(R) },
		perform: func(ctx context.Context, m *Manager, decode, emit func(any) error) error {
			var q Q
			if err := decode(&q); err != nil {
				return err
			}
			answer, err := method(m, ctx, q)
			if err == nil {
				err = m.Settle() // an answer leaves the machine
			}
			if err != nil {
				return err
			}
			return emit(answer)
		},
	}
}

// many makes a function of one that gives many answers.
func many[Q, T any](method func(*Manager, context.Context, Q, func(T) error) error) Function {
	return Function{
		Request: func() any { return new(Q) },
		Answer:  func() any { return new(T) },
		Many:    true,
		perform: func(ctx context.Context, m *Manager, decode, emit func(any) error) error {
			var q Q
			if err := decode(&q); err != nil {
				return err
			}
			return method(m, ctx, q, func(t T) error { return emit(t) })
		},
	}
}

// functions are the functions of a Manager by the names of their acts. What works on the machine
// of the database alone is not among them.
var functions = map[string]Function{
	"ADD":          one((*Manager).Add),
	"ADDGROUP":     one((*Manager).AddGroup),
	"ADDRING":      one((*Manager).AddRing),
	"ADDTOKEN":     one((*Manager).AddToken),
	"ADDUSER":      one((*Manager).AddUser),
	"ALTER":        one((*Manager).Alter),
	"ALTMAP":       one((*Manager).Altmap),
	"ALTUSER":      one((*Manager).AltUser),
	"BIND":         one((*Manager).Bind),
	"CAN":          one((*Manager).Can),
	"CHECKCERT":    one((*Manager).Checkcert),
	"CONNECT":      one((*Manager).Connect),
	"CONNECTGROUP": one((*Manager).ConnectGroup),
	"CONTENTS":     one((*Manager).Contents),
	"DELETE":       one((*Manager).Delete),
	"DELGROUP":     one((*Manager).DelGroup),
	"DELMAP":       one((*Manager).Delmap),
	"DELRING":      one((*Manager).DelRing),
	"DELTOKEN":     one((*Manager).DelToken),
	"DELUSER":      one((*Manager).DelUser),
	"EXPORT":       one((*Manager).Export),
	"GENCERT":      one((*Manager).Gencert),
	"GENREQ":       one(requested),
	"IMPORT":       one((*Manager).Import),
	"LIST":         many((*Manager).List),
	"LISTCHAIN":    one((*Manager).ListChain),
	"LISTEXPIRING": many(func(m *Manager, ctx context.Context, d time.Duration, yield func(Listing) error) error {
		return m.ListExpiring(ctx, d, yield)
	}),
	"LISTEVENTS":   many((*Manager).ListEvents),
	"CHECKPOINT":   one(func(m *Manager, ctx context.Context, _ struct{}) (*audit.Checkpoint, error) { return m.Checkpoint(ctx) }),
	"VERIFYEVENTS": one((*Manager).VerifyEvents),
	"LISTGRP":      one((*Manager).ListGroup),
	"LISTMAP":      many((*Manager).Listmap),
	"LISTRING":     one((*Manager).ListRing),
	"LISTTOKEN":    many((*Manager).ListToken),
	"LISTUSER":     one((*Manager).ListUser),
	"MAP":          one((*Manager).Map),
	"OPTIONS":      one(func(m *Manager, ctx context.Context, _ struct{}) (*Options, error) { return m.Options(ctx) }),
	"PERMIT":       one((*Manager).Permit),
	"PUT":          one((*Manager).Put),
	"RALTER":       one((*Manager).Ralter),
	"RDEFINE":      one((*Manager).Rdefine),
	"RDELETE":      one((*Manager).Rdelete),
	"REKEY":        one((*Manager).Rekey),
	"REMOVE":       one((*Manager).Remove),
	"REMOVEGROUP":  one((*Manager).RemoveGroup),
	"RESOLVE":      one((*Manager).Resolve),
	"RLIST":        one((*Manager).Rlist),
	"ROLLOVER":     one((*Manager).Rollover),
	"SET":          one((*Manager).Set),
	"SETROPTS":     one((*Manager).Setropts),
	"SETTINGS":     one(func(m *Manager, ctx context.Context, _ struct{}) ([]Setting, error) { return m.Settings(ctx) }),
	"TAKE":         one((*Manager).Take),
	"TRUST":        one((*Manager).Trust),
	"UNBIND":       one((*Manager).Unbind),
	"UNTRUST":      one((*Manager).Untrust),
	"WHOIS":        one((*Manager).Whois),
}

// requested is Genreq for a client: the request is delivered with the answer.
func requested(m *Manager, ctx context.Context, g Genreq) (*Requested, error) {
	r := &Requested{}
	issued, err := m.Genreq(ctx, g, func(data []byte) error {
		r.Data = data
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.Issued = *issued
	return r, nil
}
