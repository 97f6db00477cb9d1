package serve

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"signet/cert"
	"signet/ring"
)

// wireTypes gives the type of every request and answer, and of what the protocol adds.
func wireTypes(t *testing.T) map[string]reflect.Type {
	all := map[string]reflect.Type{
		"failure": reflect.TypeFor[failure](), "welcome": reflect.TypeFor[welcome](),
		"begin": reflect.TypeFor[begin](), "begun": reflect.TypeFor[begun](),
	}
	for _, name := range ring.FunctionNames() {
		f, ok := ring.FunctionOf(name)
		if !ok {
			t.Fatalf("function %s is listed and not known", name)
		}
		all[name+" request"] = reflect.TypeOf(f.Request()).Elem()
		all[name+" answer"] = reflect.TypeOf(f.Answer()).Elem()
	}
	if len(all) < 50 {
		t.Fatalf("only %d types: where are the functions?", len(all))
	}
	return all
}

// Nothing of any request or answer may be dropped on the way.
func TestEveryTypeTravels(t *testing.T) {
	for name, typ := range wireTypes(t) {
		for _, problem := range untransportable(typ, name, map[reflect.Type]bool{}) {
			t.Error(problem)
		}
	}
}

// untransportable says what of a type the wire form would lose or refuse.
func untransportable(t reflect.Type, path string, seen map[reflect.Type]bool) (problems []string) {
	if _, ok := leafOf(t); ok || seen[t] {
		return nil
	}
	seen[t] = true
	bad := func(why string) []string { return []string{fmt.Sprintf("%s: %v %s", path, t, why)} }
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return nil
	case reflect.Pointer:
		switch t.Elem().Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
			return bad("cannot tell nothing from a pointer to nothing")
		}
		return untransportable(t.Elem(), path, seen)
	case reflect.Slice, reflect.Array:
		return untransportable(t.Elem(), path+"[]", seen)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return bad("has keys that are no texts")
		}
		return untransportable(t.Elem(), path+"[]", seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			switch {
			case f.IsExported():
				problems = append(problems, untransportable(f.Type, path+"."+f.Name, seen)...)
			case !derived(t, f.Name):
				problems = append(problems, fmt.Sprintf("%s: %v has the unexported field %s", path, t, f.Name))
			}
		}
		return problems
	}
	return bad("cannot travel")
}

func TestUntransportable(t *testing.T) {
	type hidden struct{ x int }
	type withFunc struct{ F func() }
	for _, typ := range []reflect.Type{
		reflect.TypeFor[hidden](), reflect.TypeFor[*hidden](), reflect.TypeFor[[]hidden](), reflect.TypeFor[map[string]hidden](),
		reflect.TypeFor[withFunc](), reflect.TypeFor[any](), reflect.TypeFor[chan int](), reflect.TypeFor[float64](),
		reflect.TypeFor[map[int]string](), reflect.TypeFor[**int](), reflect.TypeFor[*[]int](),
	} {
		if untransportable(typ, "", map[reflect.Type]bool{}) == nil {
			t.Errorf("%v is taken for one that travels", typ)
		}
	}
	for _, v := range []any{hidden{1}, withFunc{func() {}}, make(chan int), 1.5, map[int]string{1: ""}} {
		if data, err := marshal(v, nil); err == nil {
			t.Errorf("%T travels as %s", v, data)
		}
	}
}

// fixtures are what leaves are filled with.
type fixtures struct {
	random *rand.Rand
	x509   *x509.Certificate
	key    ed25519.PrivateKey
}

func newFixtures(t testing.TB, seed uint64) *fixtures {
	t.Helper()
	f := &fixtures{random: rand.New(rand.NewPCG(seed, 7)), key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))}
	template := &x509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "wire"}, NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(crand.Reader, template, template, f.key.Public(), f.key)
	if err != nil {
		t.Fatal(err)
	}
	if f.x509, err = cert.Parse(der); err != nil {
		t.Fatal(err)
	}
	return f
}

