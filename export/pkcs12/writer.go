package pkcs12

import (
	"io"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// saltSize is the length of the salts that are written, in bytes.
const saltSize = 16

// writer encrypts as a profile has it and writes the structures around.
type writer struct {
	profile Profile
	secret  secret
	rounds  int
	random  io.Reader // of salts
}

// frame is room for the tags and lengths, the object identifiers and the parameters around what
// is written: a value with as much more than its content need not grow, and be copied for that.
const frame = 256

// sequence writes a SEQUENCE of about a size.
func sequence(size int, content cryptobyte.BuilderContinuation) ([]byte, error) {
	out := cryptobyte.NewBuilder(make([]byte, 0, size+frame))
	out.AddASN1(der.SEQUENCE, content)
	return out.Bytes()
}

// addTyped writes a ContentInfo or a SafeBag with its attributes, if it has any.
func addTyped(out *cryptobyte.Builder, kind oid, attributes []byte, content cryptobyte.BuilderContinuation) {
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		addOID(out, kind)
		out.AddASN1(contextTag0, content)
		out.AddBytes(attributes)
	})
}

func addOID(out *cryptobyte.Builder, id oid) {
	out.AddASN1(der.OBJECT_IDENTIFIER, func(out *cryptobyte.Builder) { out.AddBytes([]byte(id)) })
}

// addData writes a ContentInfo that is not encrypted.
func addData(out *cryptobyte.Builder, data []byte) {
	addTyped(out, dataOID, nil, func(out *cryptobyte.Builder) { out.AddASN1OctetString(data) })
}

// addAlgorithm writes an AlgorithmIdentifier.
func addAlgorithm(out *cryptobyte.Builder, id string, params cryptobyte.BuilderContinuation) {
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		parsed, err := parseOID(id)
		if err != nil {
			out.SetError(err)
			return
		}
		out.AddASN1ObjectIdentifier(parsed)
		params(out)
	})
}

func addNull(out *cryptobyte.Builder) { out.AddASN1NULL() }

// addEncryptedData writes EncryptedData (RFC 5652 section 8) of data, which is gone then.
func (w *writer) addEncryptedData(out *cryptobyte.Builder, data []byte) {
	addTyped(out, encryptedDataOID, nil, func(out *cryptobyte.Builder) {
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			out.AddASN1Int64(0)
			out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
				addOID(out, dataOID)
				w.addEncrypted(out, w.profile.certs, der.Tag(0).ContextSpecific(), data)
			})
		})
	})
}

// sealKey gives an EncryptedPrivateKeyInfo (RFC 5958 section 3).
func (w *writer) sealKey(pkcs8 []byte) ([]byte, error) {
	room := append(make([]byte, 0, len(pkcs8)+frame), pkcs8...) // which encryption takes the place of
	return sequence(len(pkcs8), func(out *cryptobyte.Builder) {
		w.addEncrypted(out, w.profile.keys, der.OCTET_STRING, room)
	})
}

// addEncrypted writes the algorithm of a scheme, and what it makes of data under the tag. It
// encrypts in the place of data.
func (w *writer) addEncrypted(out *cryptobyte.Builder, s scheme, tag der.Tag, data []byte) {
	e := encryption{scheme: s, cipher: pbes1Schemes[s.cipher]}
	e.kdf.rounds = w.rounds
	if s.prf != "" {
		e.cipher, e.kdf.prf, e.kdf.prfID = pbes2Ciphers[s.cipher], hmacs[s.prf], s.prf
		e.iv = make([]byte, e.cipher.blockSize)
	}
	e.kdf.salt = make([]byte, saltSize)
	if err := w.fill(e.kdf.salt, e.iv); err != nil {
		out.SetError(err)
		return
	}
	encrypted, err := e.encrypt(w.secret, data)
	if err != nil {
		out.SetError(err)
		return
	}
	if s.prf == "" {
		addAlgorithm(out, s.cipher, func(out *cryptobyte.Builder) { // RFC 7292 appendix C
			out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
				out.AddASN1OctetString(e.kdf.salt)
				out.AddASN1Int64(int64(e.kdf.rounds))
			})
		})
	} else {
		addAlgorithm(out, pbes2ID, func(out *cryptobyte.Builder) { // RFC 8018 appendix A.4
			out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
				e.kdf.add(out)
				addAlgorithm(out, s.cipher, func(out *cryptobyte.Builder) { out.AddASN1OctetString(e.iv) })
			})
		})
	}
	out.AddASN1(tag, func(out *cryptobyte.Builder) { out.AddBytes(encrypted) })
}

