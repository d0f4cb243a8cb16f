package verify

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/handstamp/handstamp/verify/internal/cache"
)

// Demand is what a route asks beyond a good token. All demands of a route must be met.
type Demand struct{ add func(*policy) }

// Role demands that the user has the role, compared exactly. Who has not is answered 403.
func Role(name string) Demand {
	return Demand{func(p *policy) { p.roles = append(p.roles, name) }}
}

// Scope demands that the token has the scope, compared exactly. Otherwise 403, naming every
// scope that the route demands.
func Scope(name string) Demand {
	return Demand{func(p *policy) { p.scope = append(p.scope, name) }}
}

// Fresh demands that the user proved who they are at most d ago. Otherwise the answer asks them to
// do so again (RFC 9470 §3). A token that does not say when is never fresh, and neither is one that
// says a time which lies ahead by more than Config.Leeway.
func Fresh(d time.Duration) Demand {
	return Demand{func(p *policy) {
		if p.maxAge < 0 || d < p.maxAge {
			p.maxAge = max(d, 0)
		}
	}}
}

// ACR demands that the user proved who they are at least this strongly. aal3 meets aal2, and aal2
// meets aal1; any other value is met by itself alone. Otherwise the answer asks for it
// (RFC 9470 §3).
func ACR(value string) Demand {
	return Demand{func(p *policy) { p.acr = append(p.acr, value) }}
}

// policy is all that one route demands
type policy struct {
	roles, scope, acr []string
	maxAge            time.Duration // negative: any age
	stale             []staleness   // empty: the usual
}

// newPolicy joins demands
func newPolicy(demands []Demand) policy {
	p := policy{maxAge: -1}
	for _, d := range demands {
		d.add(&p)
	}
	return p
}

// meets returns the first demand of p that a token does not meet. What it says is read anew,
// because handlers may change what they are given.
func (v *Verifier) meets(k *cache.Entry, p *policy) *Error {
	if len(p.roles) == 0 && len(p.scope) == 0 && len(p.acr) == 0 && p.maxAge < 0 {
		return nil
	}
	var s Session
	s.Audience, s.Roles, s.Scope, s.AMR = s.unpack(k)
	return p.check(&s, v.clock.Now(), v.config.Leeway)
}

// check returns the first demand that s does not meet. What signing in again cannot give comes
// first.
func (p *policy) check(s *Session, now time.Time, leeway time.Duration) *Error {
	for _, role := range p.roles {
		if !slices.Contains(s.Roles, role) {
			return newError(CodeRoleMissing, errors.New("role "+role+" is missing"))
		}
	}
	for _, scope := range p.scope {
		if !slices.Contains(s.Scope, scope) {
			e := newError(CodeScopeMissing, errors.New("scope "+scope+" is missing"))
			e.scope = p.scope
			return e
		}
	}
	age := now.Sub(s.AuthTime)
	stale := p.maxAge >= 0 && (s.AuthTime.IsZero() || age > p.maxAge || age < -leeway)
	weak := slices.ContainsFunc(p.acr, func(value string) bool { return !reaches(s.ACR, value) })
	if !stale && !weak {
		return nil
	}
	e := newError(CodeReauthentication, errors.New("signed in too long ago, or not strongly enough"))
	e.maxAge = p.maxAge
	e.acr = strings.Join(p.acr, " ")
	return e
}

// levels are our values of acr, from weak to strong
var levels = []string{"aal1", "aal2", "aal3"}

// reaches reports whether an acr is the one demanded, or a stronger one of ours
func reaches(have, want string) bool {
	i, j := slices.Index(levels, have), slices.Index(levels, want)
	return have == want && have != "" || i >= 0 && j >= 0 && i >= j
}
