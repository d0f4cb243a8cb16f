package verification

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/page"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	handstamp "github.com/handstamp/handstamp/verify"
)

// Ours is the name of the group that measures our verifier by itself.
const Ours = "ours alone"

// hot is the case of one token that is shown again and again.
const hot = "one hot token"

// What the verifier is loaded with while it is measured by itself.
const (
	endedSessions = 1_000_000
	cutOffs       = 100_000
	liveTokens    = 100_000
)

// memory is an issuer's keys and endings
type memory struct {
	handstamp.KeySource
	keys   *jose.KeySet
	ending *revoked.Set
}

// Keys are the issuer's keys.
func (m memory) Keys() *jose.KeySet { return m.keys }

// Revoked is what ended early.
func (m memory) Revoked() *revoked.Set { return m.ending }

// ours is an issuer with a million ended sessions, and live tokens of sessions that are not among
// them
type ours struct {
	pool   *Pool
	config handstamp.Config
	order  []int32 // places in the pool, uniform
	skewed []int32 // places in the pool, by Zipf's law
}

// Alone makes the cases that measure our verifier by itself, under ES256. Verifiers are made once,
// and keep what they remember from round to round: that is what is measured.
func Alone(scale Scale) ([]Case, error) {
	pool, err := NewPool(mint.ES256, scale.of(liveTokens))
	if err != nil {
		return nil, err
	}
	keys, skipped, err := jose.ParseKeySet(pool.Trust.JWKS())
	if err = errors.Join(append(skipped, err)...); err != nil {
		return nil, err
	}
	ending, err := endings(pool, scale)
	if err != nil {
		return nil, err
	}
	o := &ours{pool: pool}
	o.config = handstamp.Config{
		Issuer: mint.Issuer, Audience: mint.Audience, Keys: memory{keys: keys, ending: ending},
		Logger:     slog.New(slog.DiscardHandler),
		CacheBytes: 256 << 20, // room for all live tokens: 100,000 take about 100 MB
	}
	o.shuffle()
	return o.cases()
}

// shuffle draws the order in which tokens come
func (o *ours) shuffle() {
	const draws = 1 << 18
	n := len(o.pool.Tokens)
	source := rand.New(rand.NewPCG(1, 2)) // the same in every run
	zipf := rand.NewZipf(source, 1.1, 1, uint64(n-1))
	for range draws {
		o.order = append(o.order, int32(source.IntN(n)))
		o.skewed = append(o.skewed, int32(zipf.Uint64()))
	}
}

// endings are a million sessions, and 100,000 users whose tokens up to an hour ago are refused. A
// tenth of the live tokens belong to such users, and are newer.
func endings(pool *Pool, scale Scale) (*revoked.Set, error) {
	set := revoked.NewSet()
	now := time.Now()
	expires := now.Add(life).Unix()
	entries := make([]revoked.Entry, 0, scale.of(endedSessions)+scale.of(cutOffs))
	for range scale.of(endedSessions) {
		entries = append(entries, revoked.Entry{Kind: revoked.Session, ID: mint.Random(16), Expires: expires})
	}
	for i := range scale.of(cutOffs) {
		id := "usr_" + mint.Random(16)
		if i%10 == 0 && i < len(pool.Tokens) {
			id = subject(pool.Tokens[i])
		}
		entries = append(
			entries,
			revoked.Entry{Kind: revoked.User, ID: id, NotBefore: now.Add(-time.Hour).Unix(), Expires: expires},
		)
	}
	return set, set.Merge(revoked.Snapshot{Epoch: now.UnixMilli(), Seq: int64(len(entries)), Entries: entries})
}

// subject is the sub of a token of our own
func subject(token string) string {
	payload, err := jose.DecodeBase64(strings.Split(token, ".")[1])
	if err != nil {
		panic(err) // made by mint
	}
	r := jose.NewReader(string(payload))
	sub := ""
	for name := range r.Object() {
		if name == "sub" {
			sub = r.String()
		}
	}
	return sub
}

// verifier makes one that has seen tokens
func (o *ours) verifier(tokens []string) (*handstamp.Verifier, error) {
	v, err := handstamp.New(context.Background(), o.config)
	if err != nil {
		return nil, err
	}
	failed := make([]error, len(tokens))
	each(len(tokens), func(i int) { _, failed[i] = v.Verify(context.Background(), tokens[i]) })
	return v, errors.Join(failed...)
}

// wearIn makes garbage until it was collected twice. So many tokens live here that nothing would be
// collected in the rounds, and whoever allocates would be the first to touch each page, and pay for
// it with a page fault.
func wearIn() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for until := m.NumGC + 2; m.NumGC < until; runtime.ReadMemStats(&m) {
		for range 1024 {
			garbage = new([1024]byte)
			garbage[0] = 1 // else it may stay untouched
		}
	}
	garbage = nil
}

