package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/page"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// Growth says how large things are made to see what grows with them.
type Growth struct {
	Few, Many int           // live sessions of the two databases whose refreshes are compared
	Live      int           // live sessions of the one that is watched under load
	During    time.Duration // how long it is watched
	Starts    int           // how often a server is started
	Plan      Plan          // of the comparison
}

// GrowthResult is what was measured.
type GrowthResult struct {
	growth  Growth
	results Results
	starts  []float64 // milliseconds from the start of the program to its first answer
	idle    float64   // MB in memory after a start
	load    []float64 // MB in memory under load, at even distances
	rate    float64   // refreshes a second then
}

// Grow measures the program as it is built.
func Grow(ctx context.Context, g Growth) (_ *GrowthResult, err error) {
	folder, err := os.MkdirTemp("", "serverbench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := programtest.Build(folder, "cmd/handstamp"); err != nil {
		return nil, err
	}
	grown := &GrowthResult{growth: g}
	if err := grown.watch(ctx, folder); err != nil {
		return nil, err
	}
	return grown, grown.compare(ctx, folder)
}

// startProgram starts the program of a folder on a deployment.
func startProgram(folder string, s *deployment) (*programtest.Program, error) {
	p, err := programtest.Server(filepath.Join(folder, "handstamp"), folder)
	if err != nil {
		return nil, err
	}
	for name, value := range s.settings() {
		p.Set(name, value)
	}
	return p, start(p)
}

// watch starts servers on one database, and refreshes at the last of them under load.
func (g *GrowthResult) watch(ctx context.Context, folder string) (err error) {
	s := newSQLite(folder)
	tokens, err := s.seed(ctx, g.growth.Live)
	if err != nil {
		return err
	}
	for range g.growth.Starts {
		began := time.Now()
		p, err := startProgram(folder, s)
		if err != nil {
			return err
		}
		c, err := dial(p.Address)
		if err != nil {
			return errors.Join(err, p.Stop())
		}
		a, err := c.do(request("GET /.well-known/jwks.json", "", ""))
		g.starts = append(g.starts, milliseconds(time.Since(began)))
		if err = errors.Join(err, wantStatus(a, 200), c.net.Close(), p.Stop()); err != nil {
			return err
		}
	}
	p, err := startProgram(folder, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	time.Sleep(time.Second)
	if g.idle, err = p.Memory(); err != nil {
		return err
	}
	return g.sample(p, tokens)
}

// memorySamples is how often memory is read under load.
const memorySamples = 10

// sample refreshes every session, over and over, at a fixed rate, and samples the memory meanwhile.
func (g *GrowthResult) sample(p *programtest.Program, tokens []string) error {
	clients := refreshClients(tokens)
	failed := make(chan error, 1)
	began, asked := time.Now(), 0
	go func() {
		took, err := watch(p, map[string][]client{refresh: clients}, g.growth.During)
		asked = len(took[refresh])
		failed <- err
	}()
	for n := range memorySamples {
		time.Sleep(time.Until(began.Add(g.growth.During * time.Duration(n+1) / memorySamples)))
		now, err := p.Memory()
		if err != nil {
			return errors.Join(err, <-failed)
		}
		g.load = append(g.load, now)
	}
	err := <-failed
	g.rate = float64(asked) / g.growth.During.Seconds()
	return err
}

// compare measures refreshes by turns on a small and on a large database.
func (g *GrowthResult) compare(ctx context.Context, folder string) error {
	s := &setup{}
	for _, n := range []int{g.growth.Few, g.growth.Many} {
		sub := filepath.Join(folder, fmt.Sprint(n))
		if err := os.Mkdir(sub, 0o700); err != nil {
			return err
		}
		on := newSQLite(sub)
		tokens, err := on.seed(ctx, n)
		if err != nil {
			return errors.Join(err, s.close())
		}
		target, err := s.started(ours, on.settings())
		if err != nil {
			return errors.Join(err, s.close())
		}
		s.benchmarks = append(
			s.benchmarks,
			&benchmark{group: refresh, name: page.Grouped(n), target: target, clients: refreshClients(tokens)},
		)
	}
	g.results = s.benchmarks
	return errors.Join(g.growth.Plan.run(s.benchmarks), s.close())
}

// Section is the part of docs/performance.md about what grows.
func (g *GrowthResult) Section() string {
	var b strings.Builder
	fmt.Fprintf(&b,
		"## What grows with the number of sessions\n\nMeasured by `make bench-server-long` on %s: SQLite, the "+
			"program as it is built, on one core, with databases in %s. "+
			"Under load, sixteen connections refresh %s sessions one after the other, %s times a second, for %v; "+
			"memory is read %d times.\n\n",
		page.Processor(), os.TempDir(), page.Grouped(g.growth.Live), page.Figure(g.rate), g.growth.During,
		memorySamples,
	)
	few := g.results.find(refresh, page.Grouped(g.growth.Few))
	many := g.results.find(refresh, page.Grouped(g.growth.Many))
	page.Table(&b, []string{"figure", "target", "measured"}, [][]string{
		{
			"start on a database with " + page.Grouped(g.growth.Live) + " sessions, to the first answer, ms",
			"at most 50", page.SpreadOf(g.starts).String(),
		},
		{"memory after a start, MB", "at most 40", page.Figure(g.idle)},
		{"memory under load, MB", "at most 120", page.SpreadOf(g.load).String()},
		{
			"memory at the end of the load against its first tenth", "flat",
			page.Figure(g.load[len(g.load)-1] / g.load[0]),
		},
		{"a refresh with " + few.name + " sessions, server, µs", "", few.over(serverCPU).String()},
		{"a refresh with " + many.name + " sessions, server, µs", "", many.over(serverCPU).String()},
		{"the second against the first, in the same round", "the same", ratio(many, few, serverCPU).String()},
	})
	return b.String()
}
