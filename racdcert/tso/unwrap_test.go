package tso

import (
	"errors"
	"testing"
)

func TestUnwrap(t *testing.T) {
	tests := []struct {
		name, in, want string
		pos            Pos // of the inner command's name
	}{
		{"double quotes", `tsocmd "RACDCERT LIST(LABEL('My Cert')) ID(FTPD)"`, "RACDCERT LIST[LABEL[«My Cert»]] ID[FTPD]", Pos{1, 9}},
		{"escapes", `tsocmd "SETR A(\$B \"c\" \\ d\e)"`, `SETR A[$B "c" \ d\e]`, Pos{1, 9}},
		{"single quotes", `tso 'SETR LIST'`, "SETR LIST", Pos{1, 6}},
		{"apostrophe out of single quotes", `tsocmd 'LU A('\''b'\'')'`, "LU A[«b»]", Pos{1, 9}},
		{"option", `tso -t "LU A"`, "LU A", Pos{1, 9}},
		{"with its path", `/bin/tsocmd "LU A"`, "LU A", Pos{1, 14}},
		{"as typed on a panel", "TSO RACDCERT LIST(LABEL('x'))", "RACDCERT LIST[LABEL[«x»]]", Pos{1, 5}},
		{"over several lines", "tsocmd \"RACDCERT -\n  LIST\"", "RACDCERT LIST", Pos{1, 9}},
		{"over several lines, as the shell has it", "tsocmd \"RACDCERT \\\n  ID(A) \\\n LIST\"", "RACDCERT ID[A] LIST", Pos{1, 9}},
		{"silenced", `tsocmd "LU A" >/dev/null 2>&1`, "LU A", Pos{1, 9}},
		{"silenced on a line of its own", "tsocmd \"LU A\" \\\n >/dev/null 2>&1", "LU A", Pos{1, 9}},
		{"silenced with blanks", `tsocmd "LU A"  2> /dev/null`, "LU A", Pos{1, 9}},
		{"quoted arrows stay", `tsocmd "LU >/dev/null 2>&1"`, "LU >/dev/null 2>&1", Pos{1, 9}},
		{"other redirections stay", `tsocmd "LU A" > a.txt`, "LU A > a.txt", Pos{1, 9}},
		{"other redirections stay, close", `tsocmd "LU A" >/dev/nullx`, "LU A >/dev/nullx", Pos{1, 9}},
		{"variables stay", `tsocmd "LU $USER"`, "LU $USER", Pos{1, 9}},
		{"not a wrapper", `tsocmds "LU A"`, `TSOCMDS "LU A"`, Pos{1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := only(t, tt.in).Parse()
			if err != nil {
				t.Fatal(err)
			}
			if got := shape(s); got != tt.want || s.Pos != tt.pos {
				t.Errorf("got %s at %v, want %s at %v", got, s.Pos, tt.want, tt.pos)
			}
		})
	}
	refused := []struct {
		in  string
		pos Pos
	}{
		{`tsocmd "LU A`, Pos{1, 8}},
		{`tsocmd "LU A" 'B`, Pos{1, 15}},
		{`tsocmd ""`, Pos{1, 9}},
		{`tsocmd`, Pos{1, 6}},
		{`tsocmd "LU A)"`, Pos{1, 13}},
	}
	for _, tt := range refused {
		_, err := only(t, tt.in).Parse()
		var p *Problem
		if !errors.As(err, &p) || p.Pos != tt.pos {
			t.Errorf("%s: got %v, want one at %v", tt.in, err, tt.pos)
		}
	}
}
