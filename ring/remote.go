package ring

import "context"

// Remote performs functions where the database is: on a server. A Manager that has one keeps no
// store of its own.
type Remote interface {
	// Call performs a function by the name of the Manager's method, and reads its answer into
	// answer, a pointer. What a function refuses comes back as the *Error that it was.
	Call(ctx context.Context, function string, request, answer any) error
	// Each performs a function that answers with many things. It hands each to next, whose
	// argument reads it into a pointer.
	Each(ctx context.Context, function string, request any, next func(read func(any) error) error) error
	// Transaction runs fn with a Remote whose functions all belong to one transaction of the
	// server, which is undone when fn fails, and always when it is a rehearsal.
	Transaction(ctx context.Context, rehearsal bool, fn func(Remote) error) error
}
