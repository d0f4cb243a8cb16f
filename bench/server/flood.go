package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/handstamp/handstamp/bench/page"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// FloodPlan says how a server is flooded with sign-ins, at the real cost of a hash, while others go
// on.
type FloodPlan struct {
	// SignIns is how many connections sign in as soon as they may: at once after an answer, after
	// Retry-After when refused.
	SignIns int
	Before  time.Duration // how long the others are watched before
	During  time.Duration // how long the flood lasts
}

// pace is how often each of the others asks.
const pace = 10 * time.Millisecond

// FloodResult is what was measured. Latencies are in milliseconds.
type FloodResult struct {
	plan           FloodPlan
	before, during map[string][]time.Duration // group → latencies
	signedIn       []time.Duration
	refused        []time.Duration
	withoutRetry   int // refusals that did not say when to retry
}

// Flood floods a server and measures it.
func Flood(ctx context.Context, s FloodPlan) (_ *FloodResult, err error) {
	folder, err := os.MkdirTemp("", "serverbench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	on := newSQLite(folder)
	tokens, err := on.seed(ctx, connections*100)
	if err != nil {
		return nil, err
	}
	target, err := child(ours, on.settings())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, target.Stop()) }()
	half := len(tokens) / 2
	access, err := accessTokens(target, tokens[half:half+20])
	if err != nil {
		return nil, err
	}
	var reads [][]byte
	for _, token := range access {
		reads = append(reads, request("GET /v1/session", token, ""))
	}
	others := map[string][]client{
		refresh:     refreshClients(tokens[:half])[:8],
		sessionRead: repeatClients(200, reads...)[:8],
	}
	f := &FloodResult{plan: s}
	if f.before, err = watch(target, others, s.Before); err != nil {
		return nil, err
	}
	return f, f.run(target, others)
}

// run floods, and watches the others.
func (f *FloodResult) run(target *programtest.Program, others map[string][]client) error {
	end := time.Now().Add(f.plan.During)
	var mu sync.Mutex // guards f and failed
	var failed error
	var flood sync.WaitGroup
	for n := range f.plan.SignIns {
		flood.Go(func() {
			err := f.signIn(target, n, end, &mu)
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
		})
	}
	var err error
	f.during, err = watch(target, others, f.plan.During)
	flood.Wait()
	return errors.Join(err, failed)
}

// signIn signs one user in, again and again.
func (f *FloodResult) signIn(target *programtest.Program, n int, end time.Time, mu *sync.Mutex) error {
	c, err := dial(target.Address)
	if err != nil {
		return err
	}
	defer c.net.Close()
	signIn := request("POST /v1/session", "", credentials(email(n%users)))
	for time.Now().Before(end) {
		began := time.Now()
		a, err := c.do(signIn)
		if err != nil {
			return err
		}
		took := time.Since(began)
		mu.Lock()
		switch {
		case a.status == 201:
			f.signedIn = append(f.signedIn, took)
		case a.status == 503:
			f.refused = append(f.refused, took)
			if a.retryAfter == "" {
				f.withoutRetry++
			}
		default:
			err = wantStatus(a, 201)
		}
		mu.Unlock()
		if err != nil {
			return err
		}
		if a.status == 503 {
			wait := time.Duration(max(1, number([]byte(a.retryAfter)))) * time.Second
			time.Sleep(wait + rand.N(wait/2)) // clients do not return in step
		}
	}
	return nil
}

// watch sends requests of clients at a fixed rate, and returns the latencies.
func watch(
	target *programtest.Program, others map[string][]client, during time.Duration,
) (map[string][]time.Duration, error) {
	end := time.Now().Add(during)
	took := map[string][]time.Duration{}
	var mu sync.Mutex // guards took and failed
	var failed error
	var all sync.WaitGroup
	for group, clients := range others {
		for i, by := range clients {
			all.Go(func() {
				latencies, err := paced(target, by, end, time.Duration(i)*pace/time.Duration(len(clients)))
				mu.Lock()
				defer mu.Unlock()
				took[group] = append(took[group], latencies...)
				failed = errors.Join(failed, err)
			})
		}
	}
	all.Wait()
	return took, failed
}

// paced sends requests at a fixed rate, from a moment after now. A request that is late because
// the answer before was late counts from when it was due.
func paced(target *programtest.Program, by client, end time.Time, after time.Duration) ([]time.Duration, error) {
	c, err := dial(target.Address)
	if err != nil {
		return nil, err
	}
	defer c.net.Close()
	var took []time.Duration
	for due := time.Now().Add(after); due.Before(end); due = due.Add(pace) {
		time.Sleep(time.Until(due))
		a, err := c.do(by.next())
		if err = errors.Join(err, by.take(a)); err != nil {
			return nil, err
		}
		took = append(took, time.Since(due))
	}
	return took, nil
}

// table writes the results.
func (f *FloodResult) table(b *strings.Builder) {
	fmt.Fprintf(b,
		"### A flood of sign-ins\n\n%d connections sign in at once, at the real cost of a hash, each again as "+
			"soon as it may: at once after "+
			"an answer, or, when refused, after `Retry-After` and up to half as long again. Meanwhile eight "+
			"connections refresh and eight read their session, each every %v; "+
			"an answer's time counts from when its request was due. SQLite, %v before and %v during the flood, "+
			"the server on one core.\n\n",
		f.plan.SignIns, pace, f.plan.Before, f.plan.During,
	)
	row := func(name string, took []time.Duration, target string) []string {
		if len(took) == 0 {
			return []string{name, "0", "", "", target}
		}
		return []string{
			name, page.Grouped(len(took)), page.Figure(milliseconds(percentile(took, 50))),
			page.Figure(milliseconds(percentile(took, 99))), target,
		}
	}
	page.Table(b, []string{"answers", "number", "p50, ms", "p99, ms", "target, p99"}, [][]string{
		row("refresh, before", f.before[refresh], ""), row("refresh, during", f.during[refresh], "below 20"),
		row("session read, before", f.before[sessionRead], ""),
		row("session read, during", f.during[sessionRead], "below 20"),
		row("sign-in, 201", f.signedIn, ""),
		row("sign-in, 503 with `Retry-After`", f.refused, "at once"),
	})
}

// SignIns tells how many of the flood were let in, how many were refused, and how many of those
// were not told when to retry.
func (f *FloodResult) SignIns() (in, refused, withoutRetry int) {
	return len(f.signedIn), len(f.refused), f.withoutRetry
}
