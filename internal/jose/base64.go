package jose

import "errors"

// errBase64 is all that is said of text that is not strict base64url
var errBase64 = errors.New("not strict base64url")

// alphabet is the one of RFC 4648 §5, without padding (RFC 7515 §2)
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// sextets maps a byte to its six bits; 0xFF marks a byte outside the alphabet
var sextets = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xFF
	}
	for i := range len(alphabet) {
		table[alphabet[i]] = byte(i)
	}
	return table
}()

// EncodedLen is the length of n bytes in base64url without padding.
func EncodedLen(n int) int { return n/3*4 + (n%3*8+5)/6 }

// AppendBase64 appends src in base64url without padding (RFC 7515 §2).
func AppendBase64(dst, src []byte) []byte {
	for ; len(src) >= 3; src = src[3:] {
		v := uint(src[0])<<16 | uint(src[1])<<8 | uint(src[2])
		dst = append(dst, alphabet[v>>18], alphabet[v>>12&63], alphabet[v>>6&63], alphabet[v&63])
	}
	switch len(src) {
	case 1:
		v := uint(src[0]) << 4
		dst = append(dst, alphabet[v>>6], alphabet[v&63])
	case 2:
		v := uint(src[0])<<10 | uint(src[1])<<2
		dst = append(dst, alphabet[v>>12], alphabet[v>>6&63], alphabet[v&63])
	}
	return dst
}

// EncodeBase64 returns src in base64url without padding.
func EncodeBase64(src []byte) string {
	return string(AppendBase64(make([]byte, 0, EncodedLen(len(src))), src))
}

// AppendDecoded appends the bytes that text stands for. It is our own because Go's decoder skips
// CR and LF even when strict. Every byte sequence has exactly one text that is accepted:
// no padding, no other alphabet, no bits set beyond the last byte (RFC 4648 §3.5).
func AppendDecoded(dst []byte, text string) ([]byte, error) {
	for ; len(text) >= 4; text = text[4:] {
		a, b, c, d := sextets[text[0]], sextets[text[1]], sextets[text[2]], sextets[text[3]]
		if a|b|c|d == 0xFF {
			return nil, errBase64
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	switch len(text) {
	case 1:
		return nil, errBase64
	case 2:
		a, b := sextets[text[0]], sextets[text[1]]
		if a|b == 0xFF || b&0x0F != 0 {
			return nil, errBase64
		}
		dst = append(dst, a<<2|b>>4)
	case 3:
		a, b, c := sextets[text[0]], sextets[text[1]], sextets[text[2]]
		if a|b|c == 0xFF || c&0x03 != 0 {
			return nil, errBase64
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2)
	}
	return dst, nil
}

// DecodeBase64 returns the bytes that text stands for, read as AppendDecoded reads.
func DecodeBase64(text string) ([]byte, error) {
	return AppendDecoded(make([]byte, 0, len(text)*3/4), text)
}
