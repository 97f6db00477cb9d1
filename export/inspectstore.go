package export

import (
	"crypto"

	"signet/export/jks"
	"signet/export/keystore"
	"signet/export/pkcs12"
)

// jks looks into a JKS or JCEKS file. It can be read without a password; a password only proves
// that nobody has altered it.
func (in *inspector) jks(data []byte) {
	in.Format = keystore.JKS
	ks, err := jks.Read(data, nil)
	if err != nil {
		in.find(Unreadable, "%v", err)
		return
	}
	in.Format = ks.Format
	in.Lock = LockUnknown
	for p := range in.candidates() {
		if opened, err := jks.Read(data, p.password); err == nil {
			ks = opened
			in.unlocked(p)
			break
		}
	}
	if in.Lock == LockUnknown {
		in.find(Unverified, "no password that was tried is that of the file, so that nobody knows whether it was altered")
	}
	in.keystore(ks)
}

// pkcs12 looks into a PKCS #12 file, which hides what it holds.
func (in *inspector) pkcs12(data []byte) {
	in.Format = keystore.PKCS12
	ks, err := pkcs12.Read(data, nil)
	if err == nil {
		in.keystore(ks)
		return
	}
	in.Lock = LockUnknown
	for p := range in.candidates() {
		if !isPassword(err) {
			break
		}
		if len(p.password) == 0 { // has been tried
			continue
		}
		if ks, err = pkcs12.Read(data, p.password); err == nil {
			in.unlocked(p)
			in.keystore(ks)
			return
		}
	}
	if isPassword(err) {
		in.find(Locked, "no password that was tried opens it; give its password with --password-file")
		return
	}
	in.find(Unreadable, "%v", err)
}

// keystore adds the entries of a keystore.
func (in *inspector) keystore(ks *keystore.Keystore) {
	if in.LockOnly {
		return
	}
	hasKey := false
	for i := range ks.Entries {
		if len(in.Items) == maxItems {
			in.find(TooMany, "only the first %d of %d entries are shown", maxItems, len(ks.Entries))
			break
		}
		in.entry(&ks.Entries[i])
		hasKey = hasKey || ks.Entries[i].Key != nil
	}
	in.judgeAliases(ks, hasKey)
	switch {
	case !hasKey:
	case in.Lock == LockWellKnown:
		in.find(WellKnownPassword, "it holds private keys, and everybody knows its password %q", in.WellKnown)
	case in.Lock == LockNone:
		in.find(WellKnownPassword, "it holds private keys, and has no password")
	}
}

// entry adds one entry of a keystore.
func (in *inspector) entry(e *keystore.Entry) {
	it := Item{Alias: e.Alias, Created: e.Created, Length: len(e.Chain)}
	switch {
	case e.Key != nil:
		it.Kind, it.Encrypted = KindPrivateKey, true
	case e.Other == "secret key":
		it.Kind = KindSecretKey
	case len(e.Chain) == 0:
		it.Kind, it.Subject = KindOther, e.Other
	case e.Trusted:
		it.Kind = KindTrusted
	default:
		it.Kind = KindCertificate
	}
	for _, der := range e.Chain {
		if in.parse(&it, der) != nil {
			break // what follows is not the issuer of what is before
		}
	}
	if e.Key != nil {
		if key := in.open(&it, e.Key); key != nil {
			judgeKey(&it, key)
		}
	}
	in.add(it)
}

// open opens a private key with the password of the file or any other.
func (in *inspector) open(it *Item, k keystore.Key) crypto.Signer {
	if in.opened == maxOpened {
		in.find(KeyUnchecked, "only the first %d private keys were opened to see whether their certificates fit", maxOpened)
	}
	if in.opened++; in.opened > maxOpened {
		return nil
	}
	key, err := k.Open(nil)
	for p := range in.candidates() {
		if err == nil || !isPassword(err) {
			break
		}
		if key, err = k.Open(p.password); err == nil && p.wellKnown {
			it.find(WellKnownPassword, "everybody knows the password %q of the private key", p.password)
		}
	}
	switch {
	case err == nil:
		return key
	case isPassword(err):
		it.find(KeyUnchecked, "the private key has another password, so that nobody knows whether the certificate fits it")
	default:
		it.find(KeyUnchecked, "%v", err)
	}
	return nil
}

// judgeAliases says which entries Java does not find.
func (in *inspector) judgeAliases(ks *keystore.Keystore, hasKey bool) {
	folded := map[int]bool{}
	for _, group := range ks.FoldTogether() {
		for _, i := range group {
			folded[i] = true
			if i < len(in.Items) {
				in.Items[i].find(AliasFolds, "Java takes %d aliases for this one, as case does not count", len(group))
			}
		}
	}
	shown := map[int]bool{}
	for _, j := range ks.JavaView() {
		shown[j.Index] = true
		if j.Found < 0 && j.Index < len(in.Items) {
			in.Items[j.Index].find(AliasCase, "Java lists the alias and does not find it: it looks for %q; rename it", keystore.Fold(j.Alias))
		}
	}
	for i := range in.Items {
		if shown[i] || folded[i] {
			continue
		}
		it := &in.Items[i]
		switch {
		case it.Kind == KindPrivateKey:
			it.find(JavaHidden, "Java does not see the private key: nothing ties it to a certificate")
		case it.Kind == KindCertificate && !hasKey:
			it.find(JavaHidden, "Java does not see the certificate: its trust attribute is missing; make the file anew with: signet trust add")
		}
	}
}
