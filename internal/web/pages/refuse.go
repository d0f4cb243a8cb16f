package pages

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/deletion"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/notice"
)

// refuse answers a request that was refused, in the form for people: whoever has to renew or
// sign in is sent there, everybody else reads why.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p.layout.Headers(w.Header())
	f := web.Refused(w, r, err)
	if way := p.wayIn(r, f); way != "" {
		w.Header().Del("WWW-Authenticate") // for refusals, which a redirect is not
		layout.See(w, way)
		return
	}
	v := notice.NewView(p.layout.Frame(""), f, web.RequestID(r))
	v.SignOut = p.middleware.Optional(r) != nil
	if err := notice.Page.Send(w, web.Status(f), v); err != nil {
		http.Error(w, f.Say, web.Status(f))
	}
}

// wayIn gives where somebody can get what the request lacks; empty: nowhere.
func (p *pages) wayIn(r *http.Request, f *fault.Fault) string {
	if !opensPage(r) {
		return ""
	}
	back := p.site.Prefix + r.URL.RequestURI()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		back = p.layout.Path(pageOf(r.URL.Path))
	}
	switch f.Code {
	case fault.MissingToken, fault.InvalidToken, fault.TokenExpired:
		if r.Method == http.MethodPost {
			return back
		}
		return p.layout.Path("/session/renew?" + url.Values{"return_to": {back}}.Encode())
	case fault.ReauthenticationRequired:
		query := url.Values{"reason": {string(f.Code)}, "return_to": {back}}
		return p.layout.Path("/signin?" + query.Encode())
	}
	return ""
}

// pageOf gives the page that a form belongs to, by the form's address.
func pageOf(action string) string {
	for _, page := range []string{string(layout.Devices), string(layout.Security), deletion.Path} {
		if action == page || strings.HasPrefix(action, page+"/") {
			return page
		}
	}
	return string(layout.Profile)
}

// opensPage tells whether a browser shows the answer to a person: to a script a redirect
// would hide that it was refused. requirements ER-04
func opensPage(r *http.Request) bool {
	mode := r.Header.Get("Sec-Fetch-Mode")
	return (mode == "" || mode == "navigate") && r.Header.Get("X-Requested-With") == ""
}
