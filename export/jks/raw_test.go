package jks

import (
	"encoding/binary"

	"signet/export/keystore"
)

// The parts of files, put together here without the code that is tested and without its checks.

func u16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func u32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func utf(s string) []byte       { return join(u16(len(s)), []byte(s)) }
func block(b []byte) []byte     { return join(u32(len(b)), b) }
func eight(n int) []byte        { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
func rawX509(der []byte) []byte { return join(utf("X.509"), block(der)) }

func rawCertificate(alias string, der []byte) []byte {
	return join(u32(2), utf(alias), eight(1), rawX509(der))
}

func rawKey(alias string, sealed []byte, chain ...[]byte) []byte {
	out := join(u32(1), utf(alias), eight(1), block(sealed), u32(len(chain)))
	for _, c := range chain {
		out = append(out, rawX509(c)...)
	}
	return out
}

func rawSecret(alias string, object []byte) []byte { return join(u32(3), utf(alias), eight(1), object) }

// rawFile gives a file whose digest is right.
func rawFile(password, format string, version int, entries ...[]byte) []byte {
	magic := u32(magicJKS)
	if format == keystore.JCEKS {
		magic = u32(magicJCEKS)
	}
	out := join(magic, u32(version), u32(len(entries)), join(entries...))
	return append(out, digest(&secret{[]byte(password)}, out)...)
}
