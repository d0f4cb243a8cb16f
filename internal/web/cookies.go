package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
)

// maxCookie is how long a cookie's name and value may be together, in bytes; browsers drop
// longer ones in silence. RFC 6265bis §5.6
const maxCookie = 4096

// errCookieTooLong is our own mistake: tokens have bounds that keep them below.
var errCookieTooLong = errors.New("cookie too long for browsers")

// Cookies writes and reads the cookies that hold a session. docs/protocol.md §5
type Cookies struct {
	access  http.Cookie // name and attributes; the value comes later
	refresh http.Cookie
}

// sharedAccess is what the access cookie of a whole domain is called.
const sharedAccess = "__Secure-hs_access"

// NewCookies names cookies and sets their attributes. With site.Domain the apps on sibling
// hosts see the access cookie, and only that.
func NewCookies(site Site) *Cookies {
	prefix := ""
	if site.HTTPS {
		prefix = "__Host-Http-"
	}
	base := http.Cookie{Path: "/", Secure: site.HTTPS, HttpOnly: true}
	c := &Cookies{access: base, refresh: base}
	c.access.Name, c.access.SameSite = prefix+"hs_access", http.SameSiteLaxMode
	c.refresh.Name, c.refresh.SameSite = prefix+"hs_refresh", http.SameSiteStrictMode
	if site.Domain != "" {
		c.access.Name, c.access.Domain = sharedAccess, site.Domain
	}
	return c
}

// withoutTossed returns r without an access cookie under the name that only a whole domain's
// has, where ours stays on our own host: a sibling host may have tossed it, to have the person
// act as somebody else unawares. RFC 6265bis §8.6, docs/protocol.md §5
func (s Site) withoutTossed(r *http.Request) *http.Request {
	if s.Domain != "" || len(r.CookiesNamed(sharedAccess)) == 0 {
		return r
	}
	kept := r.Cookies()
	r = r.Clone(r.Context())
	r.Header.Del("Cookie")
	for _, c := range kept {
		if c.Name != sharedAccess {
			r.AddCookie(c)
		}
	}
	return r
}

// Set sends a session's tokens to the browser. The cookies go when the browser closes unless
// the session is to be remembered, and never outlive the session.
func (c *Cookies) Set(w http.ResponseWriter, g session.Grant, now time.Time) error {
	access, refresh := c.access, c.refresh
	access.Value, refresh.Value = g.Access.Text.Reveal(), g.Refresh.Reveal()
	if g.Session.Remember {
		access.MaxAge = max(1, int(g.Access.ExpiresIn.Seconds()))
		refresh.MaxAge = max(1, int(g.Session.ExpiresAt.Sub(now).Seconds()))
	}
	for _, cookie := range []http.Cookie{access, refresh} {
		if len(cookie.Name)+len(cookie.Value) > maxCookie {
			return fault.New(fault.InternalError).Because(errCookieTooLong)
		}
	}
	http.SetCookie(w, &access)
	http.SetCookie(w, &refresh)
	return nil
}

// Clear takes the cookies away, with the attributes they were set with.
func (c *Cookies) Clear(w http.ResponseWriter) {
	for _, cookie := range []http.Cookie{c.access, c.refresh} {
		cookie.MaxAge = -1
		http.SetCookie(w, &cookie)
	}
}

// refreshToken returns the refresh token in the request's cookie, empty when there is none. Where a
// name stands twice, a sibling host may have tossed one: the one that good accepts counts,
// and anything but exactly one is refused. docs/protocol.md §5
func (c *Cookies) refreshToken(r *http.Request, good func(secret.Text) bool) (secret.Text, error) {
	sent := r.CookiesNamed(c.refresh.Name)
	if len(sent) == 0 {
		return secret.Text{}, nil
	}
	if len(sent) == 1 {
		return secret.New(sent[0].Value), nil
	}
	var found []secret.Text
	for _, cookie := range sent {
		if text := secret.New(cookie.Value); good(text) {
			found = append(found, text)
		}
	}
	if len(found) != 1 {
		return secret.Text{}, fault.BadField("Cookie", "duplicate", "The refresh cookie was sent more than once.")
	}
	return found[0], nil
}
