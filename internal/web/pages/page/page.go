// Package page holds what pages share: what they work with, and the form that is shown, read, and
// shown again with what was wrong with it.
package page

import (
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// Parts are what pages work with.
type Parts struct {
	Layout   *layout.Layout
	Site     web.Site
	Cookies  web.SessionCookies
	Users    *user.Manager
	Sessions *session.Manager
	Tokens   Tokens
	Now      func() time.Time
}

// SignedIn reports whether somebody is signed in who opens a page that is for anyone.
func (p Parts) SignedIn(r *http.Request) bool { return p.Cookies.Middleware.Optional(r) != nil }

// SignIn begins the session of somebody who has proved who it is, and sets the cookies.
func (p Parts) SignIn(w http.ResponseWriter, r *http.Request, start session.Start) error {
	return p.Cookies.SignIn(w, r, start, p.Now())
}

// ReturnTo returns where a person asked to go back to, or fallback if it is no place of ours.
func (p Parts) ReturnTo(target, fallback string) string {
	return p.Cookies.Middleware.ReturnTo(target, fallback)
}