// fill makes random bytes.
func (w *writer) fill(fields ...[]byte) error {
	for _, f := range fields {
		if _, err := io.ReadFull(w.random, f); err != nil {
			return err
		}
	}
	return nil
}

// add writes PBKDF2 with its parameters (RFC 8018 appendix A.2).
func (p pbkdf2Params) add(out *cryptobyte.Builder) {
	addAlgorithm(out, pbkdf2ID, func(out *cryptobyte.Builder) {
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			out.AddASN1OctetString(p.salt)
			out.AddASN1Int64(int64(p.rounds))
			if p.keySize != 0 {
				out.AddASN1Int64(int64(p.keySize))
			}
			addAlgorithm(out, p.prfID, addNull)
		})
	})
}

// addMAC writes MacData (RFC 7292 section 4, RFC 9579 section 3) of what the profile has.
func (w *writer) addMAC(out *cryptobyte.Builder, data []byte) {
	s := w.profile.mac
	if s == (macScheme{}) {
		return
	}
	m := mac{scheme: s, hash: digests[s.hash], pbmac1: s.prf != ""}
	if m.pbmac1 {
		m.hash = hmacs[s.hash]
		m.kdf = pbkdf2Params{prf: hmacs[s.prf], prfID: s.prf, keySize: m.hash().Size()}
	}
	m.kdf.salt, m.kdf.rounds = make([]byte, saltSize), w.rounds
	if err := w.fill(m.kdf.salt); err != nil {
		out.SetError(err)
		return
	}
	value, err := m.sum(w.secret, data)
	if err != nil {
		out.SetError(err)
		return
	}
	out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
		out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
			if m.pbmac1 {
				addAlgorithm(out, pbmac1ID, func(out *cryptobyte.Builder) {
					out.AddASN1(der.SEQUENCE, func(out *cryptobyte.Builder) {
						m.kdf.add(out)
						addAlgorithm(out, s.hash, addNull)
					})
				})
			} else {
				addAlgorithm(out, s.hash, addNull)
			}
			out.AddASN1OctetString(value)
		})
		// With PBMAC1 they mean nothing, and some readers want them all the same.
		out.AddASN1OctetString(m.kdf.salt)
		out.AddASN1Int64(int64(w.rounds))
	})
}

// pfx is RFC 7292 section 4.
func (w *writer) pfx(parts []run) ([]byte, error) {
	size := 0
	for _, p := range parts {
		size += p.size() + frame
	}
	safe, err := sequence(size, func(out *cryptobyte.Builder) {
		for i := range parts {
			p := &parts[i]
			bags, err := sequence(p.size(), func(out *cryptobyte.Builder) {
				for _, b := range p.bags {
					out.AddBytes(b)
				}
			})
			p.bags = nil // written, and perhaps most of the file
			switch {
			case err != nil:
				out.SetError(err)
			case p.hidden && w.profile.certs != scheme{}:
				w.addEncryptedData(out, bags)
			default:
				addData(out, bags)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return sequence(len(safe), func(out *cryptobyte.Builder) {
		out.AddASN1Int64(3)
		addData(out, safe)
		w.addMAC(out, safe)
	})
}

// keyBag writes a PKCS8ShroudedKeyBag (RFC 7292 section 4.2.2).
func keyBag(sealed []byte, m marks) ([]byte, error) {
	return writeBag(len(sealed), shroudedKeyBagOID, m, func(out *cryptobyte.Builder) { out.AddBytes(sealed) })
}

// certBag writes a CertBag (RFC 7292 section 4.2.3).
func certBag(data []byte, m marks) ([]byte, error) {
	return writeBag(len(data), certBagOID, m, func(out *cryptobyte.Builder) {
		addTyped(out, x509CertificateOID, nil, func(out *cryptobyte.Builder) { out.AddASN1OctetString(data) })
	})
}

// bagFrame is what a bag has around its value, in bytes, at most.
const bagFrame = 80

// writeBag writes a bag with a value of a size.
func writeBag(size int, kind oid, m marks, content cryptobyte.BuilderContinuation) ([]byte, error) {
	attributes, err := m.encode()
	if err != nil {
		return nil, err
	}
	out := cryptobyte.NewBuilder(make([]byte, 0, size+len(attributes)+bagFrame))
	addTyped(out, kind, attributes, content)
	return out.Bytes()
}
