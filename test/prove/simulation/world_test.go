package simulation

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
	"github.com/handstamp/handstamp/internal/user"
)

// Where the server is, as browsers see it, and what its cookies are called there.
const (
	origin        = "https://auth.example.com"
	accessCookie  = "__Host-Http-hs_access"
	refreshCookie = "__Host-Http-hs_refresh"
)

// goodPassword is one that every policy takes.
const goodPassword = "violet teapots orbit quietly"

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

// String shows the rules in a story.
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

// world is one real server with its database, called as a function.
type world struct {
	t      testing.TB
	rules  rules
	clock  clock
	wire   *wire // between the server and its engine
	config *config.Config
	file   string // of the database; empty: it is none
	drop   func()
	server *server.Server
	secret []byte // for rules.secret
	people int    // how many users there have been
	person person // who may act in the next schedule
}

// newWorld starts a server on a new database. plant goes around the engine; nil: nothing.
func newWorld(t testing.TB, on engine, r rules, plant mistake) *world {
	t.Helper()
	database, drop := on(t)
	c, err := config.Load(config.Sources{Given: map[string]string{
		"public_url": origin, "database": database, "master_key": secret.NewMaster().Text().Reveal(),
		"session.preset": r.preset, "session.grace": r.grace.String(), "session.recovery": r.recovery,
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, rules: r, wire: &wire{plant: plant}, config: c, drop: drop, secret: make([]byte, 32)}
	rand.Read(w.secret) // never fails: it would crash the program first
	if file, ok := strings.CutPrefix(database, "sqlite:"); ok {
		w.file = file
	}
	w.clock.at.Store(epoch.UnixMilli())
	w.start()
	return w
}

// start builds the server on the database as it is.
func (w *world) start() {
	w.t.Helper()
	o := server.Options{
		Log: slog.New(slog.DiscardHandler), Now: w.clock.Now,
		TestingOnlyParams: password.Params{Memory: 8, Time: 1, Threads: 1},
	}
	if w.rules.secret {
		o.SharedSecret = w.secret
	}
	if w.wire.held {
		o.TestingOnlyEngine = w.wire
	} else {
		o.TestingOnlyWrapped = w.wire.wrap
	}
	s, err := server.Open(context.Background(), w.config, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.server = s
}

// restart forgets everything that the server has in memory. The engine stays open: what a kill does
// to its files is for test/crash_test.go.
func (w *world) restart() {
	w.t.Helper()
	w.wire.held = true
	if err := w.server.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.start()
	w.wire.held = false
}

// backUp keeps the database as it is now, for setBack.
func (w *world) backUp() { w.copy(w.file, w.file+".backup") }

// setBack makes the database what it was at the backup: what was written since is lost.
func (w *world) setBack() { w.copy(w.file+".backup", w.file) }

// copy copies a file while the server is away.
func (w *world) copy(from, to string) {
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

// close ends the world.
func (w *world) close() {
	if err := w.server.Close(); err != nil {
		w.t.Error(err)
	}
	w.drop()
}

// person is a user.
type person struct {
	id    store.UserID // empty: there is none
	email string
}

// somebody returns a user, who is a new one after disable. Sessions of earlier schedules do no
// harm.
func (w *world) somebody() person {
	if w.person.id != "" {
		return w.person
	}
	w.people++
	email := fmt.Sprintf("person-%d@example.com", w.people)
	made, err := w.server.Users.Create(
		context.Background(), audit.Operator(), user.Fresh{Email: email, Password: secret.New(goodPassword)},
	)
	if err != nil {
		w.t.Fatal(err)
	}
	w.person = person{made.User, email}
	return w.person
}

// disable has the operator disable somebody.
func (w *world) disable(p person) error {
	w.person = person{}
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

// call is one request.
type call struct {
	method, path string
	from         place
	header       http.Header // nil: none
	cookies      []*http.Cookie
	body         string // JSON; empty: none
}

// answer is a response, understood.
type answer struct {
	status          int
	code            string // of a problem
	reason          string // why a session is over
	access, refresh string // tokens; empty: none
	session         string // the sid
	expires         time.Time
	cookies         []*http.Cookie
	location        string
}

// do has the server answer.
func (w *world) do(c call) answer {
	r := httptest.NewRequest(c.method, origin+c.path, strings.NewReader(c.body))
	if c.header != nil {
		r.Header = c.header.Clone()
	}
	r.RemoteAddr = c.from.ip + ":40000"
	if strings.Contains(c.from.ip, ":") {
		r.RemoteAddr = "[" + c.from.ip + "]:40000"
	}
	r.Header.Set("User-Agent", c.from.agent)
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, cookie := range c.cookies {
		r.AddCookie(cookie)
	}
	recorded := httptest.NewRecorder()
	w.server.ServeHTTP(recorded, r)
	return w.read(recorded)
}

// read understands a response.
func (w *world) read(recorded *httptest.ResponseRecorder) answer {
	response := recorded.Result()
	a := answer{status: response.StatusCode, cookies: response.Cookies(), location: response.Header.Get("Location")}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		var body struct {
			Code    string `json:"code"`
			Reason  string `json:"reason"`
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
			Session struct {
				ID      string    `json:"id"`
				Expires time.Time `json:"expires_at"`
			} `json:"session"`
		}
		if err := json.Unmarshal(recorded.Body.Bytes(), &body); err != nil {
			w.t.Errorf("answer %q: %v", recorded.Body, err)
		}
		a.code, a.reason, a.access, a.refresh = body.Code, body.Reason, body.Access, body.Refresh
		a.session, a.expires = body.Session.ID, body.Session.Expires
	}
	for _, c := range a.cookies {
		switch c.Name {
		case accessCookie:
			a.access = c.Value
		case refreshCookie:
			a.refresh = c.Value
		}
	}
	return a
}
