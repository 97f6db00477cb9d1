package ring

// Received gives the error that a server sent: its message and its class, one of those above
// or nil.
func Received(m Message, class error) *Error { return &Error{m, class} }
