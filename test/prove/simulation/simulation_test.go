// Package simulation plays the real server against everybody at once: users with tabs and
// apps, a thief, a network that loses and reorders, a clock that is set, storage that fails
// and a server that crashes. What happens when is decided by one number, the seed, so that a
// schedule that breaks a promise of docs/protocol.md can be printed as a trace and played again.
package simulation

import (
	"flag"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// What a run is asked for: go test ./test/prove/simulation -args -schedules 1 -seed 42.
var (
	deep      = flag.Bool("deep", false, "play millions of schedules")
	schedules = flag.Int("schedules", 0, "how many schedules are played; 0: as many as there is time for")
	seed      = flag.Uint64("seed", 0, "the first schedule's seed; 0: 1, and with -deep another one each time")
	most      = flag.Duration("most", 0, "after how long no schedule is begun any more on an engine; 0: all are played")
)

// How many schedules are played.
const (
	millions  = 2_000_000
	enough    = 10_000 // for everything to come up
	perSystem = 200    // on one database, so that it stays small
	playersOf = 2      // systems at a time
	gcPercent = 800    // in percent of what is in use, before it is collected
)

// howMany returns the number of schedules to play.
func howMany() int {
	switch {
	case *schedules > 0:
		return *schedules
	case *deep:
		return millions
	}
	return usual
}

// firstSeed returns the seed to begin with: the same in every check, so that a change is to blame
// for what a check finds, and others each time in a long search.
func firstSeed() uint64 {
	switch {
	case *seed != 0:
		return *seed
	case *deep:
		return uint64(time.Now().UnixNano()) >> 10
	}
	return 1
}

// player plays schedules, one after the other, on systems of its own.
type player struct {
	t       testing.TB
	on      engine
	plant   mistake
	systems map[rules]*system
	played  map[rules]int
	seen    map[string]int
}

// newPlayer makes a player.
func newPlayer(t testing.TB, on engine, plant mistake) *player {
	return &player{t, on, plant, map[rules]*system{}, map[rules]int{}, map[string]int{}}
}

// play plays the schedule of one seed.
func (p *player) play(seed uint64) *run {
	rules := rulesOf(seed)
	if p.systems[rules] != nil && p.played[rules]%perSystem == 0 {
		p.systems[rules].close()
		p.systems[rules] = nil
	}
	if p.systems[rules] == nil {
		p.systems[rules] = newSystem(p.t, p.on, rules, p.plant)
	}
	p.played[rules]++
	r := newRun(p.t, p.systems[rules], seed)
	r.play()
	for what, n := range r.seen {
		p.seen[what] += n
	}
	return r
}

// synced runs a function under synctest, where time stands still while any goroutine runs. A
// machine that stops for seconds would otherwise have a write wait for longer than the server
// allows, and the seed would not decide alone.
func synced(t *testing.T, do func(*testing.T)) {
	t.Helper()
	synctest.Test(t, do)
}

// close ends the player's systems.
func (p *player) close() {
	for _, w := range p.systems {
		if w != nil {
			w.close()
		}
	}
}

// rulesOf returns the server that a seed is played on.
func rulesOf(seed uint64) rules {
	return allRules[[10]int{0, 0, 0, 0, 0, 0, 1, 1, 2, 3}[seed%10]]
}

// TestSimulation plays schedules and holds the server to what it promises.
func TestSimulation(t *testing.T) {
	played, seen := playAll(t, onSQLite, firstSeed(), uint64(howMany()))
	for _, what := range worthSeeing {
		if played >= enough && seen[what] < 5 {
			t.Errorf("%s came up %d times in %d schedules: they prove little", what, seen[what], played)
		}
	}
}

// TestFound plays schedules that have found something: an ending without an entry (decision 15),
// and one that the checker itself had overlooked, of a session past its limits whose sign-out is
// done and not answered.
func TestFound(t *testing.T) {
	for _, seed := range []uint64{20_002_919, 1_753_266_224_276_874} {
		playAll(t, onSQLite, seed, 1)
	}
}

// TestSimulationOnPostgres plays some of the schedules on the other engine.
func TestSimulationOnPostgres(t *testing.T) {
	postgrestest.Shared(t) // what starts in a synctest bubble would have to end there
	playAll(t, onPostgres, firstSeed(), uint64(max(1, howMany()/30)))
}

// playAll plays n schedules from a seed on, and returns how many there was time for, and what came
// up in them.
func playAll(t *testing.T, on engine, first, n uint64) (uint64, map[string]int) {
	t.Helper()
	var late atomic.Bool // outside of the bubble, where real time passes
	if *most > 0 {
		defer time.AfterFunc(*most, func() { late.Store(true) }).Stop()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	var next, played, broken atomic.Uint64
	var mu sync.Mutex // guards seen
	seen := map[string]int{}
	t.Run("players", func(t *testing.T) {
		for i := range playersOf {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				synced(t, func(t *testing.T) {
					p := newPlayer(t, on, nil)
					defer p.close()
					for i := next.Add(1) - 1; i < n && broken.Load() < 3 && !late.Load(); i = next.Add(1) - 1 {
						played.Add(1)
						if r := p.play(first + i); r.wrong != "" {
							broken.Add(1)
							t.Error(r.report())
						}
					}
					mu.Lock()
					defer mu.Unlock()
					for what, n := range p.seen {
						seen[what] += n
					}
				})
			})
		}
	})
	t.Logf("%d of %d schedules played, from seed %d on, %d broken", played.Load(), n, first, broken.Load())
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%8d × %s", seen[what], what)
	}
	return played.Load(), seen
}

// worthSeeing is what must come up for the simulation to mean something.
var worthSeeing = []string{
	"case rotated", "case repeated", "case recovered", "case late", "case ahead", "case reused", "case ended",
	"reuse", "storage error", "a database that was set back", "kept all conditions though overtaken",
}