// fill sets everything in a value to something.
func (f *fixtures) fill(t testing.TB, v reflect.Value, depth int) {
	switch v.Addr().Interface().(type) {
	case *time.Time:
		v.Set(reflect.ValueOf(time.Unix(f.random.Int64N(4e9), f.random.Int64N(1e9)).UTC()))
		return
	case **big.Int:
		v.Set(reflect.ValueOf(new(big.Int).Lsh(big.NewInt(f.random.Int64()), 60)))
		return
	case *netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{192, 0, 2, byte(f.random.IntN(256))})))
		return
	case *cert.Name:
		n, err := cert.ParseName(fmt.Sprintf("CN=wire %d,O=Example", f.random.IntN(1000)))
		if err != nil {
			t.Fatal(err)
		}
		v.Set(reflect.ValueOf(n))
		return
	case **x509.Certificate:
		v.Set(reflect.ValueOf(f.x509))
		return
	case *crypto.Signer:
		v.Set(reflect.ValueOf(f.key))
		return
	case *error:
		v.Set(reflect.ValueOf(ring.Received(ring.Message{ID: "SGN000E", Code: ring.Refused, Text: "why", Hint: "what to do"}, ring.ErrExists)))
		return
	}
	if v.Type() == reflect.TypeFor[crypto.PublicKey]() {
		v.Set(reflect.ValueOf(f.key.Public()))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(f.random.Int64() >> (64 - v.Type().Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(f.random.Uint64() >> (64 - v.Type().Bits()))
	case reflect.String:
		v.SetString([]string{"text", `"\/<>&'`, "née ß €  \u2028 \x00\x1f\x7f", "not UTF-8 \xff\xfe", "", "null", "日本"}[f.random.IntN(7)] + fmt.Sprint(f.random.IntN(9)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if f.random.IntN(4) > 0 { // else a pointer to zero, which differs from nil
			f.fill(t, v.Elem(), depth+1)
		}
	case reflect.Slice:
		n := f.random.IntN(4) - 1
		if depth == 0 {
			n = 3
		}
		if n >= 0 { // -1: nil, which differs from an empty one
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			f.fill(t, v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(t, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for i := range f.random.IntN(3) {
			value := reflect.New(v.Type().Elem()).Elem()
			f.fill(t, value, depth+1)
			v.SetMapIndex(reflect.ValueOf(fmt.Sprint("key", i)).Convert(v.Type().Key()), value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(t, v.Field(i), depth+1)
			}
		}
	default:
		t.Fatalf("%v cannot be filled", v.Type())
	}
}

func noReference(error) string { return "0" }

func concealed(err error) *failure { return tell(err, noReference) }

func TestRoundTrip(t *testing.T) {
	for name, typ := range wireTypes(t) {
		for seed := range uint64(20) {
			f := newFixtures(t, seed)
			v := reflect.New(typ)
			f.fill(t, v.Elem(), 0)
			data, err := marshal(v.Interface(), concealed)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				break
			}
			got := reflect.New(typ)
			if err := unmarshal(data, got.Interface()); err != nil {
				t.Errorf("%s: %v\n%s", name, err, data)
				break
			}
			if !reflect.DeepEqual(v.Interface(), got.Interface()) {
				t.Errorf("%s: it comes back as another\n%s", name, data)
				break
			}
			again, err := marshal(got.Interface(), concealed)
			if err != nil || !bytes.Equal(data, again) {
				t.Errorf("%s: written again it differs (%v)\n%s\n%s", name, err, data, again)
			}
		}
	}
}

// What cannot differ for encoding/json differs for the rules.
func TestNothingAndEmpty(t *testing.T) {
	zero, no := "", false
	for _, v := range []any{
		&ring.Add{}, &ring.Add{Password: []byte{}}, &ring.Add{Data: []byte{0, 255}},
		&ring.AltUser{Settings: ring.UserSettings{Name: &zero}}, &ring.AltUser{Settings: ring.UserSettings{Restricted: &no}},
		&ring.Gencert{ExtUsage: []string{}}, &ring.Gencert{SignWith: &ring.CertRef{}},
		&ring.Selector{Serial: new(big.Int)}, &[]string{}, &[]string{""}, new([]string), &map[string]bool{}, new(map[string]bool),
	} {
		data, err := marshal(v, nil)
		if err != nil {
			t.Errorf("%#v: %v", v, err)
			continue
		}
		got := reflect.New(reflect.TypeOf(v).Elem())
		if err := unmarshal(data, got.Interface()); err != nil {
			t.Errorf("%s: %v", data, err)
		} else if !reflect.DeepEqual(v, got.Interface()) {
			t.Errorf("%#v comes back as %#v", v, got.Interface())
		}
	}
}

func TestKeysTravel(t *testing.T) {
	r, err := rsa.GenerateKey(crand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{r, e, newFixtures(t, 1).key, nil} {
		data, err := marshal(ring.Credential{Label: "l", Key: key}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got ring.Credential
		if err := unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if key == nil {
			if got.Key != nil {
				t.Error("a key out of nothing")
			}
			continue
		}
		if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(got.Key.Public()) {
			t.Errorf("%T comes back as another", key)
		}
	}
}

// tokenKey never leaves.
type tokenKey struct{ crypto.Signer }

func TestTokenKeyStays(t *testing.T) {
	if _, err := marshal(ring.Credential{Key: tokenKey{}}, nil); err == nil || !strings.Contains(err.Error(), "cannot travel") {
		t.Errorf("%v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tc := range []struct {
		text string
		into any
		want string
	}{
		{``, new(ring.Add), "no JSON"},
		{`{}{}`, new(ring.Add), "no JSON"},
		{`null`, new(ring.Add), "null is no ring.Add"},
		{`[]`, new(ring.Add), "a list is no"},
		{`{"Ownerr":"X"}`, new(ring.Add), "not known here"},
		{`{"owner":"X"}`, new(ring.Add), "not known here"},
		{`{"Owner":"X","Owner":"Y"}`, new(ring.Add), "twice"},
		{`{"Label":7}`, new(ring.Add), "a number is no string"},
		{`{"Label":null}`, new(ring.Add), "null is no string"},
		{`{"Label":{"bytes":"!"}}`, new(ring.Add), "no string"},
		{`{"Data":"AAA"}`, new(ring.Add), "base64"},
		{`{"Data":[1,2]}`, new(ring.Add), "base64"},
		{`{"Days":1.5}`, new(ring.Gencert), "a number is no int"},
		{`{"Days":99999999999999999999}`, new(ring.Gencert), "a number is no int"},
		{`{"Subject":"MAA="}`, new(ring.Gencert), ""},
		{`{"Subject":"AAAA"}`, new(ring.Gencert), "cert.Name"},
		{`{"Serial":"` + strings.Repeat("9", 200) + `"}`, new(ring.Selector), "big.Int"},
		{`{"Serial":5}`, new(ring.Selector), "big.Int"},
		{`{"Key":"AAAA"}`, new(ring.Credential), "PKCS #8"},
		{`{"Chain":["AAAA"]}`, new(ring.Credential), "x509.Certificate"},
		{`{"Switches":[{}]}`, new(ring.Setropts), "Switches"},
		{`"x"`, new(failure), "a text is no"},
	} {
		err := unmarshal([]byte(tc.text), tc.into)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %v", tc.text, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %q", tc.text, err, tc.want)
		}
	}
}

// What the rules say arrives as it was; of anything else, only a reference.
func TestErrorsTravel(t *testing.T) {
	for word, class := range classes {
		sent := ring.Received(ring.Message{ID: "IRRD101I", Code: ring.Refused, Text: "t", Hint: "h"}, class)
		got := travelled(t, fmt.Errorf("outer: %w", sent))
		if !errors.Is(got, class) || !reflect.DeepEqual(got, error(sent)) {
			t.Errorf("%s: %#v", word, got)
		}
	}
	secret := fmt.Errorf("open /var/lib/signet/stash: %w", ring.ErrNotFound)
	got := travelled(t, secret)
	if !errors.Is(got, ring.ErrNotFound) || strings.Contains(got.Error(), "/var") || !strings.Contains(got.Error(), "reference r1") {
		t.Errorf("%v", got)
	}
	got = travelled(t, errors.New("SELECT key FROM keys"))
	if ring.CodeOf(got) != ring.Failed || strings.Contains(got.Error(), "SELECT") || !strings.Contains(got.Error(), "reference r1") {
		t.Errorf("%v", got)
	}
}

func travelled(t *testing.T, err error) error {
	t.Helper()
	data, e := marshal(tell(err, func(error) string { return "r1" }), nil)
	if e != nil {
		t.Fatal(e)
	}
	f := new(failure)
	if e := unmarshal(data, f); e != nil {
		t.Fatal(e)
	}
	return f.error()
}

// A list of nothings must not cost much more than it is long.
func TestDecodeMemory(t *testing.T) {
	for _, tc := range []struct {
		one  string
		into func() any
	}{
		{"[],", func() any { return new(ring.Add) }},
		{`"",`, func() any { return new([]string) }},
		{`null,`, func() any { return new([]*ring.Certificate) }},
	} {
		text := []byte("[" + strings.TrimSuffix(strings.Repeat(tc.one, 200_000), ",") + "]")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_ = unmarshal(text, tc.into())
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 40*uint64(len(text)) {
			t.Errorf("%s: %d bytes for %d", tc.one, used, len(text))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range ring.FunctionNames() {
		function, _ := ring.FunctionOf(name)
		v := reflect.ValueOf(function.Request())
		newFixtures(f, 3).fill(f, v.Elem(), 0)
		data, err := marshal(v.Interface(), concealed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		function, ok := ring.FunctionOf(name)
		if !ok {
			return
		}
		for _, v := range []any{function.Request(), function.Answer()} {
			if unmarshal(data, v) != nil {
				continue
			}
			once, err := marshal(v, concealed)
			if err != nil {
				continue // such as a key of a kind that Go reads and does not write
			}
			again := reflect.New(reflect.TypeOf(v).Elem()).Interface()
			if err := unmarshal(once, again); err != nil {
				t.Fatalf("%s: what was written cannot be read: %v\n%s", name, err, once)
			}
			twice, err := marshal(again, concealed)
			if err != nil || !bytes.Equal(once, twice) {
				t.Fatalf("%s: %v\n%s\n%s", name, err, once, twice)
			}
		}
	})
}

// Reading a long private key would take minutes.
func TestDecodeLongKey(t *testing.T) {
	der := append([]byte{0x30, 0x84, 0, 1, 0, 0}, make([]byte, 1<<16)...)
	data, err := marshal(der, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeKey(data); err == nil || !strings.Contains(err.Error(), "more than 12288 bytes") {
		t.Errorf("%v", err)
	}
}
