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

// claims is a token's claims while they are read and judged
type claims struct {
	Session
	issuer    string
	notBefore time.Time // zero: none
	items     []string  // of all lists that were read
}

// parse reads the claims of text strictly: the five that a token must have, and the type of every
// other one we know (RFC 9068 §2.2)
func (c *claims) parse(text string) error {
	r := jose.NewReader(text)
	for name := range r.Object() {
		c.read(r, name)
	}
	if err := r.Close(); err != nil {
		return err
	}
	switch {
	case c.issuer == "" || c.Subject == "" || len(c.Audience) == 0:
		return errors.New("iss, sub or aud is missing")
	case c.ExpiresAt.IsZero() || c.IssuedAt.IsZero():
		return errors.New("exp or iat is missing")
	}
	return nil
}

// read takes the claim called name, if it is one we know
func (c *claims) read(r *jose.Reader, name string) {
	switch name {
	case "iss":
		c.issuer = r.String()
	case "sub":
		c.Subject = r.String()
	case "aud":
		c.Audience = c.readAudience(r)
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
		c.Scope = c.readScope(r.String())
	case "roles":
		c.Roles = c.readStrings(r)
	case "auth_time":
		c.AuthTime = readTime(r)
	case "amr":
		c.AMR = c.readStrings(r)
	case "acr":
		c.ACR = r.String()
	case "cnf": // RFC 7800: only who proves possession may use it, and we cannot check that
		r.Fail("a token bound to a key is no bearer token")
	}
}

// readAudience takes a string or an array of strings (RFC 7519 §4.1.3)
func (c *claims) readAudience(r *jose.Reader) []string {
	if r.Kind() == jose.Str {
		c.items = append(c.items, r.String())
		return c.since(len(c.items) - 1)
	}
	return c.readStrings(r)
}

// readStrings takes an array of strings; an empty one is nil
func (c *claims) readStrings(r *jose.Reader) []string {
	from := len(c.items)
	for range r.Array() {
		c.items = append(c.items, r.String())
	}
	return c.since(from)
}

// readScope takes scopes with blanks between (RFC 6749 §3.3)
func (c *claims) readScope(text string) []string {
	from := len(c.items)
	for text != "" {
		var scope string
		if scope, text, _ = strings.Cut(text, " "); scope != "" {
			c.items = append(c.items, scope)
		}
	}
	return c.since(from)
}

// since is the list of the items from a place on, or nil. Appending to it touches no other list.
func (c *claims) since(from int) []string {
	if len(c.items) == from {
		return nil
	}
	return c.items[from:len(c.items):len(c.items)]
}

// readTime takes a NumericDate (RFC 7519 §2)
func readTime(r *jose.Reader) time.Time {
	t, ok := r.Number().Time()
	if !ok {
		r.Fail("not a time")
	}
	return t
}
