package web

import (
	"net/http"
	"slices"
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

// Refresh returns the refresh token in the request's cookie, empty when there is none. Where
// several cookies have its name, it is the one that counts, by session.Manager.Pick; the only error
// is that this cannot be found out now.
func (c SessionCookies) Refresh(r *http.Request) (secret.Text, error) {
	switch shown := c.refreshTokens(r); len(shown) {
	case 0:
		return secret.Text{}, nil
	case 1:
		return shown[0], nil
	default:
		return c.Sessions.Pick(r.Context(), shown)
	}
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
	return c.Set(w, r, grant, now)
}

// Leaving returns the sessions that the request shows for signing out: by a refresh token that was
// read from it, by every other one in its cookies and by the access cookie, which may have expired;
// or else by the access token in its header. It is nil when it shows none. A bad cookie is no
// reason to keep somebody signed in, but a bad header was sent on purpose.
func (c SessionCookies) Leaving(r *http.Request, refresh secret.Text) (all []store.SessionID, err error) {
	shown := []secret.Text{refresh}
	if FromBrowser(r) { // standards XO-02
		shown = append(shown, c.refreshTokens(r)...)
	}
	for _, text := range shown {
		if id, ok := c.Sessions.IDOf(text); ok && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	byHeader := r.Header.Get("Authorization") != ""
	if byHeader && len(all) > 0 {
		return all, nil
	}
	s, err := c.Middleware.Leaving(r)
	switch {
	case err == nil:
		id, err := store.ParseSessionID(s.ID)
		if err == nil && !slices.Contains(all, id) {
			all = append(all, id)
		}
		return all, err
	case len(all) > 0, fault.HasCode(err, fault.MissingToken),
		!byHeader && !fault.HasCode(err, fault.CrossOrigin):
		return all, nil
	}
	return nil, err
}
