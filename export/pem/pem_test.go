package pem

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

const begin, end = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"

// one is a block whose content is the text given.
func one(content string) string {
	return begin + base64.StdEncoding.EncodeToString([]byte(content)) + "\n" + end
}

func TestDecode(t *testing.T) {
	long := strings.Repeat("0123456789", 20)
	for name, tt := range map[string]struct {
		in   string
		want []Block
	}{
		"nothing":              {"", nil},
		"some text":            {"just some text\n", nil},
		"text that is Base64":  {"MORE", []Block{{Certificate, []byte("0\xe4D")}}}, // as bare as it gets
		"text, not a SEQUENCE": {"just", nil},
		"one":                  {one("a"), []Block{{Certificate, []byte("a")}}},
		"without a last line end": {strings.TrimSpace(one("a")),
			[]Block{{Certificate, []byte("a")}}},
		"two": {one("a") + one("b"), []Block{{Certificate, []byte("a")}, {Certificate, []byte("b")}}},
		"text around": {"Certificate:\n  Data: 1:2\n" + one("a") + "and: \n\nthen -----BEGIN here-----\n" + one("b") + "done",
			[]Block{{Certificate, []byte("a")}, {Certificate, []byte("b")}}},
		"CRLF":                {strings.ReplaceAll("text\n"+one("a")+one("b"), "\n", "\r\n"), []Block{{Certificate, []byte("a")}, {Certificate, []byte("b")}}},
		"blanks behind lines": {strings.ReplaceAll(one("abc"), "\n", "   \n"), []Block{{Certificate, []byte("abc")}}},
		"blanks before lines": {strings.ReplaceAll("\n"+one("abc"), "\n", "\n \t"), []Block{{Certificate, []byte("abc")}}},
		"blank lines inside":  {strings.ReplaceAll(one("abc"), "\n", "\n\n"), []Block{{Certificate, []byte("abc")}}},
		"blanks inside":       {begin + "YW Jj\n" + end, []Block{{Certificate, []byte("abc")}}},
		"one long line":       {one(long), []Block{{Certificate, []byte(long)}}},
		"byte order mark":     {"\ufeff" + one("a"), []Block{{Certificate, []byte("a")}}},
		"empty block":         {begin + end, []Block{{Certificate, nil}}},
		"other types": {"-----BEGIN X-----\nYQ==\n-----END X-----\n-----BEGIN -----\nYg==\n-----END -----\n",
			[]Block{{"X", []byte("a")}, {"", []byte("b")}}},
		"EC PARAMETERS": {"-----BEGIN EC PARAMETERS-----\nYQ==\n-----END EC PARAMETERS-----\n" + one("b"),
			[]Block{{Certificate, []byte("b")}}},
		"encrypted key": {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,AB\n\nYQ==\n-----END RSA PRIVATE KEY-----\n",
			[]Block{{EncryptedPrivateKey, []byte("a")}}},
		"headers": {begin + "Comment: DEK-Info\n\nYQ==\n" + end, []Block{{Certificate, []byte("a")}}},
		"bare":    {" MAAB\r\n\tAgME \n", []Block{{Certificate, []byte("0\x00\x01\x02\x03\x04")}}},
	} {
		got, err := Decode([]byte(tt.in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// No block is passed over: what cannot be read is an error that says where it is.
func TestDecodeRefused(t *testing.T) {
	const altered = "; the file was cut or altered"
	utf16 := []byte{0xff, 0xfe}
	for _, c := range []byte(one("a")) {
		utf16 = append(utf16, c, 0)
	}
	for name, tt := range map[string]struct{ in, want string }{
		"no END":             {one("a") + "\n" + begin + "YQ==\n", `line 5: "BEGIN CERTIFICATE" has no END line` + altered},
		"cut in END":         {begin + "YQ==\n-----END", `line 1: "BEGIN CERTIFICATE" has no END line` + altered},
		"BEGIN alone":        {begin, `line 1: "BEGIN CERTIFICATE" has no END line` + altered},
		"second BEGIN":       {begin + "YQ==\n" + one("b"), `line 1: "BEGIN CERTIFICATE" has no END line` + altered},
		"no BEGIN":           {"YQ==\n" + end + one("b"), `line 2: "END CERTIFICATE" has no BEGIN line` + altered},
		"other END":          {begin + "YQ==\n-----END PKCS7-----\n", `line 3: "END PKCS7" ends the "BEGIN CERTIFICATE" of line 1` + altered},
		"not Base64":         {one("a") + begin + "Y*==\n" + end + one("c"), `line 4: what follows "BEGIN CERTIFICATE" is not Base64` + altered},
		"damaged line":       {begin + "YWJj\nYW:j\nYQ==\n" + end, "is not Base64"},
		"cut Base64":         {begin + "YQ=\n" + end, "is not Base64"},
		"text in the Base64": {begin + "YQ==\nYQ==\n" + end, "is not Base64"},
		"UTF-16":             {string(utf16), "UTF-16"},
		"EBCDIC":             {"\x60\x60\x60\x60\x60\xc2\xc5\xc7\xc9\xd5\x40\xc3\xc5\xd9\xe3", "EBCDIC"},
		"too many":           {strings.Repeat(begin+end, maxBlocks+1), "more than 4096 blocks"},
		"a long type":        {"-----BEGIN " + strings.Repeat("x", 1000) + "-----\n", "has no END line"},
		"control characters": {"-----BEGIN \x1b[2J\x00\xff-----\n", `"BEGIN \x1b[2J\x00\xff" has no END line`},
	} {
		got, err := Decode([]byte(tt.in))
		switch {
		case err == nil:
			t.Errorf("%s: %v, and no error", name, got)
		case !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s: error %q; want %q in it", name, err, tt.want)
		case strings.Contains(err.Error(), "\n") || len(err.Error()) > 200:
			t.Errorf("%s: error %q is long", name, err)
		}
	}
	if got, err := Decode([]byte(strings.Repeat(begin+end, maxBlocks))); err != nil || len(got) != maxBlocks {
		t.Errorf("%d blocks, %v", len(got), err)
	}
}

// Text made to fill the memory or the time of the reader does neither.
func TestDecodeHostile(t *testing.T) {
	const size = 2 << 20
	for _, unit := range []string{
		"M ", "M\n", "\n", " ", "-----BEGIN A-----\n", "-----END A-----\n", "\n-----BEGIN ", "-----BEGIN A-----\n-----END B-----\n",
		"-----BEGIN EC PARAMETERS-----\n-----END EC PARAMETERS-----\n", begin + end, "a:\n", "A", "-", "\r",
	} {
		for _, before := range []string{"", begin} {
			data := []byte(before + strings.Repeat(unit, size/len(unit)))
			var was, is runtime.MemStats
			runtime.ReadMemStats(&was)
			Decode(data)
			runtime.ReadMemStats(&is)
			if used := is.TotalAlloc - was.TotalAlloc; used > 6*size {
				t.Errorf("%q after %q: %d MiB of memory for %d", unit, before, used>>20, size>>20)
			}
		}
	}
}

// Encode and Decode fit each other and encoding/pem, for all lengths around a line.
func TestRoundTrip(t *testing.T) {
	var all []byte
	var want []Block
	for n := range 200 {
		b := Block{Certificate, bytes.Repeat([]byte{byte(n)}, n)}
		if n%2 == 0 {
			b.Type = PKCS7
		}
		text := Encode(b.Type, b.Bytes)
		if p, rest := pem.Decode(text); p == nil || p.Type != b.Type || !bytes.Equal(p.Bytes, b.Bytes) || len(rest) > 0 {
			t.Errorf("%d bytes: encoding/pem reads %v", n, p)
		}
		all = append(all, text...)
		want = append(want, b)
	}
	got, err := Decode(all)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i].Type != want[i].Type || !bytes.Equal(got[i].Bytes, want[i].Bytes) {
			t.Errorf("block %d: %v, want %v", i, got[i], want[i])
		}
	}
}

// FuzzDecode checks that nothing panics, that what is read is written and read as the same
// blocks, and that encoding/pem sees no block that Decode does not.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", one("a"), "text\n" + one("a") + "text\r\n" + one("bcd"), begin + "A: b\n\nYQ==\n" + end, "MAAB",
		"-----BEGIN A-----\n-----END A-----\n-----BEGIN EC PARAMETERS-----\nYQ==\n-----END EC PARAMETERS-----",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err != nil {
			return
		}
		var text []byte
		for _, b := range got {
			text = append(text, Encode(b.Type, b.Bytes)...)
		}
		again, err := Decode(text)
		if err != nil {
			t.Fatalf("%v of %q", err, text)
		}
		if len(got)+len(again) > 0 && !reflect.DeepEqual(again, got) {
			t.Errorf("%v became %v", got, again)
		}
		for rest := data; ; {
			var p *pem.Block
			if p, rest = pem.Decode(rest); p == nil {
				break
			}
			if p.Type == ecParameters {
				continue
			}
			for len(got) > 0 && !bytes.Equal(got[0].Bytes, p.Bytes) {
				got = got[1:] // one that encoding/pem passes over
			}
			if len(got) == 0 {
				t.Fatalf("encoding/pem reads %q, and Decode does not", p.Bytes)
			}
			got = got[1:]
		}
	})
}
