package keyfile

import "sync"

// secrets holds the password of a keystore file. It is asked for once, when it is needed.
type secrets struct {
	ask func(isNew bool) ([]byte, error) // nil if there is none

	mu       sync.Mutex
	asked    bool
	password []byte // of the file as it is
	next     []byte // of the file as it is to be, if it has none yet
}

// need asks for the password, unless that was done.
func (s *secrets) need(isNew bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked || s.ask == nil {
		return nil
	}
	s.asked = true
	password, err := s.ask(isNew)
	if isNew {
		s.next = password
	} else {
		s.password = password
	}
	return err
}

// known reports whether there is nothing left to ask for.
func (s *secrets) known() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// both gives the password of the file as it is and as it is to be; nil for none.
func (s *secrets) both() (password, next []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.password, s.next
}

// writing gives the password of the file as it is to be.
func (s *secrets) writing() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		return s.next
	}
	return s.password
}

// wrote says under which password the file lies now.
func (s *secrets) wrote(password []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = password
}

// forget clears both.
func (s *secrets) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.password)
	clear(s.next)
	s.password, s.next = nil, nil
}
