// Package linear has many clients rotate, end and list at once on real engines, and asks of
// each small round whether there is an order of its calls that the table of docs/protocol.md §4
// allows. The disabling of a user is raced against refreshes through the whole domain, so that
// the times in access tokens are the real ones (R6).
package linear

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// deep asks for more rounds: go test ./test/prove/linear -args -deep.
var deep = flag.Bool("deep", false, "play fifty times as many rounds")

// rounds returns how often something is tried.
func rounds(usual int) int {
	if *deep {
		return usual * 50
	}
	return usual
}

// The shape of a round. It is small: the search for an order takes exponential time.
const (
	clients     = 6 // behind the gate
	callsOfEach = 2
)

// timeout is how long an engine may have anything wait: the machine may be busy with other tests.
const timeout = time.Minute

// engines returns every engine, each with a new database.
var engines = []struct {
	name     string
	database func(t *testing.T) string
	open     func(ctx context.Context, database string) (store.Store, error)
}{
	{
		"sqlite", func(t *testing.T) string { return filepath.Join(folder(t), "handstamp.db") },
		func(ctx context.Context, path string) (store.Store, error) {
			return sqlite.Options{Wait: timeout}.Open(ctx, path)
		},
	},
	{
		"postgres", func(t *testing.T) string { return postgrestest.Shared(t).Database(t) },
		func(ctx context.Context, url string) (store.Store, error) {
			return postgres.Options{Wait: timeout, Limit: timeout}.Open(ctx, url)
		},
	},
}

// folder returns one in memory where the system has such: the disk has tests of its own.
func folder(t *testing.T) string {
	made, err := os.MkdirTemp("/dev/shm", "handstamp-linear-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(made) })
	return made
}

// TestLinearizable plays rounds on each engine. Two handles are on one database, as two nodes
// are.
func TestLinearizable(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			database := e.database(t)
			a := mustOpen(t, e.open, database)
			b := mustOpen(t, e.open, database)
			seen := map[string]int{}
			for i := range rounds(150) {
				round := newRound(t, a, uint64(i))
				round.play(a, b)
				if !round.check() {
					t.Fatalf("round %d has no order that the table allows:\n%s", i, round.describe())
				}
				round.count(seen)
			}
			for what, n := range seen {
				t.Logf("%6d × %s", n, what)
			}
			for _, what := range []string{
				"rotated", "repeated", "recovered", "late", "reused", "ended", "end true", "end false",
			} {
				if seen[what] == 0 {
					t.Errorf("%q never came up: the rounds prove little", what)
				}
			}
		})
	}
}

// mustOpen opens an engine until the test ends.
func mustOpen(t *testing.T, open func(context.Context, string) (store.Store, error), database string) store.Store {
	t.Helper()
	s, err := open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// round is some clients' calls at once on two sessions of one user.
type round struct {
	t        *testing.T
	dice     *rand.Rand
	now      time.Time
	user     store.UserID
	state    state // before the gate opens
	tokens   [][]token
	history  []porcupine.Operation
	ticks    atomic.Int64
	sessions []store.SessionID
}

// play has every client make its calls from behind one gate.
func (r *round) play(nodes ...store.Store) {
	calls := make([][]call, clients)
	for i := range calls {
		for range callsOfEach {
			calls[i] = append(calls[i], r.draw())
		}
	}
	var mu sync.Mutex // guards history
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	ready.Add(clients)
	for i, mine := range calls {
		done.Go(func() {
			ready.Done()
			<-gate
			for _, c := range mine {
				begun := r.ticks.Add(1)
				result, err := r.do(nodes[i%len(nodes)], c)
				ended := r.ticks.Add(1)
				if err != nil {
					r.t.Error(err)
				}
				mu.Lock()
				r.history = append(
					r.history,
					porcupine.Operation{ClientId: i, Input: c, Call: begun, Output: result, Return: ended},
				)
				mu.Unlock()
			}
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
}

// check searches for an order.
func (r *round) check() bool {
	model := porcupine.Model{
		Init:  func() any { return r.state },
		Step:  func(s, in, out any) (bool, any) { return s.(state).step(in.(call), out.(result), r.now) },
		Equal: func(a, b any) bool { return a.(state) == b.(state) },
	}
	return porcupine.CheckOperations(model, r.history)
}

// count adds what came up.
func (r *round) count(seen map[string]int) {
	for _, o := range r.history {
		in, out := o.Input.(call), o.Output.(result)
		switch in.op {
		case rotate:
			seen[out.rotated.String()]++
		case end:
			seen[fmt.Sprint("end ", out.did)]++
		case list:
			seen["list"]++
		}
	}
}

// describe returns the history in the order of the calls.
func (r *round) describe() string {
	text := fmt.Sprintf("before: %+v\n", r.state)
	for _, o := range r.history {
		text += fmt.Sprintf("%3d–%3d client %d: %+v = %+v\n", o.Call, o.Return, o.ClientId, o.Input, o.Output)
	}
	return text
}
