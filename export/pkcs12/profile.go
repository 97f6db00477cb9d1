package pkcs12

import (
	"fmt"
	"slices"
	"strings"
)

// Profile is a set of algorithms that protect a file, with a name. The zero Profile is none.
type Profile struct {
	// Name is what ProfileNamed takes, and what Keystore.Profile says.
	Name string

	// About says which programs read such files, in one sentence.
	About string

	keys, certs scheme
	mac         macScheme
}

// writtenRounds is the number of rounds of every key derivation that is written, as keytool
// writes it.
const writtenRounds = 10_000

// The schemes that are written.
var (
	pbes2WithAES256  = scheme{cipher: aes256ID, prf: hmacSHA256ID}
	pbeWithTripleDES = scheme{cipher: tripleDESID}
	pbeWithRC2       = scheme{cipher: rc2With40ID}
)

// The profiles.
var (
	// Modern is PBES2 with AES-256-CBC and PBKDF2 with HMAC-SHA-256 for keys and certificates,
	// and a MAC of HMAC-SHA-256 as RFC 7292 has it. Java reads it since 8u301, 11.0.12 and 12
	// and writes it since 16; openssl reads it since 1.1.1 and writes it since 3.0; Windows does
	// both since Server 2019.
	Modern = Profile{
		Name: "modern", About: "AES-256 and SHA-256: read by Java 8u301, 11.0.12 and 12, OpenSSL 1.1.1, Windows Server 2019, and later ones",
		keys: pbes2WithAES256, certs: pbes2WithAES256, mac: macScheme{hash: sha256ID},
	}

	// PBMAC1 is Modern with the MAC of RFC 9579, whose key comes from PBKDF2, too. Java reads it
	// since 26, openssl since 3.4. Older ones take it for an unknown algorithm.
	PBMAC1 = Profile{
		Name: "pbmac1", About: "AES-256, SHA-256 and the MAC of RFC 9579: read by Java 26, OpenSSL 3.4 and later ones only",
		keys: pbes2WithAES256, certs: pbes2WithAES256, mac: macScheme{hash: hmacSHA256ID, prf: hmacSHA256ID},
	}

	// Legacy is the 3DES scheme of RFC 7292 for keys and certificates, and a MAC of HMAC-SHA-1.
	// Every reader has it, even those that cannot do better; openssl 3 needs no -legacy for it. It
	// is weak: take a password that nobody can guess.
	Legacy = Profile{
		Name: "legacy", About: "3DES and SHA-1, which are weak: read by all, such as Java before 8u301, macOS, Windows Server 2016 and z/OS",
		keys: pbeWithTripleDES, certs: pbeWithTripleDES, mac: macScheme{hash: sha1ID},
	}

	// RC2 is Legacy with 40-bit RC2 for the certificates: what Java before 8u301, openssl before
	// 3.0 and Windows wrote. Its certificates can be read without the password at some effort;
	// openssl 3 reads it with -legacy only.
	RC2 = Profile{
		Name: "rc2", About: "RC2, 3DES and SHA-1, which are broken or weak: what old Java, OpenSSL and Windows wrote; OpenSSL 3 needs -legacy",
		keys: pbeWithTripleDES, certs: pbeWithRC2, mac: macScheme{hash: sha1ID},
	}

	// Passwordless protects nothing: certificates in the clear, and no MAC. Java reads it as a
	// trust store without a password since 8u301, 11.0.12 and 12. It has no private keys: Java
	// passes over those that are not encrypted.
	Passwordless = Profile{
		Name: "passwordless", About: "certificates only, protected by nothing: for trust stores without a password, in Java 8u301, 11.0.12, 12 and later",
	}
)

// Profiles gives all profiles, the recommended one first.
func Profiles() []Profile { return []Profile{Modern, PBMAC1, Legacy, RC2, Passwordless} }

// ProfileNamed gives the profile of a name.
func ProfileNamed(name string) (Profile, error) {
	var known []string
	for _, p := range Profiles() {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return Profile{}, fmt.Errorf("PKCS #12 profile %.40q: not known; choose one of %s", name, strings.Join(known, ", "))
}

// readers are the programs that ProfileFor knows, with the best profile that all of their
// versions in use read.
var readers = []struct {
	name    string
	profile Profile
}{
	{"java8", Legacy}, // Modern only since 8u301
	{"java17", Modern},
	{"java26", PBMAC1},
	{"openssl1", Modern}, // 1.1.1
	{"openssl3", Modern}, // PBMAC1 only since 3.4
	{"macos", Legacy},    // Security.framework reports a wrong password for AES
	{"windows2016", Legacy},
	{"zos", Legacy}, // System SSL and RACF write 3DES; nothing newer is promised for all releases
}

// ProfileFor gives the profile to write for a reader: java8, java17, java26, openssl1, openssl3,
// macos, windows2016 or zos.
func ProfileFor(reader string) (Profile, error) {
	var known []string
	for _, r := range readers {
		if r.name == reader {
			return r.profile, nil
		}
		known = append(known, r.name)
	}
	return Profile{}, fmt.Errorf("reader %.40q: not known; choose one of %s", reader, strings.Join(known, ", "))
}

// profile gives the name of the profile that a file has, whatever its rounds; empty if it has
// none of them. What it does not hold does not count.
func (f *file) profile() string {
	var keys []scheme
	plain, any := false, false // keys or certificates that are not encrypted; certificates
	for i := range f.bags {
		b := &f.bags[i]
		switch {
		case b.kind == keyBagOID:
			return ""
		case b.kind == shroudedKeyBagOID:
			if s, _ := (&sealedKey{bag: b}).scheme(); !slices.Contains(keys, s) {
				keys = append(keys, s)
			}
		case b.isCertificate():
			any, plain = true, plain || !b.hidden
		}
	}
	if f.mixed || len(keys) > 1 || plain && f.hiding != (scheme{}) {
		return ""
	}
	for _, p := range Profiles() {
		if p.mac == f.mac && (!any || p.certs == f.hiding) && (len(keys) == 0 || p.keys == keys[0]) {
			return p.Name
		}
	}
	return ""
}
