package verify

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// justIssued is how young a token is that a renewal has just brought
const justIssued = 10 * time.Second

// pageFor returns where the issuer can help a browser whose request was refused with e, or nothing
// when the answer is e itself
func (v *Verifier) pageFor(r *http.Request, e *Error) string {
	if v.config.NoRedirect || !navigation(r) {
		return ""
	}
	query := url.Values{}
	if here := v.returnTo(r); here != "" {
		query.Set("return_to", here)
	}
	page := "/session/renew?"
	switch e.Code {
	case CodeMissingToken, CodeTokenExpired, CodeTooManyBadTokens:
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

// navigation reports whether r is a browser opening a page, which can be sent elsewhere, and not a
// script, a prefetch or another program, which cannot
func navigation(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	h := r.Header
	if h.Get("X-Requested-With") != "" || h.Get("Sec-Purpose") != "" || upgrades(r) {
		return false
	}
	if mode := h.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return h.Get("Sec-Fetch-Site") == "" && h.Get("Sec-Fetch-Dest") == "" && acceptsHTML(h.Values("Accept"))
}

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
	scheme := v.issuer.Scheme // the access cookie of an https issuer travels by https alone
	if r.TLS != nil {
		scheme = "https"
	}
	base, err := url.Parse(scheme + "://" + r.Host)
	if err != nil || r.Host == "" || base.Host != r.Host {
		return ""
	}
	return scheme + "://" + base.Host + path
}