// garbage is a package's variable so that it is allocated
var garbage *[1024]byte

// cases are all of them
func (o *ours) cases() ([]Case, error) {
	var cases []Case
	add := func(name string, goroutines int, target string, work Work) {
		cases = append(cases, Case{
			Group: Ours, Name: name, Goroutines: goroutines, Target: target,
			Prepare: func() (Work, func(), error) { return work, nil, nil },
		})
	}
	thousand := min(1000, len(o.pool.Tokens))
	live := []struct {
		name, target string
		tokens       []string
		order        []int32
	}{
		{hot, "150", o.pool.Tokens[:1], o.order},
		{fmt.Sprintf("%s live tokens, uniform", page.Grouped(thousand)), "", o.pool.Tokens[:thousand], o.order},
		{fmt.Sprintf("%s live tokens, uniform", page.Grouped(len(o.pool.Tokens))), "", o.pool.Tokens, o.order},
		{fmt.Sprintf("%s live tokens, Zipf (s = 1.1)", page.Grouped(len(o.pool.Tokens))), "", o.pool.Tokens, o.skewed},
	}
	for _, l := range live {
		v, err := o.verifier(l.tokens)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
		presented := make([]string, len(l.tokens))
		for i, token := range l.tokens { // as in a request: never the very bytes that are remembered
			presented[i] = strings.Clone(token)
		}
		work := accepted(v, presented, l.order)
		add(l.name, 1, l.target, work)
		add(l.name, 2, "", work)
	}
	v, err := o.verifier(o.pool.Tokens[:thousand])
	if err != nil {
		return nil, err
	}
	add("garbage: 600 letters without a dot", 1, "50", refused(v, o.garbage()))
	add("one character that is not base64, in a token never seen", 1, "100", refused(v, o.badBase64(thousand)))
	add("one character that is not base64, in a copy of a live token", 1, "100", refused(v, o.badBase64(0)))
	add("a token that names an unknown key", 1, "1,500", refused(v, o.unknownKey()))
	add("a signature that is wrong, never seen before", 1, "", refused(v, o.badSignature()))
	wearIn()
	return cases, nil
}

// accepted shows tokens in an order, all of which are good
func accepted(v *handstamp.Verifier, tokens []string, order []int32) Work {
	ctx := context.Background()
	count, mask := int32(len(tokens)), len(order)-1
	places := make([]int32, len(order)) // folded to those that there are
	for i, place := range order {
		places[i] = place % count
	}
	return func(from, n int) error {
		for i := from; i < from+n; i++ {
			if _, err := v.Verify(ctx, tokens[places[i&mask]]); err != nil {
				return err
			}
		}
		return nil
	}
}

// errAccepted is a bad token that got through
var errAccepted = errors.New("a bad token was accepted")

// refused shows tokens in turn, none of which is good
func refused(v *handstamp.Verifier, tokens []string) Work {
	ctx := context.Background()
	return func(from, n int) error {
		for i := from; i < from+n; i++ {
			if _, err := v.Verify(ctx, tokens[i%len(tokens)]); err == nil {
				return errAccepted
			}
		}
		return nil
	}
}

// badTokens is how many different bad tokens of a kind there are
const badTokens = 1024

// bad makes bad tokens of good ones
func (o *ours) bad(spoil func(i int, token string) string) []string {
	list := make([]string, badTokens)
	each(badTokens, func(i int) { list[i] = spoil(i, o.pool.Tokens[i%len(o.pool.Tokens)]) })
	return list
}

// garbage is random text of a token's length
func (o *ours) garbage() []string {
	return o.bad(func(int, string) string { return mint.Random(450) })
}

// badBase64 has a wrong character somewhere in the claims of tokens, beginning with one of them.
// Where the token is a live one, its tail leads to what is remembered, and both are compared up to
// the wrong character.
func (o *ours) badBase64(first int) []string {
	return o.bad(func(i int, _ string) string {
		token := o.pool.Tokens[(first+i)%len(o.pool.Tokens)]
		at := strings.IndexByte(token, '.') + 1 + i%300
		return token[:at] + "!" + token[at+1:]
	})
}

// unknownKey is signed by somebody else, and says so
func (o *ours) unknownKey() []string {
	other, err := mint.NewKey(mint.ES256)
	if err != nil {
		panic(err) // a random key
	}
	return o.bad(func(int, string) string { return other.Token(mint.Claims(time.Now())) })
}

// badSignature has the signature of another token
func (o *ours) badSignature() []string {
	n := len(o.pool.Tokens)
	return o.bad(func(i int, token string) string {
		other := o.pool.Tokens[(i+1)%n]
		return token[:strings.LastIndexByte(token, '.')] + other[strings.LastIndexByte(other, '.'):]
	})
}
