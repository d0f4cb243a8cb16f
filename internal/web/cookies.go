package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
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
	host    string // ours, by which browsers file them; without port
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
	c := &Cookies{access: base, refresh: base, host: site.hostname()}
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
// the session is to be remembered, and never outlive the session. What r shows beside them is
// cleared.
func (c *Cookies) Set(w http.ResponseWriter, r *http.Request, g session.Grant, now time.Time) error {
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
	c.clearDuplicates(w, r)
	http.SetCookie(w, &access)
	http.SetCookie(w, &refresh)
	return nil
}

// Clear takes the cookies away, with the attributes they were set with.
func (c *Cookies) Clear(w http.ResponseWriter, r *http.Request) {
	c.clearDuplicates(w, r)
	for _, cookie := range []http.Cookie{c.access, c.refresh} {
		cookie.MaxAge = -1
		http.SetCookie(w, &cookie)
	}
}

// clearDuplicates takes away what stands beside a cookie of ours under its name. Ours has no
// Domain, so that the other has one: it is of a former setting, or a sibling host tossed it. An
// access cookie that does have a Domain may stand beside that of another server, which is left
// alone.
func (c *Cookies) clearDuplicates(w http.ResponseWriter, r *http.Request) {
	for _, cookie := range []http.Cookie{c.access, c.refresh} {
		if cookie.Domain != "" || len(r.CookiesNamed(cookie.Name)) < 2 {
			continue
		}
		cookie.MaxAge = -1
		for domain := c.host; strings.Contains(domain, "."); _, domain, _ = strings.Cut(domain, ".") {
			cookie.Domain = domain
			http.SetCookie(w, &cookie)
		}
	}
}

// refreshTokens returns the different refresh tokens in the request's cookies; nil when there is
// none.
func (c *Cookies) refreshTokens(r *http.Request) []secret.Text {
	var found []secret.Text
	for _, cookie := range r.CookiesNamed(c.refresh.Name) {
		same := func(text secret.Text) bool { return text.Reveal() == cookie.Value }
		if cookie.Value != "" && !slices.ContainsFunc(found, same) {
			found = append(found, secret.New(cookie.Value))
		}
	}
	return found
}

// ShowsRefresh reports whether a request has a refresh cookie, good or bad.
func (c *Cookies) ShowsRefresh(r *http.Request) bool { return len(r.CookiesNamed(c.refresh.Name)) > 0 }
