// Package renew is the address that apps send a browser to when its access token is missing
// or old: it trades the refresh cookie for new ones and sends the person back, or on
// to sign in. docs/protocol.md §5
package renew

import (
	"context"
	_ "embed" // for page.html
	"net/http"
	"net/url"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/notice"
	"github.com/handstamp/handstamp/internal/web/pages/page"
)

// content is the page's own HTML.
//
//go:embed page.html
var content string

// Page draws a View.
var Page = layout.Parse[View](content)

// View is a page that a person sees for a moment, if at all.
type View struct {
	layout.Frame
	Heading string
	Say     string
	Onward  string // where the link leads, which the browser follows by itself when it can
}

// Parameters of the address.
const (
	paramReturnTo = "return_to"
	paramRepeated = "repeated" // our own page repeats the request
	paramRetried  = "retried"  // the last answer was superseded
)

// handlers answer for the page.
type handlers struct {
	page.Parts
	recent *recent // the renewals of the last seconds
}

// Routes are the page's.
func Routes(p page.Parts) []web.Route {
	h := handlers{p, newRecent()}
	return []web.Route{{Pattern: "GET /session/renew", Access: web.Anyone, Handler: web.NoBody(h.show)}}
}

// ask is what an address asks for.
type ask struct {
	target   string // where to go afterwards, checked; empty: the account
	repeated bool
	retried  bool
}

// asked reads the address.
func (h handlers) asked(r *http.Request) ask {
	query := r.URL.Query()
	return ask{h.ReturnTo(query.Get(paramReturnTo), ""), query.Has(paramRepeated), query.Has(paramRetried)}
}

// show acts only when a person opens the page and no other page sent the person: a link on another
// site comes without Strict cookies, so the request is repeated from here before anything is
// decided. An address that was typed or restored is not, since what stands behind # would be lost.
// HEAD decides nothing.
func (h handlers) show(w http.ResponseWriter, r *http.Request) error {
	a := h.asked(r)
	if r.Method == http.MethodHead {
		return h.repeat(w, a)
	}
	switch arrivalOf(r, a) {
	case own:
		return h.renew(w, r, a)
	case typed:
		if h.Cookies.ShowsRefresh(r) {
			return h.renew(w, r, a)
		}
		return h.repeat(w, a)
	case stranger:
		return h.repeat(w, a)
	}
	f := fault.New(fault.InvalidRequest)
	f.Say = "This address is only for browsers that open it as a page."
	return f
}

// repeat answers a page that sends the same request from our own site. One that was repeated
// already waits for the person, lest a browser that never says same-origin goes round.
func (h handlers) repeat(w http.ResponseWriter, a ask) error {
	v := View{
		Frame: h.Layout.Frame("One moment"), Heading: "One moment",
		Say: "Your session is being renewed.", Onward: h.address(a),
	}
	if a.repeated {
		v.Say = "Continue to renew your session."
	} else {
		v.Next = &layout.Next{Seconds: 0, URL: v.Onward}
	}
	return Page.Send(w, http.StatusOK, v)
}

// address returns the address of this page that asks for a from our own site.
func (h handlers) address(a ask) string {
	query := url.Values{paramRepeated: {"1"}}
	if a.target != "" {
		query.Set(paramReturnTo, a.target)
	}
	if a.retried {
		query.Set(paramRetried, "1")
	}
	return h.Layout.Path("/session/renew?" + query.Encode())
}

// renew trades the refresh cookie and sends the person on. Where there is no session it sets
// and clears nothing: a late answer must not wipe a newer sign-in.
func (h handlers) renew(w http.ResponseWriter, r *http.Request, a ask) error {
	token, err := h.Cookies.Refresh(r)
	if err != nil {
		return err
	}
	if token.Empty() {
		return h.signIn(w, a, "")
	}
	id, _ := h.Sessions.IDOf(token)
	now := h.Now()
	became, wait := h.recent.judge(id, a.target, now)
	if became == loops {
		return h.loop(w, a)
	}
	if became == renews {
		if err := h.trade(w, r, token); err != nil {
			return h.refused(w, r, a, err)
		}
	}
	h.recent.note(id, a.target, now)
	sleep(r.Context(), wait)
	return layout.Redirect(w, h.onward(a)) // not a page: browsers keep what stands behind # through redirects alone
}

// onward returns where a goes when all is well.
func (h handlers) onward(a ask) string {
	if a.target == "" {
		return h.Layout.Path("/account")
	}
	return a.target
}

// sleep returns after d, or when nobody waits for the answer any more.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// trade returns the browser fresh cookies for its refresh token.
func (h handlers) trade(w http.ResponseWriter, r *http.Request, token secret.Text) error {
	grant, err := h.Sessions.Refresh(r.Context(), web.Caller(r), token)
	if err != nil {
		return err
	}
	return h.Cookies.Set(w, r, grant, h.Now())
}

// refused answers a refresh that was refused.
func (h handlers) refused(w http.ResponseWriter, r *http.Request, a ask, err error) error {
	f := fault.From(err)
	switch {
	case f.Code == fault.SessionEnded || f.Code == fault.InvalidToken || f.Code == fault.Superseded && a.retried:
		web.Refused(w, r, err)
		return h.signIn(w, a, f.Reason)
	case f.Code == fault.Superseded:
		return h.superseded(w, r, a, err)
	case f.Kind == fault.Unavailable:
		v := notice.NewView(h.Layout.Frame(""), web.Refused(w, r, err), web.RequestID(r))
		v.Advice = []string{"You are still signed in."}
		v.Ways = []notice.Way{{Say: "Try again", URL: h.address(a)}}
		return notice.Page.Send(w, web.Status(f), v)
	}
	return err
}

// signIn sends the person to sign in, and says why the session is over, where it is.
func (h handlers) signIn(w http.ResponseWriter, a ask, reason string) error {
	query := url.Values{}
	if a.target != "" {
		query.Set(paramReturnTo, a.target)
	}
	if reason != "" {
		query.Set("reason", reason)
	}
	location := h.Layout.Path("/signin")
	if len(query) > 0 {
		location += "?" + query.Encode()
	}
	w.Header().Del("WWW-Authenticate") // for refusals, which a redirect is not
	return layout.Redirect(w, location)
}

// superseded answers a token that its own successor overtook: the browser has the newer
// cookie by now, or will have it in a moment, so it is sent here once more.
func (h handlers) superseded(w http.ResponseWriter, r *http.Request, a ask, err error) error {
	web.Refused(w, r, err)
	a.retried = true
	sleep(r.Context(), pause)
	return layout.Redirect(w, h.address(a))
}

// loop answers instead of the renewal that would be one too many.
func (h handlers) loop(w http.ResponseWriter, a ask) error {
	again := h.onward(a)
	v := notice.View{
		Frame: h.Layout.Frame("Going in circles"), Heading: "Going in circles",
		Say: "Your session is fine: it was renewed several times in the last seconds. But the page that you " +
			"want to open sends you back here each time.",
		Advice: []string{
			"Wait a moment and try again. If that does not help, ask whoever runs that page to check three things:",
		},
		Check: []string{
			"Its clock: a new token must not look expired or not yet valid there.",
			"Its audience and issuer: they must be the same as in this server's tokens.",
			"Its cookies: no other cookie on its host may have the access cookie's name.",
		},
		Ways: []notice.Way{{Say: "Try again", URL: again}, {Say: "Go to your account", URL: h.Layout.Path("/account")}},
	}
	return notice.Page.Send(w, http.StatusConflict, v)
}
