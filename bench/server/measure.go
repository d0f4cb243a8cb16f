// Package server measures what our server costs, beside floors that no server can be below: a
// handler that does nothing, one that only signs, and one that does nothing but one write of a
// database. A generator of our own keeps a fixed number of connections busy, one request at a time
// on each; servers and generator have a core each, and what a request costs is read from /proc.
// Cases take turns, so that ratios hold on a noisy machine.
package server

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// The cores, and how many connections are kept busy.
const (
	serverCore    = 0
	GeneratorCore = 1
	connections   = 16
)

// client makes the requests of one connection, one after the other, and reads the answers.
type client interface {
	next() []byte
	take(answer) error
}

// sample is what one round of one case took.
type sample struct {
	rate     float64 // answers a second
	p50, p99 float64 // milliseconds from request to answer
	server   float64 // microseconds of processor an answer, in the server
	database float64 // microseconds of processor an answer, in the database's processes; zero: it has none
}

// benchmark is one case: what is requested of whom.
type benchmark struct {
	group   string // what is requested
	name    string // what answers: an engine, or a floor
	most    int    // how many requests are possible in all; zero: any number
	target  *programtest.Program
	engine  int // the process id of the database's server; zero: it has none
	clients []client
	conns   []*conn
	each    int // requests of a connection in a round
	samples []sample
}

// Plan says how long to measure.
type Plan struct {
	Rounds int
	Slice  time.Duration // how long each case takes in each round, about
	Report func(string)  // is called with the progress
}

// run measures all cases in rounds: A B C, A B C, and so on.
func (p Plan) run(all []*benchmark) error {
	for _, b := range all {
		if err := b.prepare(p); err != nil {
			return fmt.Errorf("%s, %s: %w", b.group, b.name, err)
		}
	}
	for round := range p.Rounds {
		for _, b := range all {
			s, err := b.round(b.each)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", b.group, b.name, err)
			}
			b.samples = append(b.samples, s)
		}
		p.Report(fmt.Sprintf("round %d of %d", round+1, p.Rounds))
	}
	return nil
}

// trials is how many requests a connection makes to find out how long they take.
const trials = 50

// prepare connects, warms up, and finds how many requests fill a slice.
func (b *benchmark) prepare(p Plan) error {
	for range b.clients {
		c, err := dial(b.target.Address)
		if err != nil {
			return err
		}
		b.conns = append(b.conns, c)
	}
	first, err := b.round(trials)
	if err != nil {
		return err
	}
	b.each = max(1, int(first.rate*p.Slice.Seconds())/len(b.clients))
	if b.most > 0 {
		b.each = max(1, min(b.each, (b.most/len(b.clients)-trials)/p.Rounds))
	}
	return nil
}

// close closes the connections.
func (b *benchmark) close() {
	for _, c := range b.conns {
		c.net.Close()
	}
}

// round has every connection make so many requests.
func (b *benchmark) round(each int) (sample, error) {
	before, err := b.used()
	if err != nil {
		return sample{}, err
	}
	began := time.Now()
	took, err := b.concurrently(each)
	wall := time.Since(began)
	if err != nil {
		return sample{}, err
	}
	after, err := b.used()
	if err != nil {
		return sample{}, err
	}
	n := float64(len(took))
	return sample{
		rate: n / wall.Seconds(), p50: milliseconds(percentile(took, 50)), p99: milliseconds(percentile(took, 99)),
		server:   float64((after[0] - before[0]).Microseconds()) / n,
		database: float64((after[1] - before[1]).Microseconds()) / n,
	}, nil
}

// used is the processor time of the server and of the database so far.
func (b *benchmark) used() (used [2]time.Duration, err error) {
	if used[0], err = cpu(b.target.Pid()); err != nil || b.engine == 0 {
		return used, err
	}
	all, err := withChildren(b.engine)
	if err != nil {
		return used, err
	}
	for _, pid := range all {
		if took, err := cpu(pid); err == nil { // a worker of the database may have ended
			used[1] += took
		}
	}
	return used, nil
}

// concurrently makes the requests on all connections, and returns how long each took.
func (b *benchmark) concurrently(each int) ([]time.Duration, error) {
	took := make([][]time.Duration, len(b.conns))
	errs := make([]error, len(b.conns))
	var all sync.WaitGroup
	for i := range b.conns {
		all.Go(func() { took[i], errs[i] = loop(b.conns[i], b.clients[i], each) })
	}
	all.Wait()
	return slices.Concat(took...), errors.Join(errs...)
}

// loop makes requests one after the other.
func loop(c *conn, by client, n int) ([]time.Duration, error) {
	took := make([]time.Duration, 0, n)
	for range n {
		request := by.next()
		began := time.Now()
		a, err := c.do(request)
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
		if err := by.take(a); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// percentile sorts what it is given.
func percentile(took []time.Duration, percent int) time.Duration {
	slices.Sort(took)
	return took[min(len(took)-1, len(took)*percent/100)]
}

// milliseconds is a duration as tables have it.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
