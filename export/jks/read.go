package jks

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"signet/export/keystore"
)

// The shortest entry and certificate that there can be, in bytes: what a count may promise.
const (
	minEntry       = 18 // kind, alias, time and the length of a certificate, all in version 1
	minCertificate = 5
)

// What a file has at most, as each takes more memory than the bytes that promise it.
const (
	maxEntries      = 500_000
	maxCertificates = 1_000_000 // in all chains together
)

// typeX509 is the type of all certificates that are written.
const typeX509 = "X.509"

// laid is what is kept of an entry as it lay in a file.
type laid struct {
	format string
	alias  string
	chain  [][]byte
	secret []byte // the serialized object of a secret key; nil of another entry
}

// entries reads the entries of one file.
type entries struct {
	*reader
	format  string
	version uint32
	store   *secret
	total   uint64 // certificates so far
}

func readEntries(in *reader, format string, version uint32, store *secret) ([]keystore.Entry, error) {
	count := in.u32()
	if in.err == nil && uint64(count)*minEntry > uint64(len(in.rest)) {
		in.err = errShort
	}
	if in.err == nil && count > maxEntries {
		in.err = fmt.Errorf("it has %d entries, more than %d", count, maxEntries)
	}
	if in.err != nil {
		return nil, in.err
	}
	r := entries{reader: in, format: format, version: version, store: store}
	out, kept := make([]keystore.Entry, count), make([]laid, count)
	for i := range out {
		if err := r.entry(&out[i], &kept[i]); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	return out, nil
}

// entry reads one entry, and what is kept of it.
func (r *entries) entry(e *keystore.Entry, kept *laid) error {
	tag := r.u32()
	e.Alias = r.utf()
	e.Created = fromMilliseconds(int64(r.u64()))
	switch {
	case r.err != nil:
		return r.err
	case tag == tagKey:
		key := &sealedKey{alias: e.Alias, format: r.format, data: r.block(), store: r.store}
		if e.Chain = r.chain(r.u32()); len(e.Chain) > 0 {
			key.own = e.Chain[0]
		}
		e.Key = key
	case tag == tagCertificate:
		e.Trusted = true
		e.Chain = r.chain(1)
	case tag == tagSecret && r.format == keystore.JCEKS:
		e.Other = "secret key"
		kept.secret = r.serialized()
	default:
		return fmt.Errorf("it is of the unknown kind %d", tag)
	}
	kept.format, kept.alias, kept.chain = r.format, e.Alias, e.Chain
	e.Kept = kept
	return r.err
}

// chain reads certificates. They are not parsed: whoever needs to, will.
func (r *entries) chain(count uint32) [][]byte {
	if r.err == nil && uint64(count)*minCertificate > uint64(len(r.rest)) {
		r.err = errShort
	}
	if r.total += uint64(count); r.err == nil && r.total > maxCertificates {
		r.err = fmt.Errorf("the file has more than %d certificates", maxCertificates)
	}
	if r.err != nil || count == 0 {
		return nil
	}
	out := make([][]byte, count)
	for i := range out {
		if out[i] = r.certificate(); r.err != nil {
			return nil
		}
	}
	return out
}

// certificate reads one certificate. From version 2 on, its type is before it: the name of a
// Java certificate factory.
func (r *entries) certificate() []byte {
	if r.version > 1 {
		kind := r.utf()
		if r.err == nil && !strings.EqualFold(kind, typeX509) && !strings.EqualFold(kind, "X509") {
			r.err = fmt.Errorf("its certificate is of the type %.40q; only X.509 is supported", kind)
		}
	}
	out := r.block()
	if r.err == nil && len(out) == 0 {
		r.err = errors.New("its certificate is empty")
	}
	return out
}

// fromMilliseconds gives a time since 1970; zero, for none, stays zero.
func fromMilliseconds(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// milliseconds is the reverse of fromMilliseconds.
func milliseconds(t time.Time) (int64, bool) {
	if t.IsZero() {
		return 0, true
	}
	const most = math.MaxInt64 / 1000
	return t.UnixMilli(), t.Unix() < most && t.Unix() > -most
}
