package ring

import (
	"math/big"

	"signet/cert"
)

// settingSerials chooses how serial numbers are made: by RACF's counter or at random.
const (
	settingSerials = "serials"
	serialsCounter = "counter"
	serialsRandom  = "random"
)

// serialFor gives the next serial number of an issuer (racdcert-certificates.md 3.7): for a
// self-signed certificate (nil signer) the lowest that no certificate of this name has, from 0;
// else one more than the signer's counter, which it advances in the record. With the setting
// serials = random it is a random number of 16 octets instead.
func serialFor(tx Tx, issuer []byte, signer *Certificate) (*big.Int, error) {
	mode, err := tx.Setting(settingSerials)
	if err != nil {
		return nil, err
	}
	if mode == serialsRandom {
		return cert.RandomSerial()
	}
	serial := new(big.Int)
	if signer != nil {
		signer.LastSerial++
		serial.SetUint64(signer.LastSerial)
	}
	for {
		_, err := tx.CertificateByIssuerSerial(issuer, serial)
		if free, err := isFree(err); free || err != nil {
			return serial, err
		}
		if signer != nil {
			signer.LastSerial++
		}
		serial.Add(serial, big.NewInt(1))
	}
}
