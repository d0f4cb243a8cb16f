package verify

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// registered are the claims that mean something to us, which operators cannot add
var registered = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", // RFC 7519 §4.1
	"client_id", "scope", "roles", "auth_time", "acr", "amr", // RFC 9068 §2.2
	"sid", "cnf",
}

// isRegistered reports whether name is one of them
func isRegistered(name string) bool { return slices.Contains(registered, name) }

// parseClaims reads the claims strictly: the five that a token must have, and the type
// of every other one we know (RFC 9068 §2.2)
func parseClaims(part string) (*claims, error) {
	text, err := decodePart(part)
	if err != nil {
		return nil, err
	}
	c := &claims{}
	c.payload = text
	r := jose.NewReader(text)
	for name := range r.Object() {
		c.read(r, name)
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	switch {
	case c.issuer == "" || c.Subject == "" || len(c.Audience) == 0:
		return nil, errors.New("iss, sub or aud is missing")
	case c.ExpiresAt.IsZero() || c.IssuedAt.IsZero():
		return nil, errors.New("exp or iat is missing")
	}
	return c, nil
}

// read takes the claim called name, if it is one we know
func (c *claims) read(r *jose.Reader, name string) {
	switch name {
	case "iss":
		c.issuer = r.String()
	case "sub":
		c.Subject = r.String()
	case "aud":
		c.Audience = readAudience(r)
	case "exp":
		c.ExpiresAt = readTime(r)
	case "nbf":
		c.notBefore = readTime(r)
	case "iat":
		c.IssuedAt = readTime(r)
	case "jti":
		c.TokenID = r.String()
	case "sid":
		c.ID = r.String()
	case "client_id":
		c.ClientID = r.String()
	case "scope":
		c.Scope = strings.FieldsFunc(r.String(), func(c rune) bool { return c == ' ' }) // RFC 6749 §3.3
	case "roles":
		c.Roles = readStrings(r)
	case "auth_time":
		c.AuthTime = readTime(r)
	case "amr":
		c.AMR = readStrings(r)
	case "acr":
		c.ACR = r.String()
	case "cnf": // RFC 7800: only who proves possession may use it, and we cannot check that
		r.Fail("a token bound to a key is no bearer token")
	}
}

// readAudience takes a string or an array of strings (RFC 7519 §4.1.3)
func readAudience(r *jose.Reader) []string {
	if r.Kind() == jose.Str {
		return []string{r.String()}
	}
	return readStrings(r)
}

// readStrings takes an array of strings
func readStrings(r *jose.Reader) []string {
	var list []string
	for range r.Array() {
		list = append(list, r.String())
	}
	return list
}

// readTime takes a NumericDate (RFC 7519 §2)
func readTime(r *jose.Reader) time.Time {
	t, ok := r.Number().Time()
	if !ok {
		r.Fail("not a time")
	}
	return t
}
