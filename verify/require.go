package verify

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// Require lets a request reach h only with a good access token that meets every demand. h finds the
// session by FromContext.
//
// A browser that opens a page without one is sent to the issuer to renew its session or to sign in,
// and comes back. One that sends a form is answered with a page that says that nothing was saved,
// and how to send it again. Everything else is answered 401, 403, 400, 429 or 503 with a problem
// document (RFC 9457).
func (v *Verifier) Require(h http.Handler, demands ...Demand) http.Handler {
	p := newPolicy(demands)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, e := v.authenticate(r, &p)
		if e != nil {
			v.Refuse(w, r, e)
			return
		}
		h.ServeHTTP(w, v.withSession(r, k))
	})
}

// RequireFunc is Require for a function.
func (v *Verifier) RequireFunc(h http.HandlerFunc, demands ...Demand) http.Handler {
	return v.Require(h, demands...)
}

// Optional lets a request without any credential reach h as well: FromContext is nil there. A
// credential that is not good is refused as Require does, and never taken for none.
func (v *Verifier) Optional(h http.Handler) http.Handler {
	p := newPolicy(nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k, e := v.authenticate(r, &p)
		switch {
		case e == nil:
			r = v.withSession(r, k)
		case e.Code != CodeMissingToken:
			v.Refuse(w, r, e)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Refuse answers as Require does when Authenticate returned err. It counts the bad tokens of each
// client address, and answers 429 when there are too many.
func (v *Verifier) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = newError(CodeInvalidToken, err)
		e.realm = v.config.Audience
	}
	if e.forged && !v.bad.Allow(v.config.ClientAddress(r)) {
		e = v.refusals.tooMany
		v.metrics.add(e.counter)
	}
	head := w.Header()
	head.Set("Cache-Control", "no-store")
	if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
		head.Set("Connection", "close") // there may have been a length beside the chunks: RFC 9112 §6.1
	}
	if location := v.pageFor(r, e); location != "" {
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
	head.Set("X-Content-Type-Options", "nosniff")
	body := v.lateForm(r, e)
	if body != nil {
		head.Set("Content-Type", "text/html; charset=utf-8")
		head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	} else {
		head.Set("Content-Type", "application/problem+json")
		body = e.problem()
	}
	w.WriteHeader(e.Status)
	_, _ = w.Write(body) // who has gone away needs no answer
}

// problem is e as a problem document (RFC 9457 §3)
func (e *Error) problem() []byte {
	o := jose.NewWriter(192)
	o.String("type", "urn:handstamp:error:"+string(e.Code))
	o.String("title", e.Title)
	o.Int("status", int64(e.Status))
	o.String("code", string(e.Code))
	return append(o.Close(), '\n')
}
