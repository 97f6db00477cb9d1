package export

import (
	"errors"
	"fmt"
)

// checkDER says why data is not one whole DER SEQUENCE, the form of every binary format here.
// Its tag and length tell a file that was cut from one that is none of them at all.
func checkDER(data []byte) error {
	const sequence = 0x30
	if len(data) < 2 || data[0] != sequence {
		return errors.New("it does not begin as DER does; was a binary file transferred as text?")
	}
	if data[1] == 0x80 { // X.690 section 8.1.3.6
		return errors.New("it is BER with indefinite lengths, and only DER is read; write PKCS #7 anew with: openssl pkcs7 -inform DER -in FILE -out NEW, and PKCS #12 with: openssl pkcs12 -in FILE -nodes | openssl pkcs12 -export -out NEW")
	}
	header, length := 2, int64(data[1])
	if n := int(data[1]) - 0x80; n > 0 { // X.690 section 8.1.3.5: so many octets of length
		header += n
		if n > 4 || len(data) < header {
			return errors.New("its length is damaged")
		}
		length = 0
		for _, c := range data[2:header] {
			length = length<<8 | int64(c)
		}
	}
	have := int64(len(data) - header)
	switch {
	case have < length:
		return fmt.Errorf("it was cut: %d of %d bytes are there", len(data), length+int64(header))
	case have > length:
		return fmt.Errorf("it is followed by %d bytes that do not belong to it", have-length)
	}
	return nil
}
