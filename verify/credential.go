package verify

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/handstamp/handstamp/internal/origin"
	"github.com/handstamp/handstamp/verify/internal/cache"
	"github.com/handstamp/handstamp/verify/internal/clock"
)

// cookieNames are the names that the access cookie can have under this issuer, the safest first.
// Plain http has no prefixes, and exists on loopback alone.
func cookieNames(issuer *url.URL) []string {
	if issuer.Scheme == "http" {
		return []string{"hs_access"}
	}
	return []string{"__Host-Http-hs_access", "__Secure-hs_access"}
}

// maxCookies is how many values under one name are tried; of more, none is
const maxCookies = 4

// errNoBearer is the cause of refusing a header that says Bearer and no more
var errNoBearer = errors.New("no token after Bearer")

// Authenticate is what Require does, short of answering: it takes the credential from the
// Authorization header or the access cookie, checks where the request comes from, the token and the
// demands. It is for routers that have middleware of their own kind; see Refuse for the answer. Its
// errors are *Error.
func (v *Verifier) Authenticate(r *http.Request, demands ...Demand) (*Session, error) {
	p := &v.plain
	if len(demands) > 0 {
		joined := newPolicy(demands)
		p = &joined
	}
	k, e := v.authenticate(r, p)
	if e != nil {
		return nil, e
	}
	return v.session(k), nil
}

// authenticate is Authenticate for demands that were joined before
func (v *Verifier) authenticate(r *http.Request, p *policy) (*cache.Entry, *Error) {
	jars := v.cookieTokens(r)
	bearer, e := bearerToken(r)
	switch {
	case e != nil && (len(jars) == 0 || !errors.Is(e.cause, errNoBearer)):
		return nil, v.reject(r, e, "")
	case bearer == "":
		return v.authenticateCookie(r, jars, p)
	}
	k, now, e := v.verify(r.Context(), bearer)
	if len(jars) == 0 || e != nil && !e.forged {
		return v.demand(r, p, outcome{k, bearer, now, e})
	}
	if e != nil { // "Bearer undefined" is what a script sends that knows no token: the cookies decide
		k, e = v.authenticateCookie(r, jars, p)
		return k, e.alsoForged()
	}
	for _, values := range jars {
		other := v.verifyOne(r, values)
		if other.e == nil && other.token != bearer || other.e != nil && other.e.Code == CodeInvalidRequest {
			// RFC 6750 §2: one method a request
			return nil, v.reject(r, newError(CodeInvalidRequest, errors.New("header and cookie differ")), bearer)
		}
	}
	return v.demand(r, p, outcome{k, bearer, now, nil})
}

// authenticateCookie decides on a request whose only credential is cookies, if any
func (v *Verifier) authenticateCookie(r *http.Request, jars [][]string, p *policy) (*cache.Entry, *Error) {
	if len(jars) == 0 {
		return nil, v.reject(r, v.refusals.missing, "")
	}
	if err := v.checkOrigin(r); err != nil {
		return nil, v.reject(r, newError(CodeCrossOrigin, err), "")
	}
	var first outcome
	for _, values := range jars {
		o := v.verifyOne(r, values)
		if o.e == nil || o.e.Code == CodeKeysUnavailable {
			return v.demand(r, p, o)
		}
		if first.e == nil {
			first = o
		}
	}
	return nil, v.reject(r, first.e, first.token)
}

// verifyOne verifies the values of cookies with one name, of which one may be good: another site on
// the domain may have put the others there, or they are left over. Of values that are all bad, the
// first that the issuer signed says what is wrong, as it would alone; else the first.
func (v *Verifier) verifyOne(r *http.Request, values []string) (one outcome) {
	if len(values) > maxCookies {
		return outcome{token: values[0], e: forged(fmt.Errorf("%d access cookies", len(values)))}
	}
	var bad outcome
	junk := false
	for _, value := range values {
		got, now, failed := v.verify(r.Context(), value)
		switch {
		case failed != nil && failed.Code == CodeKeysUnavailable:
			return outcome{token: value, e: failed}
		case failed != nil:
			junk = junk || failed.forged
			if bad.e == nil || bad.e.forged && !failed.forged {
				bad = outcome{token: value, e: failed}
			}
		case one.good != nil:
			return outcome{e: newError(CodeInvalidRequest, errors.New("two good access cookies"))}
		default:
			one = outcome{good: got, token: value, now: now}
		}
	}
	switch {
	case one.good != nil:
		return one
	case junk:
		bad.e = bad.e.alsoForged()
	}
	return bad
}

// outcome is what became of a token: a verified one, or an error
type outcome struct {
	good  *cache.Entry
	token string
	now   clock.Moment // when the good one was found so
	e     *Error
}

// demand lets a verified token through if it meets the policy
func (v *Verifier) demand(r *http.Request, p *policy, o outcome) (*cache.Entry, *Error) {
	if o.e == nil {
		o.e = v.meets(o.good, p)
		if o.e == nil {
			o.e = v.upToDate(r.Context(), p, o.good, o.now)
		}
		if o.e == nil {
			v.metrics.add(countAccepted)
			return o.good, nil
		}
	}
	return nil, v.reject(r, o.e, o.token)
}

// bearerToken takes the token from the Authorization header (RFC 6750 §2.1), of which there may be
// one. Another scheme than Bearer is somebody else's credential, and none of ours.
func bearerToken(r *http.Request) (string, *Error) {
	values := r.Header["Authorization"]
	if len(values) > 1 {
		return "", newError(CodeInvalidRequest, errors.New("two Authorization headers"))
	}
	if len(values) == 0 {
		return "", nil
	}
	if token, usual := strings.CutPrefix(values[0], "Bearer "); usual && token != "" && token[0] != ' ' {
		return token, nil
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") { // RFC 9110 §11.1: in any case
		return "", nil
	}
	token = strings.TrimLeft(token, " ") // RFC 9110 §11.4: one or more blanks
	if token == "" {
		return "", newError(CodeInvalidRequest, errNoBearer)
	}
	return token, nil
}

// cookieTokens are the distinct values of the access cookie, grouped by its names, the
// safest first. A refresh cookie is never read.
func (v *Verifier) cookieTokens(r *http.Request) (jars [][]string) {
	if len(r.Header["Cookie"]) == 0 {
		return nil
	}
	for _, name := range v.cookies {
		var values []string
		for _, c := range r.CookiesNamed(name) {
			value := c.Value
			if c.Quoted { // net/http took the quotes off; ours never had any
				value = `"` + value + `"`
			}
			if value != "" && !slices.Contains(values, value) {
				values = append(values, value)
			}
			if len(values) > maxCookies { // enough to know; the rest would be compared with all before it
				break
			}
		}
		if len(values) > 0 {
			jars = append(jars, values)
		}
	}
	return jars
}

// checkOrigin refuses a request that another site made the browser send with our cookie along, by
// Fetch Metadata and Origin; an unsafe request with neither is refused too. Opening a WebSocket
// counts as unsafe: no other rule keeps sites apart there (RFC 6455 §10.2).
func (v *Verifier) checkOrigin(r *http.Request) error {
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	if safe && !upgrades(r) {
		return nil
	}
	own := []string{origin.Of(v.scheme(r), r.Host)}
	if v.public != "" {
		own = append(own, v.public)
	}
	return origin.Check(r.Header, own, v.config.TrustedOrigins)
}

// upgrades reports whether r asks for another protocol on its connection
func upgrades(r *http.Request) bool { return r.Header.Get("Upgrade") != "" }
