package web

import (
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
)

// SessionCookies begins and ends sessions over HTTP, in whatever form the answer goes out: it
// knows which session a request shows, by refresh cookie or access token.
type SessionCookies struct {
	Middleware *Middleware
	*Cookies
	Sessions *session.Manager
}

// NewSessionCookies returns the cookies of the site that m guards, for the sessions of a manager.
func NewSessionCookies(m *Middleware, sessions *session.Manager) SessionCookies {
	return SessionCookies{m, NewCookies(m.site), sessions}
}

// Refresh returns the refresh token in the request's cookie, empty when there is none.
func (c SessionCookies) Refresh(r *http.Request) (secret.Text, error) {
	return c.Cookies.refreshToken(r, func(text secret.Text) bool {
		_, ours := c.Sessions.IDOf(text)
		return ours
	})
}

// Begin begins the session of somebody who has proved who it is, in place of the one that
// the request shows, if any.
func (c SessionCookies) Begin(r *http.Request, start session.Start) (session.Grant, error) {
	token, err := c.Refresh(r)
	if err != nil {
		return session.Grant{}, err
	}
	var named bool
	if start.Replaces, named = c.Sessions.IDOf(token); !named {
		if s := c.Middleware.Optional(r); s != nil {
			start.Replaces, _ = store.ParseSessionID(s.ID) // zero when a token of ours has none
		}
	}
	return c.Sessions.Begin(r.Context(), Caller(r), start)
}

// SignIn begins a session as Begin does, and sends its tokens to the browser.
func (c SessionCookies) SignIn(w http.ResponseWriter, r *http.Request, start session.Start, now time.Time) error {
	grant, err := c.Begin(r, start)
	if err != nil {
		return err
	}
	return c.Set(w, grant, now)
}

// Leaving returns the session that the request shows for signing out, by a refresh token or
// else by an access token, which may have expired; zero when it shows none. A bad cookie is
// no reason to keep somebody signed in, but a bad header was sent on purpose.
func (c SessionCookies) Leaving(r *http.Request, refresh secret.Text) (store.SessionID, error) {
	if id, ok := c.Sessions.IDOf(refresh); ok {
		return id, nil
	}
	s, err := c.Middleware.Leaving(r)
	switch {
	case err == nil:
		return store.ParseSessionID(s.ID)
	case fault.HasCode(err, fault.MissingToken),
		r.Header.Get("Authorization") == "" && !fault.HasCode(err, fault.CrossOrigin):
		return store.SessionID{}, nil
	}
	return store.SessionID{}, err
}
