// Package password hashes, checks and judges passwords. Nothing outside it knows how a
// password is stored or what makes one too weak.
package password

import (
	"errors"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/handstamp/handstamp/internal/secret"
)

// The longest password. Longer ones are refused, never truncated. NIST SP 800-63B-4 §3.1.1.2
const (
	MaxLength = 256  // code points, after normalising
	MaxBytes  = 1024 // of UTF-8, as received
)

// ErrUnusable says that a password cannot be hashed: it is not UTF-8 or too long. A caller
// that judges first never sees it.
var ErrUnusable = errors.New("password is not UTF-8 or too long")

// errNotUTF8 and errTooLong tell apart what Judge reports.
var (
	errNotUTF8 = errors.New("not utf-8")
	errTooLong = errors.New("too long")
)

// normalise returns the password as it is hashed: in NFC, so that it does not matter how a
// keyboard composes an accent, and otherwise exactly as received, spaces and case included.
// NIST SP 800-63B-4 §3.1.1.2
func normalise(given secret.Text) (string, error) {
	raw := given.Reveal()
	if len(raw) > MaxBytes {
		return "", errTooLong // first, so that the work below is bounded
	}
	if !utf8.ValidString(raw) {
		return "", errNotUTF8
	}
	normal := norm.NFC.String(raw)
	if utf8.RuneCountInString(normal) > MaxLength {
		return "", errTooLong
	}
	return normal, nil
}
