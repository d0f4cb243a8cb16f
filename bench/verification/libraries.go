package verification

import (
	"errors"
	"fmt"
	"strings"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/peers"
)

// The groups that libraries are compared in.
const (
	FirstSeen = "first-seen"
	Repeated  = "repeated"
)

// Raw is the name of the bare signature check among the libraries.
const Raw = "signature check alone"

// poolSizes is how many fresh tokens a round has; RSA keys take a millisecond to sign
var poolSizes = map[mint.Algorithm]int{mint.ES256: 20_000, mint.EdDSA: 20_000, mint.RS256: 8_000, mint.HS256: 20_000}

// Scale divides what is costly to make, for a trial of the machinery. 1 is the real thing.
type Scale int

// of is n scaled down, and at least 8
func (s Scale) of(n int) int { return max(n/int(max(s, 1)), 8) }

// Libraries makes the cases of one group and number of goroutines: the bare check, ours and every
// other library, on every algorithm.
func Libraries(pools map[mint.Algorithm]*Pool, group string, goroutines int) []Case {
	var cases []Case
	for _, alg := range mint.Algorithms {
		pool := pools[alg]
		base := Case{Group: group, Column: string(alg), Goroutines: goroutines}
		if group == FirstSeen {
			base.Most = len(pool.Tokens)
		}
		raw := base
		raw.Name, raw.Prepare = Raw, func() (Work, func(), error) { return pool.raw(group), nil, nil }
		cases = append(cases, raw)
		for _, p := range peers.All() {
			if _, err := p.New(*pool.Trust); errors.Is(err, peers.ErrUnsupported) {
				continue
			}
			c := base
			c.Name, c.Prepare = p.Name, pool.prepare(p, group)
			cases = append(cases, c)
		}
	}
	return cases
}

// Pools makes the tokens for Libraries.
func Pools(scale Scale) (map[mint.Algorithm]*Pool, error) {
	pools := map[mint.Algorithm]*Pool{}
	for _, alg := range mint.Algorithms {
		pool, err := NewPool(alg, scale.of(poolSizes[alg]))
		if err != nil {
			return nil, err
		}
		pools[alg] = pool
	}
	return pools, nil
}

// raw is the work of the bare check
func (p *Pool) raw(group string) Work {
	if group == Repeated {
		one := p.splits[0]
		return func(_, n int) error {
			for range n {
				if err := p.check(one); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return func(from, n int) error {
		for _, s := range p.splits[from : from+n] {
			if err := p.check(s); err != nil {
				return err
			}
		}
		return nil
	}
}

// prepare makes a new verifier for each round, so that whatever it remembers of tokens begins
// empty; it has seen one other token, so that its keys are there
func (p *Pool) prepare(peer peers.Peer, group string) func() (Work, func(), error) {
	return func() (Work, func(), error) {
		v, err := peer.New(*p.Trust)
		if err != nil {
			return nil, nil, err
		}
		if err := v.Verify(p.Warm); err != nil {
			return nil, nil, fmt.Errorf("the first token: %w", err)
		}
		if group == Repeated {
			return p.repeated(v), closer(v), nil
		}
		return verifyAll(v, p.Tokens), closer(v), nil
	}
}

// closer is how a verifier ends, or nil
func closer(v peers.Verifier) func() {
	if c, ok := v.(interface{ Close() }); ok {
		return c.Close
	}
	return nil
}

// repeated shows one token again and again, as a copy: no request brings the very bytes of another
func (p *Pool) repeated(v peers.Verifier) Work {
	if err := v.Verify(p.Tokens[0]); err != nil {
		return func(int, int) error { return err }
	}
	token := strings.Clone(p.Tokens[0])
	return func(_, n int) error {
		for range n {
			if err := v.Verify(token); err != nil {
				return err
			}
		}
		return nil
	}
}

// verifyAll shows every token once
func verifyAll(v peers.Verifier, tokens []string) Work {
	return func(from, n int) error {
		for _, token := range tokens[from : from+n] {
			if err := v.Verify(token); err != nil {
				return err
			}
		}
		return nil
	}
}

// All measures every group. Ours by itself comes last: what it is loaded with would slow down the
// garbage collector for everyone.
func All(plan Plan, scale Scale) (Results, error) {
	pools, err := Pools(scale)
	if err != nil {
		return nil, err
	}
	libraries := func(group string) func() ([]Case, error) {
		return func() ([]Case, error) {
			return append(Libraries(pools, group, 1), Libraries(pools, group, 2)...), nil
		}
	}
	requests, done, err := Requests(pools[mint.ES256])
	if err != nil {
		return nil, err
	}
	defer done()
	remembered, err := Remembered(scale)
	if err != nil {
		return nil, err
	}
	all := Results(remembered)
	for _, group := range []struct {
		plan    Plan
		prepare func() ([]Case, error)
	}{
		{plan, libraries(Repeated)},
		{plan, libraries(FirstSeen)},
		{plan.often(), func() ([]Case, error) { return Behind(pools[mint.ES256]) }},
		{plan, func() ([]Case, error) { return requests, nil }},
		{plan, func() ([]Case, error) { return Alone(scale) }},
	} {
		cases, err := group.prepare()
		if err != nil {
			return nil, err
		}
		series, err := group.plan.Run(cases)
		if err != nil {
			return nil, err
		}
		all = append(all, series...)
	}
	return all, nil
}
