package keystore

import "errors"

// ErrPassword is the class of errors that another password can mend.
var ErrPassword = errors.New("password")
