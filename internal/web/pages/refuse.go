package pages

import (
	"net/http"
	"net/url"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/notice"
	"github.com/handstamp/handstamp/internal/web/pages/signin"
)

// refuse answers a request that was refused, in the form for people: whoever has to renew or sign
// in is sent there, everybody else reads why. A form is neither passed over nor sent elsewhere:
// what was typed is in the browser's hands alone, which keeps it as long as the page stays.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p.Layout.Headers(w.Header())
	f := web.Refused(w, r, err)
	if path := p.signInPath(r, f); path != "" {
		w.Header().Del("WWW-Authenticate") // for refusals, which a redirect is not
		layout.Redirect(w, path)
		return
	}
	v := notice.NewView(p.Layout.Frame(""), f, web.RequestID(r))
	if page := web.RouteOf(r).Page; page != "" && opensPage(r) && lacksToken(f) {
		v = notice.NotSaved(p.Layout.Frame(""), f, web.RequestID(r), p.Layout.Path(page))
	}
	v.SignOut = p.SignedIn(r)
	if err := notice.Page.Send(w, web.Status(f), v); err != nil {
		http.Error(w, f.Say, web.Status(f))
	}
}

// lacksToken reports whether a renewal or a sign-in would have let the request in.
func lacksToken(f *fault.Fault) bool {
	return f.Code == fault.MissingToken || f.Code == fault.InvalidToken || f.Code == fault.TokenExpired
}

// signInPath returns where somebody can get what the request lacks; empty: nowhere.
func (p *pages) signInPath(r *http.Request, f *fault.Fault) string {
	if !opensPage(r) {
		return ""
	}
	if r.Method == http.MethodPost {
		if f.Code != fault.ReauthenticationRequired {
			return ""
		}
		back := p.Layout.Path(web.RouteOf(r).Page)
		return p.Layout.Path("/signin?" + url.Values{"reason": {signin.NothingDone}, "return_to": {back}}.Encode())
	}
	back := p.Site.Prefix + r.URL.RequestURI()
	twice := f.Code == fault.InvalidRequest && web.RouteOf(r).Access != web.Anyone // two good access cookies
	switch {
	case lacksToken(f) || twice:
		return p.Layout.Path("/session/renew?" + url.Values{"return_to": {back}}.Encode())
	case f.Code == fault.ReauthenticationRequired:
		query := url.Values{"reason": {string(f.Code)}, "return_to": {back}}
		return p.Layout.Path("/signin?" + query.Encode())
	}
	return ""
}

// opensPage reports whether a browser shows the answer to a person: to a script a redirect
// would hide that it was refused. standards ER-04
func opensPage(r *http.Request) bool {
	mode := r.Header.Get("Sec-Fetch-Mode")
	return (mode == "" || mode == "navigate") && r.Header.Get("X-Requested-With") == ""
}
