package verify

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/origin"
)

// justIssued is how young a token is that a renewal has just brought
const justIssued = 10 * time.Second

// pageFor returns where the issuer can help a browser whose request was refused with e, or nothing
// when the answer is e itself
func (v *Verifier) pageFor(r *http.Request, e *Error) string {
	if v.config.NoRedirect || !navigation(r) {
		return ""
	}
	return v.help(e, v.returnTo(r))
}

// help returns the page of the issuer that can help whoever was refused with e, and leads to the
// address back afterwards, or to the account where that is empty; nothing when no page can
func (v *Verifier) help(e *Error, back string) string {
	query := url.Values{}
	if back != "" {
		query.Set("return_to", back)
	}
	page := "/session/renew?"
	switch e.Code {
	case CodeMissingToken, CodeTokenExpired, CodeTooManyBadTokens, CodeInvalidRequest: // the last: two good cookies
	case CodeInvalidToken:
		// A correctly signed token that is refused as soon as it was made would be made again, and
		// again: the issuer's clock or audience differs from ours.
		if e.session != nil && v.clock.Now().Sub(e.session.IssuedAt) < justIssued {
			return ""
		}
	case CodeReauthentication:
		page = "/signin?"
		query.Set("reason", string(e.Code))
	default:
		return ""
	}
	return strings.TrimSuffix(v.config.Issuer, "/") + page + query.Encode()
}

// navigation reports whether r is a browser opening a page, which can be sent elsewhere
func navigation(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && navigates(r)
}

// navigates reports whether r is a browser that shows the answer as a page, and not a script, a
// prefetch or another program, which does not
func navigates(r *http.Request) bool {
	h := r.Header
	if h.Get("X-Requested-With") != "" || h.Get("Sec-Purpose") != "" || upgrades(r) {
		return false
	}
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return h.Get("Sec-Fetch-Site") == "" && h.Get("Sec-Fetch-Dest") == "" && acceptsHTML(h.Values("Accept"))
}

// lateForm returns the page for a form that came when nobody was signed in any more, or nothing
// when r is none or signing in would not help. A redirect would lose what was typed; the browser
// keeps it as long as the answer stands in its place.
func (v *Verifier) lateForm(r *http.Request, e *Error) []byte {
	if v.config.NoRedirect || r.Method != http.MethodPost || !navigates(r) {
		return nil
	}
	link := strings.TrimSuffix(v.help(e, ""), "?")
	if link == "" {
		return nil
	}
	return fmt.Appendf(nil, lateFormPage, html.EscapeString(link))
}

// lateFormPage takes the link to sign in by
const lateFormPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Nothing was saved</title>
<h1>Nothing was saved</h1>
<p>You have to sign in again before this form is taken, so nothing was saved or changed.</p>
<p>Your browser still has what you typed: <a href="%s" target="_blank" rel="noopener">sign in in a new tab</a>. Then come
back, reload this page and let your browser send the form again.</p>
</html>
`

// acceptsHTML reports whether text/html is among the media types, with a weight above zero
func acceptsHTML(accept []string) bool {
	for _, line := range accept {
		for item := range strings.SplitSeq(line, ",") {
			kind, params, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(kind), "text/html") {
				q := strings.ReplaceAll(strings.ToLower(params), " ", "")
				return !strings.HasPrefix(q, "q=0") || strings.ContainsAny(q[len("q=0"):], "123456789")
			}
		}
	}
	return false
}

// returnTo is the address of this very request, as the browser knows it. The issuer decides whether
// it is one to come back to.
func (v *Verifier) returnTo(r *http.Request) string {
	path := r.RequestURI // as sent: a router may have cut a prefix off r.URL
	if !strings.HasPrefix(path, "/") {
		path = r.URL.RequestURI()
	}
	if v.config.PublicURL != "" {
		return strings.TrimSuffix(v.config.PublicURL, "/") + path
	}
	base, err := url.Parse(v.scheme(r) + "://" + r.Host)
	if err != nil || r.Host == "" || base.Host != r.Host {
		return ""
	}
	return origin.Of(base.Scheme, base.Host) + path
}

// scheme returns how r reached this service, as the browser knows it: the access cookie of an https
// issuer travels by https alone, though TLS may end in a proxy
func (v *Verifier) scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return v.issuer.Scheme
}
