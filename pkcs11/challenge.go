package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
)

// newChallenge is something to sign that nobody could have signed before.
func newChallenge() []byte {
	c := make([]byte, 64)
	rand.Read(c) // never fails
	return c
}

// plainOptions are the usual options for a key: SHA-256, but no hash for Ed25519.
func plainOptions(s *Signer) crypto.SignerOpts {
	if _, ok := s.public.(ed25519.PublicKey); ok {
		return crypto.Hash(0)
	}
	return crypto.SHA256
}

func pssOptions() crypto.SignerOpts {
	return &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: rsa.PSSSaltLengthEqualsHash}
}

// verifies checks, outside the token, a signature that was made with plainOptions or pssOptions.
func verifies(public crypto.PublicKey, message, signature []byte, opts crypto.SignerOpts) bool {
	digest := sha256.Sum256(message)
	switch k := public.(type) {
	case *rsa.PublicKey:
		if pss, ok := opts.(*rsa.PSSOptions); ok {
			return rsa.VerifyPSS(k, crypto.SHA256, digest[:], signature, pss) == nil
		}
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(k, message, signature)
	}
	return false
}
