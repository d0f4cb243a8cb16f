package user

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/handstamp/handstamp/internal/fault"
)

// maxEmail is how long an address may be, in bytes. RFC 5321 §4.5.3.1.3
const maxEmail = 254

// maxName is how long a name may be, in code points.
const maxName = 100

// Email is a checked address.
type Email struct {
	Shown string // as it was typed
	Key   string // the one form that all spellings of it share
}

// checkEmail makes an address canonical first and judges it then, so that no spelling slips past a
// check. The key is the normal form of its two parts, without white space around it. One @, no
// quotes, commas, brackets, white space or controls: what mail programs read differently.
func checkEmail(typed string) (Email, []fault.Field) {
	const member = "email"
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return Email{}, []fault.Field{{Name: member, Code: "required", Detail: "Enter your e-mail address."}}
	}
	bad := []fault.Field{{Name: member, Code: "invalid",
		Detail: "This is not an e-mail address, such as ada@example.com."}}
	if !utf8.ValidString(typed) || len(typed) > maxEmail {
		return Email{}, bad
	}
	local, typedDomain, found := strings.Cut(normal(typed), "@")
	domain, ok := normalDomain(typedDomain)
	key := local + "@" + domain
	if !found || !ok || len(key) > maxEmail || !plainLocal(local) || !plainDomain(domain) {
		return Email{}, bad
	}
	return Email{Shown: norm.NFC.String(typed), Key: key}, nil
}

// plainLocal reports whether the part before the @ can be mailed to without quoting.
// RFC 5321 §4.1.2 (Dot-string), RFC 6531 §3.3
func plainLocal(local string) bool {
	return len(local) <= 64 && everyDotted(local, func(r rune) bool {
		return r > unicode.MaxASCII && unicode.IsPrint(r) || unicode.IsLetter(r) || unicode.IsDigit(r) ||
			strings.ContainsRune("!#$%&'*+/=?^_`{|}~-", r)
	})
}

// plainDomain reports whether the part after the @ is a host name of at least one label.
func plainDomain(domain string) bool {
	return everyDotted(domain, func(r rune) bool {
		return r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
	})
}

// everyDotted reports whether s consists of parts of allowed runes, none empty, with dots between.
func everyDotted(s string, allowed func(rune) bool) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool { return !allowed(r) }) {
			return false
		}
	}
	return true
}

// checkName accepts a name as people write names. It takes off what cannot be seen, such as the
// directional marks that come along when text is copied, and refuses controls and line breaks.
func checkName(typed string) (string, []fault.Field) {
	const member = "name"
	if !utf8.ValidString(typed) || strings.ContainsFunc(strings.TrimSpace(typed), isControl) {
		return "", []fault.Field{{Name: member, Code: "invalid", Detail: "A name has no control characters."}}
	}
	name := visible(norm.NFC.String(typed))
	if utf8.RuneCountInString(name) > maxName {
		return "", []fault.Field{{Name: member, Code: "too_long", Detail: "A name has at most 100 characters."}}
	}
	return name, nil
}

// The bounds of roles: with them, an access token stays small enough for a cookie.
const (
	maxRoles    = 20
	maxRoleName = 32 // bytes
)

// checkRoles accepts names that can stand in a token, a header and a list with commas. It returns
// them sorted, without doubles.
func checkRoles(given []string) ([]string, []fault.Field) {
	const member = "roles"
	roles := slices.Compact(slices.Sorted(slices.Values(given)))
	if len(roles) > maxRoles {
		return nil, []fault.Field{{Name: member, Code: "too_many", Detail: "A user has at most 20 roles."}}
	}
	for _, role := range roles {
		if role == "" || len(role) > maxRoleName || strings.ContainsFunc(role, notInRole) {
			const detail = "A role is 1 to 32 letters, digits and any of . _ : / -"
			return nil, []fault.Field{{Name: member, Code: "invalid", Detail: detail}}
		}
	}
	return roles, nil
}

// notInRole reports whether a role's name cannot have this character.
func notInRole(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:/-", r))
}
