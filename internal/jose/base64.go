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

// sextetTable maps a character by its place among eight to its six bits, where they go in the upper
// 48 of 64; outside marks one that is not in the alphabet
type sextetTable [8][256]uint64

// sextets is the table of the alphabet
var sextets = func() (table sextetTable) {
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
	eights, ok := sextets.decode(dst[len(dst):cap(dst)], text)
	if !ok {
		return nil, errBase64
	}
	dst, text = dst[:len(dst)+6*eights], text[8*eights:]
	for ; len(text) >= 4; text = text[4:] {
		v := quad(text[0], text[1], text[2], text[3])
		if v&outside != 0 {
			return nil, errBase64
		}
		dst = append(dst, byte(v>>56), byte(v>>48), byte(v>>40))
	}
	return appendRest(dst, text)
}

// decode decodes eight characters at once into room, as often as it can, and returns how often it
// did; false: one is not in the alphabet. Each time it writes two bytes more, which the next time
// writes over. It has the table at hand and counts as it does so that all of it stays in registers:
// written plainly it takes a fifth longer.
func (s *sextetTable) decode(room []byte, text string) (eights int, ok bool) {
	to := 0
	for from := 0; from < len(text)-7 && to < len(room)-7; from += 8 {
		v := s[0][text[from]] | s[1][text[from+1]] | s[2][text[from+2]] | s[3][text[from+3]]
		v |= s[4][text[from+4]] | s[5][text[from+5]] | s[6][text[from+6]] | s[7][text[from+7]]
		if v&outside != 0 {
			return 0, false
		}
		binary.BigEndian.PutUint64(room[to:to+8], v)
		to += 6
	}
	return to / 6, true
}

// appendRest appends the bytes of the fewer than four characters at the end, which must have no
// bits to spare, outside among them
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
