// Package verification measures what it costs to verify a token: ours beside every other library
// and beside the bare signature check, in rounds that take turns, so that ratios hold on a noisy
// machine.
package verification

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Case is one thing to measure.
type Case struct {
	Group      string // what the case is compared within
	Name       string // who does it
	Column     string // on what; the algorithm
	Goroutines int    // how many do it at once
	Most       int    // how many operations a round has material for; 0 means any number
	Target     string // what it should take at most, in nanoseconds; empty: nothing is set
	// Prepare makes one round's work, outside the timing. done may be nil.
	Prepare func() (work Work, done func(), err error)
}

// Work does n operations, from the given one on. Goroutines get ranges that do not overlap.
type Work func(from, n int) error

// Sample is what one round of one case took.
type Sample struct {
	Nanos  float64 // an operation, wall time divided by all operations of all goroutines
	Allocs float64 // an operation; measured with one goroutine alone
	Bytes  float64 // an operation; likewise
}

// Series is the samples of one case, by round.
type Series struct {
	Case
	Samples []Sample
}

// Plan says how long to measure.
type Plan struct {
	Rounds int
	Slice  time.Duration // how long each case runs in each round
	Report func(string)  // hears of progress; nil means nobody
}

// Run measures all cases in rounds: A B C, A B C, and so on. The garbage collector runs when it has
// to, and never because we ask: it would take the heap for small and give memory back, and whoever
// allocates next would pay for fresh pages, half a page fault a token, which no service that runs
// for a while does.
func (p Plan) Run(cases []Case) ([]Series, error) {
	all := make([]Series, len(cases))
	sizes := make([]int, len(cases)) // operations of each goroutine in a round
	for i, c := range cases {
		all[i].Case = c
		n, err := p.calibrate(c)
		if err != nil {
			return nil, fmt.Errorf("%s, %s, %s: %w", c.Group, c.Name, c.Column, err)
		}
		sizes[i] = n
	}
	for round := range p.Rounds {
		for i, c := range cases {
			sample, _, err := once(c, sizes[i])
			if err != nil {
				return nil, fmt.Errorf("%s, %s, %s: %w", c.Group, c.Name, c.Column, err)
			}
			all[i].Samples = append(all[i].Samples, sample)
		}
		if p.Report != nil {
			p.Report(fmt.Sprintf("%s: round %d of %d", cases[0].Group, round+1, p.Rounds))
		}
	}
	return all, nil
}

// calibrate finds how many operations fill a slice
func (p Plan) calibrate(c Case) (int, error) {
	most := 1 << 30
	if c.Most > 0 {
		most = c.Most / c.Goroutines
	}
	for n := 1; ; n *= 4 {
		n = min(n, most)
		_, took, err := once(c, n)
		if err != nil || n == most {
			return n, err
		}
		if took >= p.Slice/8 {
			return min(max(int(float64(n)*float64(p.Slice)/float64(took)), 1), most), nil
		}
	}
}

// once runs one round of one case
func once(c Case, n int) (Sample, time.Duration, error) {
	work, done, err := c.Prepare()
	if err != nil {
		return Sample{}, 0, err
	}
	if done != nil {
		defer done()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	took, err := together(c.Goroutines, n, work)
	runtime.ReadMemStats(&after)
	ops := float64(c.Goroutines * n)
	return Sample{
		Nanos:  float64(took.Nanoseconds()) / ops,
		Allocs: float64(after.Mallocs-before.Mallocs) / ops,
		Bytes:  float64(after.TotalAlloc-before.TotalAlloc) / ops,
	}, took, err
}

// together has goroutines start at once, and takes the time until the last has ended
func together(goroutines, n int, work Work) (time.Duration, error) {
	if goroutines == 1 {
		start := time.Now()
		err := work(0, n)
		return time.Since(start), err
	}
	errs := make([]error, goroutines)
	start := make(chan struct{})
	var ready, ended sync.WaitGroup
	for g := range goroutines {
		ready.Add(1)
		ended.Go(func() {
			ready.Done()
			<-start
			errs[g] = work(g*n, n)
		})
	}
	ready.Wait()
	began := time.Now()
	close(start)
	ended.Wait()
	took := time.Since(began)
	for _, err := range errs {
		if err != nil {
			return took, err
		}
	}
	return took, nil
}
