package simulation

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// run is one schedule: who does what when, decided by the seed alone.
type run struct {
	*checker
	t      testing.TB
	seed   uint64
	system *system
	dice   *rand.Rand
	plan   plan

	now    time.Duration // since the schedule began, as everybody but the server has it
	skew   time.Duration // what the server's clock shows more
	due    events
	serial int // of the last event
	calls  int // how many requests have reached the server
	trace  []string

	testUser testUser
	disabled bool
	clients  []*client
	requests int  // how many there have been
	stepped  bool // the server's clock was set
}

// event is something that happens at a time.
type event struct {
	at     time.Duration
	serial int // what was planned first happens first
	do     func()
}

// events is a heap of them.
type events []event

// Len, Less, Swap, Push and Pop are heap.Interface.
func (e events) Len() int { return len(e) }

// Less orders by time.
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].serial < e[j].serial
}

// Swap exchanges two.
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push adds one at the end.
func (e *events) Push(x any) { *e = append(*e, x.(event)) }

// Pop takes the last.
func (e *events) Pop() any {
	all := *e
	last := all[len(all)-1]
	*e = all[:len(all)-1]
	return last
}

// newRun lays out the schedule of a seed.
func newRun(t testing.TB, w *system, seed uint64) *run {
	r := &run{checker: newChecker(w.rules), t: t, seed: seed, system: w, dice: rand.New(rand.NewPCG(seed, 0))}
	r.plan = r.draw()
	r.now = time.Duration(r.dice.IntN(1000)) * time.Millisecond
	r.tick()
	r.testUser = w.currentUser()
	return r
}

// in has something happen after a while.
func (r *run) in(d time.Duration, do func()) {
	r.serial++
	heap.Push(&r.due, event{r.now + d, r.serial, do})
}

// tick sets the server's clock.
func (r *run) tick() { r.system.clock.at.Store(r.server().UnixMilli()) }

// server returns the time on the server's clock.
func (r *run) server() time.Time { return epoch.Add(r.now + r.skew) }

// log adds a line to the trace.
func (r *run) log(format string, args ...any) {
	line := fmt.Sprintf("%14s  ", clockFace(r.now)) + fmt.Sprintf(format, args...)
	r.trace = append(r.trace, line)
}

// clockFace shows a time of the trace.
func clockFace(d time.Duration) string {
	days := d / (24 * time.Hour)
	rest := d % (24 * time.Hour)
	text := fmt.Sprintf("%02d:%02d:%06.3f", int(rest.Hours()), int(rest.Minutes())%60, (rest % time.Minute).Seconds())
	if days > 0 {
		text = fmt.Sprintf("%dd %s", days, text)
	}
	return text
}

// play runs the schedule to its end and reports whether every promise was kept.
func (r *run) play() bool {
	r.open()
	for len(r.due) > 0 && r.calls < r.plan.calls && r.serial < 10*r.plan.calls && r.wrong == "" {
		next := heap.Pop(&r.due).(event)
		r.now = next.at
		r.tick()
		next.do()
	}
	if r.wrong == "" {
		r.close()
	}
	return r.wrong == ""
}

// report returns the trace of a schedule that went wrong.
func (r *run) report() string {
	return fmt.Sprintf(
		"seed %d: %s\n(again: go test ./test/prove/simulation -run Simulation -args -seed %d -schedules 1)\n\n%s\n\n%s",
		r.seed, r.wrong, r.seed, r.system.rules, strings.Join(r.trace, "\n"),
	)
}

// chance reports whether something happens that does so in p of 100 cases.
func (r *run) chance(p int) bool { return r.dice.IntN(100) < p }

// between draws a time in whole milliseconds.
func (r *run) between(low, high time.Duration) time.Duration {
	return low + time.Duration(r.dice.Int64N(int64((high-low)/time.Millisecond)+1))*time.Millisecond
}

// oneOf draws one of several.
func oneOf[T any](r *run, all ...T) T { return all[r.dice.IntN(len(all))] }
