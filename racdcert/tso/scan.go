package tso

// state is where in a command a byte stands.
type state int

const (
	inCode    state = iota
	inSlash         // after a / that may begin a comment
	inQuote         // between apostrophes; a doubled one leaves and enters again
	inComment       // after /*
	inStar          // in a comment, after a * that may end it
)

// scanner follows quotes and comments through the joined text of a command, piece by piece, just
// as the parser will.
type scanner struct {
	state     state
	off       int // bytes read so far
	first     int // the first byte that is neither blank nor comment, or -1
	comment   int // where the last comment begins
	swallowed int // the last line that the comment took in
}

// read goes over the next piece.
func (s *scanner) read(piece string) {
	for i := 0; i < len(piece); i++ {
		s.step(piece[i], s.off+i)
	}
	s.off += len(piece)
}

// commented says whether a comment is open.
func (s *scanner) commented() bool { return s.state == inComment || s.state == inStar }

func (s *scanner) step(c byte, off int) {
	switch s.state {
	case inQuote:
		if c == '\'' {
			s.state = inCode
		}
	case inComment:
		if c == '*' {
			s.state = inStar
		}
	case inStar:
		if c == '/' {
			s.state = inCode
		} else if c != '*' {
			s.state = inComment
		}
	case inSlash:
		if c == '*' {
			s.state, s.comment, s.swallowed = inComment, off-1, 0
			return
		}
		s.mark(off - 1)
		s.state = inCode
		s.code(c, off)
	case inCode:
		s.code(c, off)
	}
}

// code looks at a byte outside quotes and comments.
func (s *scanner) code(c byte, off int) {
	switch c {
	case ' ', '\t':
		return
	case '/':
		s.state = inSlash
		return
	case '\'':
		s.state = inQuote
	}
	s.mark(off)
}

func (s *scanner) mark(off int) {
	if s.first < 0 {
		s.first = off
	}
}

// close settles what the end of the command leaves open.
func (s *scanner) close() {
	switch s.state {
	case inSlash:
		s.mark(s.off - 1)
		s.state = inCode
	case inStar:
		s.state = inComment
	}
}
