package differential

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/handstamp/handstamp/bench/mint"
)

// Reasons are those that docs/protocol.md §3 gives to refuse a token, whatever its signature. It is
// a second reading of that text, with another JSON parser and no line of our verifier's.
func Reasons(token string, alg mint.Algorithm, now time.Time) []string {
	var why reasons
	if len(token) > 8<<10 {
		why.add("longer than 8 KiB")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return append(why, "not three parts")
	}
	if !canonical(parts[2]) {
		why.add("the signature is not strict base64url")
	}
	if header := why.object("the header", parts[0]); header != nil {
		why.header(header, alg)
	}
	if claims := why.object("the claims", parts[1]); claims != nil {
		why.claims(claims)
		why.times(claims, now)
	}
	return why
}

// reasons gathers them
type reasons []string

// add adds a reason.
func (r *reasons) add(reason string, args ...any) {
	*r = append(*r, fmt.Sprintf(reason, args...))
}

// alphabet is base64url (RFC 7515 §2)
var alphabet = regexp.MustCompile(`\A[A-Za-z0-9_-]*\z`)

// canonical reports whether part is base64url, written in the only way
func canonical(part string) bool {
	_, err := base64.RawURLEncoding.Strict().DecodeString(part)
	return err == nil && alphabet.MatchString(part)
}

// members are those of an object, as they are written
type members map[string]jsontext.Value

// object reads a part; nil adds why it cannot be read
func (r *reasons) object(what, part string) members {
	if !canonical(part) {
		r.add("%s is not strict base64url", what)
		return nil
	}
	text, _ := base64.RawURLEncoding.DecodeString(part) // canonical
	var m members
	if err := json.Unmarshal(text, &m); err != nil { // refuses names twice and text that is not UTF-8, at every level
		r.add("%s is not strict JSON: %v", what, err)
		return nil
	}
	if m == nil {
		r.add("%s is null", what)
		return nil
	}
	if depth(text) > 16 {
		r.add("%s is deeper than 16 levels", what)
	}
	if huge(text) {
		r.add("%s holds a number that a double cannot", what)
	}
	return m
}

// depth is how deep arrays and objects lie in one another
func depth(text []byte) int {
	deepest := 0
	d := jsontext.NewDecoder(strings.NewReader(string(text)))
	for {
		if _, err := d.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, d.StackDepth())
	}
}

// str is a member that is a string, or nothing
func str(v jsontext.Value) (s string, ok bool) {
	if v.Kind() != '"' {
		return "", false
	}
	err := json.Unmarshal(v, &s)
	return s, err == nil
}

// list is a member that is an array of strings
func list(v jsontext.Value) (l []string, ok bool) {
	var values []jsontext.Value
	if v.Kind() != '[' || json.Unmarshal(v, &values) != nil {
		return nil, false
	}
	for _, value := range values {
		s, isText := str(value)
		if !isText {
			return nil, false
		}
		l = append(l, s)
	}
	return l, true
}

// keyID is what a kid can be
var keyID = regexp.MustCompile(`\A[ -~]{1,64}\z`)

// header judges a header
func (r *reasons) header(h members, alg mint.Algorithm) {
	named, _ := str(h["alg"])
	if named != string(alg) {
		r.add("alg is not the key's")
	}
	kid, _ := str(h["kid"])
	if !keyID.MatchString(kid) {
		r.add("kid is missing or odd")
	}
	typ, _ := str(h["typ"])
	if !strings.EqualFold(typ, "at+jwt") && !strings.EqualFold(typ, "application/at+jwt") {
		r.add("typ is not at+jwt")
	}
	for _, name := range []string{"crit", "b64"} {
		if h[name] != nil {
			r.add("%s is there", name)
		}
	}
}

// claims judges what claims say of whom
func (r *reasons) claims(c members) {
	iss, _ := str(c["iss"])
	if iss != mint.Issuer {
		r.add("iss is not ours")
	}
	sub, _ := str(c["sub"])
	if sub == "" {
		r.add("sub is missing or empty")
	}
	one, isText := str(c["aud"])
	several, isList := list(c["aud"])
	if (!isText || one != mint.Audience) && (!isList || !slices.Contains(several, mint.Audience)) {
		r.add("aud is not ours")
	}
	for _, name := range []string{"jti", "sid", "client_id", "scope", "acr"} {
		_, isText := str(c[name])
		if !isText && c[name] != nil {
			r.add("%s is not a string", name)
		}
	}
	for _, name := range []string{"roles", "amr"} {
		_, isList := list(c[name])
		if !isList && c[name] != nil {
			r.add("%s is not a list of strings", name)
		}
	}
	if c["cnf"] != nil {
		r.add("cnf binds it to a key")
	}
}

// leeway is the default
const leeway = 30

// times judges what claims say of when
func (r *reasons) times(c members, now time.Time) {
	read := func(name string) (*big.Rat, bool) {
		t, ok := numericDate(c[name])
		if !ok && c[name] != nil {
			r.add("%s is not a time", name)
		}
		return t, ok
	}
	today := func(seconds int64) *big.Rat {
		return new(big.Rat).Add(big.NewRat(now.Unix(), 1), big.NewRat(seconds, 1))
	}
	exp, hasExp := read("exp")
	iat, hasIat := read("iat")
	if !hasExp {
		r.add("exp is missing")
	}
	if !hasIat {
		r.add("iat is missing")
	}
	if hasExp && exp.Cmp(today(-leeway)) <= 0 {
		r.add("exp has passed")
	}
	if hasIat && iat.Cmp(today(leeway+1)) > 0 {
		r.add("iat is in the future")
	}
	nbf, hasNbf := read("nbf")
	if hasNbf && nbf.Cmp(today(leeway+1)) > 0 {
		r.add("nbf is in the future")
	}
	read("auth_time")
}

// exponent is what follows the e of a number
var exponent = regexp.MustCompile(`[eE]([+-]?[0-9]+)\z`)

// numericDate is a number from 1970 up to the year 9999 (RFC 7519 §2) that was written in at most
// 64 characters
func numericDate(v jsontext.Value) (*big.Rat, bool) {
	text := string(v)
	if v.Kind() != '0' || len(text) > 64 || strings.HasPrefix(text, "-") && text != "-0" {
		return nil, false
	}
	if e := exponent.FindStringSubmatch(text); e != nil {
		if n, err := strconv.Atoi(e[1]); err != nil || n < -64 || n > 64 {
			return nil, false
		}
	}
	t, ok := new(big.Rat).SetString(text)
	return t, ok && t.Cmp(big.NewRat(253402300800, 1)) < 0
}

// huge reports whether JSON text holds a number that float64 cannot
func huge(text []byte) bool {
	d := jsontext.NewDecoder(strings.NewReader(string(text)))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return false
		}
		if token.Kind() != '0' {
			continue
		}
		if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
			return true
		}
	}
}
