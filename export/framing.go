package export

import (
	"errors"
	"fmt"

	"signet/export/ber"
)

// frame gives data as one whole SEQUENCE, the form of every binary format here, or says why it
// is none. Its tag and length tell a file that was cut from one that is none of them at all. What
// has an indefinite length is turned into DER; the rest is left to those who read it.
func frame(data []byte) ([]byte, error) {
	if len(data) >= 2 && data[0] == sequence && data[1] == 0x80 { // X.690 section 8.1.3.6
		return ber.ToDER(data)
	}
	return data, checkLength(data)
}

const sequence = 0x30

// checkLength checks the outermost tag and its definite length.
func checkLength(data []byte) error {
	if len(data) < 2 || data[0] != sequence {
		return errors.New("it does not begin as DER does; was a binary file transferred as text?")
	}
	have, want := int64(len(data)), definiteLength(data)
	switch {
	case want < 0:
		return errors.New("its length is damaged")
	case have < want:
		return fmt.Errorf("it was cut: %d of %d bytes are there", have, want)
	case have > want:
		return fmt.Errorf("it is followed by %d bytes that do not belong to it", have-want)
	}
	return nil
}

// definiteLength gives how many bytes the outermost element has with its header, or -1 if that
// cannot be told from what is there of data.
func definiteLength(data []byte) int64 {
	if len(data) < 2 || data[1] == 0x80 {
		return -1
	}
	header, length := 2, int64(data[1])
	if n := int(data[1]) - 0x80; n > 0 { // X.690 section 8.1.3.5: so many octets of length
		header += n
		if n > 8 || len(data) < header || n == 8 && data[2] != 0 {
			return -1
		}
		length = 0
		for _, c := range data[2:header] {
			length = length<<8 | int64(c)
		}
	}
	return int64(header) + length
}
