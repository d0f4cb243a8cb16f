package jose

import (
	"strconv"
	"strings"
	"time"
)

// Number is the text of a JSON number, kept so that nothing is rounded on the way.
type Number string

// maxDigits is how many characters of a number without exponent fit a double, whatever they are
const maxDigits = 308

// Number takes a number, by the grammar of RFC 8259 §6: no plus sign, no leading zero, no bare
// point, no NaN. One beyond what a double can hold is refused, because most parsers do, and others
// make infinity of it (RFC 7493 §2.2).
func (r *Reader) Number() Number {
	r.space()
	start := r.pos
	r.take('-')
	switch {
	case r.take('0'):
	case !r.digits():
		r.fail("not a number")
	}
	if r.take('.') && !r.digits() {
		r.fail("a number without digits after its point")
	}
	exponent := r.take('e') || r.take('E')
	if exponent {
		if !r.take('+') {
			r.take('-')
		}
		if !r.digits() {
			r.fail("a number without digits in its exponent")
		}
	}
	if r.err != nil {
		return ""
	}
	n := r.text[start:r.pos]
	if exponent || len(n) > maxDigits {
		if _, err := strconv.ParseFloat(n, 64); err != nil {
			r.fail("a number beyond what a double can hold")
			return ""
		}
	}
	return Number(n)
}

// digits passes decimal digits, and reports whether there was one
func (r *Reader) digits() bool {
	rest := r.text[r.pos:]
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	r.pos += n
	return n > 0
}

// Int64 is n when it was written as an integer, without point or exponent, and fits.
func (n Number) Int64() (int64, bool) {
	if v, ok := n.tenDigits(); ok {
		return v, true
	}
	v, err := strconv.ParseInt(string(n), 10, 64)
	return v, err == nil
}

// tenDigits is n when it is written in ten digits, as the times in every token are until the year
// 2286: such a number can have no fault that strconv would have to look for. Its halves are read
// side by side, which a processor does at once.
func (n Number) tenDigits() (v int64, ok bool) {
	if len(n) != 10 {
		return 0, false
	}
	var high, low int64
	for i := range 5 {
		h, l := n[i]-'0', n[5+i]-'0'
		if h > 9 || l > 9 {
			return 0, false
		}
		high, low = 10*high+int64(h), 10*low+int64(l)
	}
	return 100_000*high + low, true
}

// maxSeconds is the last second of the year 9999, beyond which formats disagree
const maxSeconds = 253402300799

// Time is n as a NumericDate (RFC 7519 §2): seconds since 1970, of which fractions count to
// the nanosecond and are cut beyond. Times before 1970 or after 9999 are no times.
func (n Number) Time() (time.Time, bool) {
	if v, ok := n.Int64(); ok {
		return time.Unix(v, 0).UTC(), 0 <= v && v <= maxSeconds
	}
	whole, fraction, ok := n.split()
	if !ok {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds > maxSeconds {
		return time.Time{}, false
	}
	nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	return time.Unix(seconds, nanos).UTC(), true
}

// split writes a number that is not negative out as digits before and after the point. A number of
// more than 64 characters, or with an exponent beyond ±64, is no time and not written out.
func (n Number) split() (whole, fraction string, ok bool) {
	if len(n) > 64 || n == "" || n[0] == '-' {
		return "", "", false
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(string(n)), "e")
	whole, fraction, _ = strings.Cut(mantissa, ".")
	shift := 0
	if exponent != "" {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil || shift < -64 || shift > 64 {
			return "", "", false
		}
	}
	zeros := strings.Repeat("0", 64)
	if shift >= 0 {
		fraction += zeros[:shift]
		return whole + fraction[:shift], fraction[shift:], true
	}
	whole = zeros[:-shift] + whole
	cut := len(whole) + shift
	return whole[:cut], whole[cut:] + fraction, true
}
