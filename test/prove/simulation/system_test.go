package simulation

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// origin is where the server is, as browsers see it.
const origin = "https://auth.example.com"

// epoch is when every schedule begins, so that a seed says everything.
var epoch = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// rules are the settings of a server that the promises depend on.
type rules struct {
	preset   string
	grace    time.Duration
	recovery string        // session or off
	idle     time.Duration // of a remembered session
	browser  time.Duration // idle limit of one that is not

	// secret has access tokens signed with a shared secret, at a tenth of the cost; otherwise keys
	// come and go.
	secret bool
}

// String shows the rules in a trace.
func (r rules) String() string {
	return fmt.Sprintf("%s, grace %v, recovery %s", r.preset, r.grace, r.recovery)
}

// allRules are the servers that schedules run on; the first ones come up most often.
var allRules = []rules{
	{"standard", 10 * time.Second, "session", 14 * 24 * time.Hour, 24 * time.Hour, true},
	{"aal2", 10 * time.Second, "off", time.Hour, time.Hour, true},
	{"aal2", 30 * time.Second, "session", time.Hour, time.Hour, false},
	{"standard", 0, "session", 14 * 24 * time.Hour, 24 * time.Hour, false},
}

// engine returns the setting of a new, empty database, and what undoes it.
type engine func(t testing.TB) (database string, drop func())

// onSQLite makes a file in memory where the system has such a folder: a schedule
// is about order, and the disk has tests of its own.
func onSQLite(t testing.TB) (database string, drop func()) {
	folder, err := os.MkdirTemp("/dev/shm", "handstamp-simulation-")
	if err != nil {
		if folder, err = os.MkdirTemp("", "handstamp-simulation-"); err != nil {
			t.Fatal(err)
		}
	}
	return "sqlite:" + filepath.Join(folder, "handstamp.db"), func() { os.RemoveAll(folder) }
}

// onPostgres makes a database on a PostgreSQL of the tests' own.
func onPostgres(t testing.TB) (database string, drop func()) {
	return postgrestest.Shared(t).Database(t), func() {}
}

// clock is the server's: it shows what it was set to.
type clock struct{ at atomic.Int64 } // Unix milliseconds

// Now returns the time.
func (c *clock) Now() time.Time { return time.UnixMilli(c.at.Load()).UTC() }

// system is one real server with its database, called as a function.
type system struct {
	t        testing.TB
	rules    rules
	clock    clock
	store    *faultyStore // between the server and its engine
	config   *config.Config
	file     string // of the database; empty: it is none
	drop     func()
	server   *server.Server
	secret   []byte   // for rules.secret
	users    int      // how many users there have been
	testUser testUser // who may act in the next schedule
}

// newSystem starts a server on a new database. plant goes around the engine; nil: nothing.
func newSystem(t testing.TB, on engine, r rules, plant mistake) *system {
	t.Helper()
	database, drop := on(t)
	c, err := config.Load(config.Sources{Given: map[string]string{
		"public_url": origin, "database": database, "master_key": secret.NewMaster().Text().Reveal(),
		"session.preset": r.preset, "session.grace": r.grace.String(), "session.recovery": r.recovery,
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := &system{t: t, rules: r, store: &faultyStore{plant: plant}, config: c, drop: drop, secret: make([]byte, 32)}
	rand.Read(w.secret) // never fails: it would crash the program first
	if file, ok := strings.CutPrefix(database, "sqlite:"); ok {
		w.file = file
	}
	w.clock.at.Store(epoch.UnixMilli())
	w.start()
	return w
}

// start builds the server on the database as it is.
func (w *system) start() {
	w.t.Helper()
	o := server.Options{
		Log: slog.New(slog.DiscardHandler), Now: w.clock.Now,
		TestingOnlyParams: password.Params{Memory: 8, Time: 1, Threads: 1},
	}
	if w.rules.secret {
		o.SharedSecret = w.secret
	}
	if w.store.held {
		o.TestingOnlyEngine = w.store
	} else {
		o.TestingOnlyWrapped = w.store.wrap
	}
	s, err := server.Open(context.Background(), w.config, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = s
}

// restart forgets everything that the server has in memory. The engine stays open: what a kill does
// to its files is for test/server_crash_test.go.
func (w *system) restart() {
	w.t.Helper()
	w.store.held = true
	if err := w.server.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.start()
	w.store.held = false
}

// backUp keeps the database as it is now, for setBack.
func (w *system) backUp() { w.copy(w.file, w.file+".backup") }

// setBack makes the database what it was at the backup: what was written since is lost.
func (w *system) setBack() { w.copy(w.file+".backup", w.file) }

// copy copies a file while the server is away.
func (w *system) copy(from, to string) {
	w.t.Helper()
	if err := w.server.Close(); err != nil {
		w.t.Fatal(err)
	}
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.start()
}

// close ends the system.
func (w *system) close() {
	if err := w.server.Close(); err != nil {
		w.t.Error(err)
	}
	w.drop()
}

// testUser is one who may sign in.
type testUser struct {
	id    store.UserID // empty: there is none
	email string
}

// currentUser returns a user, who is a new one after disable. Sessions of earlier schedules do no
// harm.
func (w *system) currentUser() testUser {
	if w.testUser.id != "" {
		return w.testUser
	}
	w.users++
	email := fmt.Sprintf("user-%d@example.com", w.users)
	made, err := w.server.Users.Create(
		context.Background(), audit.Operator(), user.Fresh{Email: email, Password: secret.New(apiclient.Password)},
	)
	if err != nil {
		w.t.Fatal(err)
	}
	w.testUser = testUser{made.User, email}
	return w.testUser
}

// disable disables a user, as the operator.
func (w *system) disable(p testUser) error {
	w.testUser = testUser{}
	_, err := w.server.Users.Disable(context.Background(), audit.Operator(), p.id)
	return err
}

// place is where a request comes from.
type place struct {
	ip      string
	network string // places of one network share it
	agent   string
}

// near reports whether the two look like one client. protocol.md §4
func (p place) near(other place) bool { return p.network == other.network && p.agent == other.agent }

// call is one request from a place.
type call struct {
	apiclient.Request
	from place
}

// call returns a request that says nothing of itself but its agent.
func (p place) call(method, path string) call {
	return call{apiclient.Request{Method: method, Path: path, Agent: p.agent}, p}
}

// do has the server answer a call.
func (w *system) do(c call) apiclient.Answer {
	a, err := c.Serve(w.server, origin, netip.AddrPortFrom(netip.MustParseAddr(c.from.ip), 40000))
	if err != nil {
		w.t.Errorf("answer %q: %v", a.Body, err)
	}
	return a
}
