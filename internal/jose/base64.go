package jose

import (
	"encoding/binary"
	"errors"
	"slices"
)

// errBase64 is all that is said of text that is not strict base64url
var errBase64 = errors.New("not strict base64url")

// alphabet is the one of RFC 4648 §5, without padding (RFC 7515 §2)
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// sextets maps a character by its place among eight to its six bits, where they go in the upper 48 of 64; outside marks
// one that is not in the alphabet
var sextets = func() (table [8][256]uint64) {
	for place := range table {
		for i := range table[place] {
			table[place][i] = outside
		}
		for i := range len(alphabet) {
			table[place][alphabet[i]] = uint64(i) << (58 - 6*place)
		}
	}
	return table
}()

// outside is the lowest bit, which no sextet has
const outside = 1

// quad is the 24 bits of four characters, at the upper end, or has the bit outside
func quad(a, b, c, d byte) uint64 {
	return sextets[0][a] | sextets[1][b] | sextets[2][c] | sextets[3][d]
}

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
	dst = slices.Grow(dst, len(text)/4*3+2)
	from, room := 0, dst[len(dst):cap(dst)]
	to := 0
	for from+8 <= len(text) && to+8 <= len(room) { // eight at once, and two bytes that the next round writes over
		t := text[from : from+8]
		v := quad(t[0], t[1], t[2], t[3]) | sextets[4][t[4]] | sextets[5][t[5]] | sextets[6][t[6]] | sextets[7][t[7]]
		if v&outside != 0 {
			return nil, errBase64
		}
		binary.BigEndian.PutUint64(room[to:to+8], v)
		from, to = from+8, to+6
	}
	dst = dst[:len(dst)+to]
	for ; from+4 <= len(text); from += 4 {
		v := quad(text[from], text[from+1], text[from+2], text[from+3])
		if v&outside != 0 {
			return nil, errBase64
		}
		dst = append(dst, byte(v>>56), byte(v>>48), byte(v>>40))
	}
	return appendRest(dst, text[from:])
}

// appendRest appends the bytes of the fewer than four characters at the end, which must have no bits to spare,
// outside among them
func appendRest(dst []byte, rest string) ([]byte, error) {
	switch len(rest) {
	case 0:
		return dst, nil
	case 2:
		if v := quad(rest[0], rest[1], 'A', 'A'); v<<8 == 0 {
			return append(dst, byte(v>>56)), nil
		}
	case 3:
		if v := quad(rest[0], rest[1], rest[2], 'A'); v<<16 == 0 {
			return append(dst, byte(v>>56), byte(v>>48)), nil
		}
	}
	return nil, errBase64
}

// DecodeBase64 returns the bytes that text stands for, read as AppendDecoded reads.
func DecodeBase64(text string) ([]byte, error) {
	return AppendDecoded(make([]byte, 0, len(text)*3/4), text)
}
