package serve

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"time"

	"signet/cert"
)

// leaf is how a type travels that is not taken apart.
type leaf struct {
	encode func(*encoder, any) error
	decode func(data []byte) (any, error)
}

// leaves lists them, but for errors.
var leaves = map[reflect.Type]leaf{
	reflect.TypeFor[time.Time](): textual(
		func(t time.Time) ([]byte, error) { return t.UTC().MarshalText() }, // the instant; zones are the reader's
		func(text []byte) (t time.Time, err error) { err = t.UnmarshalText(text); return t.UTC(), err }),
	reflect.TypeFor[*big.Int](): textual(
		func(n *big.Int) ([]byte, error) { return n.MarshalText() },
		func(text []byte) (*big.Int, error) {
			if len(text) > maxDigits {
				return nil, errors.New("the number is too long")
			}
			n := new(big.Int)
			return n, n.UnmarshalText(text)
		}),
	reflect.TypeFor[netip.Addr](): textual(
		func(a netip.Addr) ([]byte, error) { return a.MarshalText() },
		func(text []byte) (a netip.Addr, err error) { err = a.UnmarshalText(text); return a, err }),
	reflect.TypeFor[cert.Name](): binary(
		func(n cert.Name) ([]byte, error) { return n.DER(), nil },
		cert.NameFromDER),
	reflect.TypeFor[*x509.Certificate](): binary(
		func(c *x509.Certificate) ([]byte, error) { return c.Raw, nil },
		cert.Parse),
	reflect.TypeFor[crypto.PublicKey](): binary(
		func(k crypto.PublicKey) ([]byte, error) { return x509.MarshalPKIXPublicKey(k) },
		func(der []byte) (crypto.PublicKey, error) { return x509.ParsePKIXPublicKey(der) }),
	reflect.TypeFor[crypto.Signer](): {encodeKey, decodeKey},
}

// leafOf finds how a type travels that is not taken apart.
func leafOf(t reflect.Type) (leaf, bool) {
	if t == reflect.TypeFor[error]() {
		return leaf{encodeError, decodeError}, true
	}
	l, ok := leaves[t]
	return l, ok
}

// maxDigits bounds the work of reading a number. Serial numbers have 49 digits at most (RFC 5280
// section 4.1.2.2).
const maxDigits = 100

// textual is a leaf that is a text.
func textual[T any](text func(T) ([]byte, error), parse func([]byte) (T, error)) leaf {
	return leaf{
		func(e *encoder, v any) error {
			b, err := text(v.(T))
			if err == nil {
				e.string(string(b))
			}
			return err
		},
		func(data []byte) (any, error) {
			var s string
			if json.Unmarshal(data, &s) != nil || data[0] != '"' {
				return nil, wrong(reflect.ValueOf(new(T)).Elem(), data)
			}
			v, err := parse([]byte(s))
			if err != nil {
				return nil, wrong(reflect.ValueOf(new(T)).Elem(), data)
			}
			return v, nil
		},
	}
}

// binary is a leaf that is DER.
func binary[T any](der func(T) ([]byte, error), parse func([]byte) (T, error)) leaf {
	return leaf{
		func(e *encoder, v any) error {
			b, err := der(v.(T))
			if err == nil {
				e.bytes(b)
			}
			return err
		},
		func(data []byte) (any, error) {
			b, err := decodeBytes(data)
			if err != nil {
				return nil, err
			}
			v, err := parse(b)
			if err != nil {
				return nil, wrong(reflect.ValueOf(new(T)).Elem(), data)
			}
			return v, nil
		},
	}
}

// encodeKey writes a private key as PKCS #8. One that is in a token stays there.
func encodeKey(e *encoder, v any) error {
	der, err := x509.MarshalPKCS8PrivateKey(v)
	if err != nil {
		return fmt.Errorf("a private key of type %T cannot travel", v)
	}
	e.bytes(der)
	clear(der)
	return nil
}

func decodeKey(data []byte) (any, error) {
	if len(data) > base64.StdEncoding.EncodedLen(cert.MaxPrivateKey)+len(`""`) { // its numbers would take minutes
		return nil, fmt.Errorf("it is a private key of more than %d bytes", cert.MaxPrivateKey)
	}
	der, err := decodeBytes(data)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("it is no private key in PKCS #8")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("it is a private key that cannot sign")
	}
	return signer, nil
}

func encodeError(e *encoder, v any) error { return e.value(reflect.ValueOf(e.conceal(v.(error)))) }

func decodeError(data []byte) (any, error) {
	f := new(failure)
	if err := unmarshal(data, f); err != nil {
		return nil, err
	}
	return f.error(), nil
}
