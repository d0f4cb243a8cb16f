package verify

import (
	"errors"
	"slices"
	"strings"
	"time"
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

// Fresh demands that the user proved who they are at most d ago. Otherwise the answer asks them to do
// so again (RFC 9470 §3). A token that does not say when is never fresh.
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

// check returns the first demand that k does not meet. What signing in again cannot give comes
// first.
func (p *policy) check(k *verified, c *clock) *Error {
	for _, role := range p.roles {
		if !slices.Contains(k.roles, role) {
			return newError(CodeRoleMissing, errors.New("role "+role+" is missing"))
		}
	}
	for _, scope := range p.scope {
		if !slices.Contains(k.scope, scope) {
			e := newError(CodeScopeMissing, errors.New("scope "+scope+" is missing"))
			e.scope = p.scope
			return e
		}
	}
	stale := p.maxAge >= 0 && (k.proven < 0 || c.now().Sub(time.UnixMicro(k.proven)) > p.maxAge)
	weak := slices.ContainsFunc(p.acr, func(value string) bool { return !reaches(k.acr, value) })
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
