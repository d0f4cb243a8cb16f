// Package feed measures how soon an ending is known everywhere: real server programs on one
// PostgreSQL, verifiers that follow their feed, and requests that are sent meanwhile, undisturbed
// and with failures.
package feed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// The promise that is measured (docs/protocol.md §6).
const (
	bound     = time.Second     // after which every connected verifier refuses
	staleness = 5 * time.Second // after which a disconnected one knows it

	timeout = 30 * time.Second // after which an ending that nobody heard of ends the trial
)

// Plan says how large a trial is.
type Plan struct {
	Nodes     int           // server programs
	Verifiers int           // each with a stream of its own
	Endings   int           // sessions that are ended, at random times
	Rate      int           // requests a second at random verifiers, with random tokens
	During    time.Duration // in which the endings are
	Report    func(string)  // is called with how far the trial is
	Command   string        // what the section says that it was measured by
}

// trial is one trial while it runs.
type trial struct {
	Plan
	cluster   *cluster
	verifiers []*verifier
	sessions  []*session
	users     users

	mu  sync.Mutex // guards what follows
	out Outcome
}

// Outcome is what a trial measured.
type Outcome struct {
	Conditions Conditions
	Last       []time.Duration // for each ending, from its answer to the last verifier that had to know
	Each       []time.Duration // for each ending and verifier
	Requests   int
	Late       int // accepted after the bound, though the session had ended
	Wrong      int // refused as ended, though the session lives
	Refused    int // answered 503, because the verifier knew that it was disconnected
	Retried    int // endings that were asked for again, because a node or the database was away
	Reconnects int64
	Gaps       int64
}

// Conditions is what a trial runs under.
type Conditions string

// The conditions.
const (
	Undisturbed  Conditions = "undisturbed"
	WithFailures Conditions = "with failures"
)

// failures is what fails in a trial WithFailures.
const failures = "one in a hundred pieces of every stream is truncated and its connection closed, a node is killed, " +
	"PostgreSQL crashes, and a verifier receives nothing for 10 s"

// Run makes a trial.
func (p Plan) Run(ctx context.Context, under Conditions) (out Outcome, err error) {
	c, err := newCluster(p.Nodes)
	if err != nil {
		return out, err
	}
	t := &trial{Plan: p, cluster: c, users: users{c.nodes, newHTTPClient()}}
	defer func() {
		for _, v := range t.verifiers {
			v.Close()
		}
		err = errors.Join(err, c.close())
	}()
	t.out.Conditions = under
	p.Report(string(under) + ": signing in")
	live := max(t.Endings/5, 1) // sessions that are not ended
	if t.sessions, err = t.users.signUpMany(ctx, t.Endings+live); err != nil {
		return out, err
	}
	if err := t.startVerifiers(ctx); err != nil {
		return out, err
	}
	p.Report(string(under) + ": ending sessions")
	if err := t.measure(ctx); err != nil {
		return out, err
	}
	for _, v := range t.verifiers {
		s := v.Status().Feed
		t.out.Reconnects += s.Reconnects
		t.out.Gaps += s.Gaps
	}
	return t.out, nil
}

// startVerifiers starts the verifiers, and waits until all of them follow the feed.
func (t *trial) startVerifiers(ctx context.Context) error {
	for range t.Verifiers {
		v, err := t.cluster.verifier(ctx)
		if err != nil {
			return err
		}
		t.verifiers = append(t.verifiers, v)
	}
	for _, v := range t.verifiers {
		for end := time.Now().Add(30 * time.Second); !v.Status().Feed.Connected; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				return fmt.Errorf("a verifier does not come to follow the feed: %v", v.Status().Feed.Error)
			}
		}
	}
	return nil
}

// measure sends requests and ends sessions at random times, with failures where the trial has them.
func (t *trial) measure(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var flow, endings sync.WaitGroup
	flow.Go(func() { t.sendRequests(ctx) })
	var failed error
	if t.out.Conditions == WithFailures {
		endings.Go(func() { failed = t.disturb() })
	}
	errs := make([]error, t.Endings)
	for i := range t.Endings {
		at := time.Duration(rand.Float64() * float64(t.During))
		endings.Go(func() {
			time.Sleep(at)
			errs[i] = t.end(ctx, t.sessions[i])
		})
	}
	endings.Wait()
	time.Sleep(bound + staleness) // for requests with the tokens of those that ended last
	cancel()
	flow.Wait()
	return errors.Join(append(errs, failed)...)
}

// disturb breaks connections, kills, crashes and silences, one after the other and each once.
func (t *trial) disturb() error {
	t.cluster.disconnecting.Store(true)
	defer t.cluster.disconnecting.Store(false)
	pause := t.During / 6
	time.Sleep(pause)
	err := t.cluster.killOne()
	time.Sleep(pause)
	t.verifiers[0].silence(min(10*time.Second, t.During/2))
	time.Sleep(pause)
	return errors.Join(err, t.cluster.crash())
}

// sendRequests sends requests, each to any verifier with the token of any session, at a steady
// rate.
func (t *trial) sendRequests(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	sent, began := 0, time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for due := int(time.Since(began).Seconds() * float64(t.Rate)); sent < due; sent++ {
			t.request(t.verifiers[rand.IntN(len(t.verifiers))], t.sessions[rand.IntN(len(t.sessions))])
		}
	}
}

// request makes one request and judges its answer.
func (t *trial) request(v *verifier, s *session) {
	asked, silent := time.Now(), v.silent()
	status := v.ask(s.access)
	ended, since := s.ended()
	limit := bound
	if silent || v.silent() {
		limit += staleness
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.Requests++
	switch {
	case status == http.StatusServiceUnavailable:
		t.out.Refused++
	case status == http.StatusOK && ended && asked.Sub(since) > limit:
		t.out.Late++
	case status != http.StatusOK && !s.endRequested():
		t.out.Wrong++
	}
}

// lead is how long before a session ends the verifiers begin to be shown its token, one after the
// other: two hundred checks of a signature at once would be in the way of what is measured.
const lead = 2 * time.Second

// end shows a session's token to every verifier, ends it, and waits until all that hear anything
// refuse it.
func (t *trial) end(ctx context.Context, s *session) error {
	known := make([]*verify.Session, len(t.verifiers))
	for i, v := range t.verifiers {
		time.Sleep(lead / time.Duration(len(t.verifiers)))
		var err error
		if known[i], err = v.Verify(ctx, s.access); err != nil {
			return fmt.Errorf("a token is refused before its session was ended: %w", err)
		}
	}
	retried, err := t.users.signOut(ctx, s)
	if err != nil {
		return err
	}
	_, answered := s.ended()
	took := make([]time.Duration, len(known))
	var waiting sync.WaitGroup
	for i := range known {
		waiting.Go(func() {
			select {
			case <-known[i].Done():
			case <-time.After(timeout):
			}
			took[i] = max(time.Since(answered), 0)
		})
	}
	waiting.Wait()
	if slowest := slices.Max(took); slowest >= timeout {
		return fmt.Errorf("a verifier did not hear of an ending in %v", slowest)
	}
	v := t.verifiers[rand.IntN(len(t.verifiers))] // said to be over, and so it must be refused
	if status := v.ask(s.access); status == http.StatusOK {
		return errors.New("a session was said to be over, and its token is accepted")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.out.Retried += retried
	last := time.Duration(0)
	for i, d := range took {
		if t.verifiers[i].wasSilent(answered) { // had to know only when it heard again
			continue
		}
		t.out.Each = append(t.out.Each, d)
		last = max(last, d)
	}
	t.out.Last = append(t.out.Last, last)
	return nil
}
