package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync/atomic"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// The groups of cases.
const (
	signUp      = "sign-up"
	signIn      = "sign-in"
	sessionRead = "session read"
	refresh     = "refresh"
	signOut     = "sign-out"
	pageRead    = "page"
	floor       = "floor"
)

// groups is the order of the table.
var groups = []string{signUp, signIn, sessionRead, refresh, signOut, pageRead}

// Choice narrows what is measured.
type Choice struct {
	Cases   *regexp.Regexp // of "group, name"; nil: all
	Profile string         // a folder that gets the profile of each of our servers' processor; empty: none
	Leaving int            // how many sessions there are to sign out of, for each engine
}

// takes reports whether a case is chosen.
func (c Choice) takes(group, name string) bool {
	return c.Cases == nil || c.Cases.MatchString(group+", "+name)
}

// takesAny reports whether some case of ours on an engine is chosen.
func (c Choice) takesAny(engine string) bool {
	return slices.ContainsFunc(groups, func(group string) bool { return c.takes(group, engine) })
}

// Run measures the cases.
func (p Plan) Run(ctx context.Context, c Choice) (_ Results, err error) {
	s := &stage{choice: c}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.build(ctx); err != nil {
		return nil, err
	}
	return s.benches, p.run(s.benches)
}

// stage is everything that runs for a measurement.
type stage struct {
	choice    Choice
	folder    string
	processes []*programtest.Program
	cluster   *cluster // nil: not started
	benches   []*bench // those chosen
}

// The engines.
const (
	embedded = "SQLite"
	shared   = "PostgreSQL"
)

// build starts every server that a chosen case needs.
func (s *stage) build(ctx context.Context) (err error) {
	if s.folder, err = os.MkdirTemp("", "serverbench-"); err != nil {
		return err
	}
	all, err := s.floors()
	if err != nil {
		return err
	}
	var sites []*site
	if s.choice.takesAny(embedded) {
		sites = append(sites, newSQLite(s.folder))
	}
	if s.choice.takesAny(shared) || s.choice.takes(floor, updates) || s.choice.takes(floor, plain) {
		if s.cluster, err = startCluster(ctx); err != nil {
			return err
		}
		for _, kind := range []string{updates, plain} {
			one, err := s.cluster.floor(kind, s.started)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
	}
	if s.choice.takesAny(shared) {
		on, err := s.cluster.newPostgres()
		if err != nil {
			return err
		}
		sites = append(sites, on)
	}
	for _, on := range sites {
		cases, err := s.cases(ctx, on)
		if err != nil {
			return fmt.Errorf("%s: %w", on.engine, err)
		}
		all = append(all, cases...)
	}
	s.benches = slices.DeleteFunc(all, func(b *bench) bool { return !s.choice.takes(b.group, b.name) })
	return nil
}

// started starts a child, which ends with the measurement.
func (s *stage) started(kind string, given map[string]string) (*programtest.Program, error) {
	one, err := child(kind, given)
	if err == nil {
		s.processes = append(s.processes, one)
	}
	return one, err
}

// close ends everything.
func (s *stage) close() error {
	var errs []error
	for _, b := range s.benches {
		b.close()
	}
	for _, p := range s.processes {
		errs = append(errs, p.Stop())
	}
	if s.cluster != nil {
		errs = append(errs, s.cluster.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}

// starter is stage.started.
type starter func(kind string, given map[string]string) (*programtest.Program, error)

// floors are the cases that need no engine.
func (s *stage) floors() ([]*bench, error) {
	var all []*bench
	for _, kind := range []string{bare, signs} {
		target, err := s.started(kind, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, &bench{group: floor, name: kind, target: target, clients: asking(200, request("GET /v1/session", "", ""))})
	}
	return all, nil
}

// asking returns clients that all repeat the same questions, each from a place of its own.
func asking(want int, requests ...[]byte) (all []client) {
	for i := range connections {
		all = append(all, &repeating{requests: requests, want: want, asked: i * len(requests) / connections})
	}
	return all
}

// The sessions of the cases: how many are refreshed, and whose access tokens are shown.
const (
	refreshed = 1600
	shown     = 320
)

// cases are ours, on one engine.
func (s *stage) cases(ctx context.Context, on *site) ([]*bench, error) {
	tokens, err := on.seed(ctx, refreshed+shown+s.choice.Leaving)
	if err != nil {
		return nil, err
	}
	given := on.settings()
	given[hashSetting] = "yes"
	if s.choice.Profile != "" {
		given[profileSetting] = filepath.Join(s.choice.Profile, on.engine+".pprof")
	}
	target, err := s.started(ours, given)
	if err != nil {
		return nil, err
	}
	access, err := accessTokens(target, tokens[refreshed:refreshed+shown])
	if err != nil {
		return nil, err
	}
	var reads, signIns [][]byte
	for _, token := range access {
		reads = append(reads, request("GET /v1/session", token, ""))
	}
	for n := range users {
		signIns = append(signIns, request("POST /v1/session", "", credentials(email(n))))
	}
	newcomers := make([]client, connections)
	var number atomic.Int64
	for i := range newcomers {
		newcomers[i] = joining{&number}
	}
	all := []*bench{
		{group: signUp, clients: newcomers},
		{group: signIn, clients: asking(201, signIns...)},
		{group: sessionRead, clients: asking(200, reads...)},
		{group: refresh, clients: refreshers(tokens[:refreshed])},
		{group: signOut, clients: leavers(tokens[refreshed+shown:]), most: s.choice.Leaving},
		{group: pageRead, clients: asking(200, request("GET /signin", "", ""))},
	}
	for _, b := range all {
		b.name, b.target, b.engine = on.engine, target, on.pid
	}
	return all, nil
}

// accessTokens refreshes each session once.
func accessTokens(target *programtest.Program, refreshTokens []string) ([]string, error) {
	c, err := dial(target.Address)
	if err != nil {
		return nil, err
	}
	defer c.net.Close()
	var all []string
	for _, token := range refreshTokens {
		a, err := c.do(request("POST /v1/session/refresh", "", refreshBody(token)))
		if err = errors.Join(err, wantStatus(a, 200)); err != nil {
			return nil, err
		}
		all = append(all, member(a.body, "access_token"))
	}
	return all, nil
}

// share returns each connection an equal part.
func share(tokens []string) [][]string {
	var parts [][]string
	for i := range connections {
		parts = append(parts, slices.Clone(tokens[i*len(tokens)/connections:(i+1)*len(tokens)/connections]))
	}
	return parts
}

// refreshers divide sessions to be refreshed among the connections.
func refreshers(tokens []string) (all []client) {
	for _, part := range share(tokens) {
		all = append(all, &refreshing{tokens: part})
	}
	return all
}

// leavers divide sessions to sign out of among the connections.
func leavers(tokens []string) (all []client) {
	for _, part := range share(tokens) {
		all = append(all, &leaving{part})
	}
	return all
}
