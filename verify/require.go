package verify

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// Require lets a request reach h only with a good access token that meets every demand. h finds the session by
// FromContext.
//
// A browser that opens a page without one is sent to the issuer to renew its session or to sign in, and comes
// back. Everything else is answered 401, 403, 400 or 503 with a problem document (RFC 9457).
func (v *Verifier) Require(h http.Handler, demands ...Demand) http.Handler {
	p := newPolicy(demands)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, e := v.authenticate(r, p)
		if e != nil {
			v.Refuse(w, r, e)
			return
		}
		h.ServeHTTP(w, r.WithContext(NewContext(r.Context(), s)))
	})
}

// RequireFunc is Require for a function.
func (v *Verifier) RequireFunc(h http.HandlerFunc, demands ...Demand) http.Handler {
	return v.Require(h, demands...)
}

// Optional lets a request without any credential reach h as well: FromContext is nil there. A
// credential that is not good is refused as Require does, and never taken for none.
func (v *Verifier) Optional(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, e := v.authenticate(r, newPolicy(nil))
		switch {
		case e == nil:
			r = r.WithContext(NewContext(r.Context(), s))
		case e.Code != CodeMissingToken:
			v.Refuse(w, r, e)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Refuse answers as Require does when Authenticate returned err.
func (v *Verifier) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = newError(CodeInvalidToken, err)
		e.realm = v.config.Audience
	}
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	if location := v.wayIn(r, e); location != "" {
		head.Set("Location", location)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	if challenge := e.Challenge(); challenge != "" {
		head.Set("WWW-Authenticate", challenge)
	}
	if e.RetryAfter > 0 {
		head.Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	head.Set("Content-Type", "application/problem+json")
	head.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(e.Status)
	_, _ = w.Write(e.problem()) // who has gone away needs no answer
}

// problem is e as a problem document (RFC 9457 §3)
func (e *Error) problem() []byte {
	b := []byte(`{"type":"urn:handstamp:error:`)
	b = append(b, e.Code...)
	b = append(b, `","title":`...)
	b = jose.AppendString(b, e.Title)
	b = append(b, `,"status":`...)
	b = jose.AppendInt(b, int64(e.Status))
	b = append(b, `,"code":"`...)
	b = append(b, e.Code...)
	return append(b, "\"}\n"...)
}

// justIssued is how young a token is that a renewal has just brought
const justIssued = 10 * time.Second

// wayIn is where the issuer can help a browser whose request was refused with e, or empty when
// the answer is e itself
func (v *Verifier) wayIn(r *http.Request, e *Error) string {
	if v.config.NoRedirect || !navigation(r) {
		return ""
	}
	query := url.Values{}
	if here := v.returnTo(r); here != "" {
		query.Set("return_to", here)
	}
	page := "/session/renew?"
	switch e.Code {
	case CodeMissingToken, CodeTokenExpired:
	case CodeInvalidToken:
		// A correctly signed token that is refused as soon as it was made would be made again, and
		// again: the issuer's clock or audience differs from ours.
		if e.session != nil && v.config.Now().Sub(e.session.IssuedAt) < justIssued {
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

// navigation reports whether r is a browser opening a page, which can be sent elsewhere, and not a script, a
// prefetch or another program, which cannot
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

// returnTo is the address of this very request, as the browser knows it. The issuer decides whether it is
// one to come back to.
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
