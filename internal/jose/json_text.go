package jose

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// escapes maps the byte after a backslash to what both stand for; 0 means none
var escapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unescape takes the rest of a string that began at start and has a backslash next
func (r *Reader) unescape(start int) string {
	b := append(make([]byte, 0, 64), r.text[start:r.pos]...)
	for r.pos < len(r.text) {
		c := r.text[r.pos]
		r.pos++
		switch {
		case c == '"':
			return string(b)
		case c < 0x20:
			r.fail("a control character in a string")
			return ""
		case c != '\\':
			b = append(b, c)
			continue
		}
		c = r.peek()
		r.pos++
		switch {
		case c == 'u':
			b = utf8.AppendRune(b, r.escapedRune())
		case escapes[c] != 0:
			b = append(b, escapes[c])
		default:
			r.fail("an unknown escape")
		}
		if r.err != nil {
			return ""
		}
	}
	r.fail("a string without end")
	return ""
}

// escapedRune takes the digits after \u, and the second escape of a surrogate pair. Half a pair
// stands for no character: readers differ on it, so it is refused (RFC 8259 §8.2).
func (r *Reader) escapedRune() rune {
	first := r.hex4()
	if !utf16.IsSurrogate(first) {
		return first
	}
	if !r.word(`\u`) {
		r.fail("half a surrogate pair")
		return 0
	}
	both := utf16.DecodeRune(first, r.hex4())
	if both == utf8.RuneError {
		r.fail("half a surrogate pair")
	}
	return both
}

// hex4 takes four hexadecimal digits
func (r *Reader) hex4() rune {
	if len(r.text)-r.pos < 4 {
		r.fail("an escape cut short")
		return 0
	}
	var v rune
	for _, c := range []byte(r.text[r.pos : r.pos+4]) {
		switch {
		case '0' <= c && c <= '9':
			v = v<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			v = v<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			v = v<<4 | rune(c-'A'+10)
		default:
			r.fail("an escape without digits")
			return 0
		}
	}
	r.pos += 4
	return v
}

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD, so that what we
// write can always be read.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0 // so much of s is written
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < 0x20 || c == '"' || c == '\\' {
				b = appendEscaped(append(b, s[done:i]...), c)
				done = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b = append(append(b, s[done:i]...), "\uFFFD"...)
			done = i + 1
		}
		i += size
	}
	return append(append(b, s[done:]...), '"')
}

// appendEscaped appends a character that may not stand in a string as it is
func appendEscaped(b []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	if c < 0x20 {
		return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
	return append(b, '\\', c)
}

// AppendStrings appends list as a JSON array of strings; an empty list is [].
func AppendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, s)
	}
	return append(b, ']')
}

// AppendInt appends n as a JSON number.
func AppendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }
