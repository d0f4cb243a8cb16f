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

// Selection narrows what is measured.
type Selection struct {
	Cases    *regexp.Regexp // of "group, name"; nil: all
	Profile  string         // a folder that gets the profile of each of our servers' processor; empty: none
	SignOuts int            // how many sessions there are to sign out of, for each engine
}

// includes reports whether a case is chosen.
func (c Selection) includes(group, name string) bool {
	return c.Cases == nil || c.Cases.MatchString(group+", "+name)
}

// includesAny reports whether some case of ours on an engine is chosen.
func (c Selection) includesAny(engine string) bool {
	return slices.ContainsFunc(groups, func(group string) bool { return c.includes(group, engine) })
}

// Run measures the cases.
func (p Plan) Run(ctx context.Context, c Selection) (_ Results, err error) {
	s := &setup{selection: c}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.build(ctx); err != nil {
		return nil, err
	}
	return s.benchmarks, p.run(s.benchmarks)
}

// setup is everything that runs for a measurement.
type setup struct {
	selection  Selection
	folder     string
	processes  []*programtest.Program
	cluster    *cluster     // nil: not started
	benchmarks []*benchmark // those chosen
}

// The engines.
const (
	embedded = "SQLite"
	shared   = "PostgreSQL"
)

// build starts every server that a chosen case needs.
func (s *setup) build(ctx context.Context) (err error) {
	if s.folder, err = os.MkdirTemp("", "serverbench-"); err != nil {
		return err
	}
	all, err := s.floors()
	if err != nil {
		return err
	}
	var deployments []*deployment
	if s.selection.includesAny(embedded) {
		deployments = append(deployments, newSQLite(s.folder))
	}
	if s.selection.includesAny(shared) || s.selection.includes(floor, updates) ||
		s.selection.includes(floor, updatesAndSigns) {
		if s.cluster, err = startCluster(ctx); err != nil {
			return err
		}
		for _, kind := range []string{updates, updatesAndSigns} {
			one, err := s.cluster.floor(kind, s.started)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
	}
	if s.selection.includesAny(shared) {
		on, err := s.cluster.newPostgres()
		if err != nil {
			return err
		}
		deployments = append(deployments, on)
	}
	for _, on := range deployments {
		cases, err := s.cases(ctx, on)
		if err != nil {
			return fmt.Errorf("%s: %w", on.engine, err)
		}
		all = append(all, cases...)
	}
	s.benchmarks = slices.DeleteFunc(all, func(b *benchmark) bool { return !s.selection.includes(b.group, b.name) })
	return nil
}

// started starts a child process, which ends with the measurement.
func (s *setup) started(kind string, given map[string]string) (*programtest.Program, error) {
	one, err := child(kind, given)
	if err == nil {
		s.processes = append(s.processes, one)
	}
	return one, err
}

// close ends everything.
func (s *setup) close() error {
	var errs []error
	for _, b := range s.benchmarks {
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

// starter is setup.started.
type starter func(kind string, given map[string]string) (*programtest.Program, error)

// floors returns the cases that need no engine.
func (s *setup) floors() ([]*benchmark, error) {
	var all []*benchmark
	for _, kind := range []string{bare, signs} {
		target, err := s.started(kind, nil)
		if err != nil {
			return nil, err
		}
		all = append(
			all,
			&benchmark{
				group:   floor,
				name:    kind,
				target:  target,
				clients: repeatClients(200, request("GET /v1/session", "", "")),
			},
		)
	}
	return all, nil
}

// repeatClients returns clients that all repeat the same requests, each beginning at another one.
func repeatClients(want int, requests ...[]byte) (all []client) {
	for i := range connections {
		all = append(all, &repeater{requests: requests, want: want, sent: i * len(requests) / connections})
	}
	return all
}

// The sessions of the cases: how many are refreshed, and whose access tokens are shown.
const (
	refreshed = 1600
	shown     = 320
)

// cases returns ours, on one engine.
func (s *setup) cases(ctx context.Context, on *deployment) ([]*benchmark, error) {
	tokens, err := on.seed(ctx, refreshed+shown+s.selection.SignOuts)
	if err != nil {
		return nil, err
	}
	given := on.settings()
	given[hashSetting] = "yes"
	if s.selection.Profile != "" {
		given[profileSetting] = filepath.Join(s.selection.Profile, on.engine+".pprof")
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
	signUpClients := make([]client, connections)
	var number atomic.Int64
	for i := range signUpClients {
		signUpClients[i] = signUps{&number}
	}
	all := []*benchmark{
		{group: signUp, clients: signUpClients},
		{group: signIn, clients: repeatClients(201, signIns...)},
		{group: sessionRead, clients: repeatClients(200, reads...)},
		{group: refresh, clients: refreshClients(tokens[:refreshed])},
		{group: signOut, clients: signOutClients(tokens[refreshed+shown:]), most: s.selection.SignOuts},
		{group: pageRead, clients: repeatClients(200, request("GET /signin", "", ""))},
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

// refreshClients divides sessions to be refreshed among the connections.
func refreshClients(tokens []string) (all []client) {
	for _, part := range share(tokens) {
		all = append(all, &refresher{tokens: part})
	}
	return all
}

// signOutClients divides sessions to sign out of among the connections.
func signOutClients(tokens []string) (all []client) {
	for _, part := range share(tokens) {
		all = append(all, &signOuts{part})
	}
	return all
}
