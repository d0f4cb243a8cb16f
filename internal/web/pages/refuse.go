package pages

import (
	"net/http"
	"net/url"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/notice"
)

// refuse answers a request that was refused, in the form for people: whoever has to renew or
// sign in is sent there, everybody else reads why.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p.Layout.Headers(w.Header())
	f := web.Refused(w, r, err)
	if path := p.signInPath(r, f); path != "" {
		w.Header().Del("WWW-Authenticate") // for refusals, which a redirect is not
		layout.Redirect(w, path)
		return
	}
	v := notice.NewView(p.Layout.Frame(""), f, web.RequestID(r))
	v.SignOut = p.SignedIn(r)
	if err := notice.Page.Send(w, web.Status(f), v); err != nil {
		http.Error(w, f.Say, web.Status(f))
	}
}

// signInPath returns where somebody can get what the request lacks; empty: nowhere.
func (p *pages) signInPath(r *http.Request, f *fault.Fault) string {
	if !opensPage(r) {
		return ""
	}
	back := p.Site.Prefix + r.URL.RequestURI()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		back = p.Layout.Path(web.RouteOf(r).Page)
	}
	switch f.Code {
	case fault.MissingToken, fault.InvalidToken, fault.TokenExpired:
		if r.Method == http.MethodPost {
			return back
		}
		return p.Layout.Path("/session/renew?" + url.Values{"return_to": {back}}.Encode())
	case fault.ReauthenticationRequired:
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
