// Package handstamptest starts a whole server inside a test, and gives people to act with:
// each has a cookie jar, a browser's or a program's manners, and a clock shared with the
// server.
package handstamptest

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/user"
)

// GoodPassword is one that every policy takes.
const GoodPassword = "violet teapots orbit quietly"

// Options change what Start gives.
type Options struct {
	Settings map[string]string             // over those of a test; nil: none
	Log      io.Writer                     // gets the whole log; nil: nowhere
	Wrap     func(store.Store) store.Store // puts something around the engine; nil: nothing
	Work     bool                          // what happens in the background does, at its usual intervals
}

// Server is a running server.
type Server struct {
	*server.Server
	URL   string // where requests of its people go: the public URL
	Local string // where it listens
	Clock *Clock
	store store.Store
	t     testing.TB
}

// Start runs a server on a free port until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	given := map[string]string{
		"public_url":      "http://" + strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1),
		"database":        "sqlite:" + filepath.Join(folder, "handstamp.db"),
		"master_key_file": filepath.Join(folder, "handstamp.key"),
	}
	maps.Copy(given, o.Settings)
	c, err := config.Load(config.Sources{Given: given})
	if err != nil {
		t.Fatal(err)
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	clock, kept := &Clock{}, store.Store(nil)
	s, err := server.Open(t.Context(), c, server.Options{
		Log: slog.New(slog.NewJSONHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: clock.Now,
		TestingOnlyParams: password.Params{Memory: 64, Time: 1, Threads: 1},
		TestingOnlyWrapped: func(engine store.Store) store.Store {
			if kept = engine; o.Wrap != nil {
				return o.Wrap(engine)
			}
			return engine
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	local := "http://" + strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1)
	started := &Server{s, given["public_url"], local, clock, kept, t}
	web := s.Front()
	var serving sync.WaitGroup
	serving.Go(func() { web.Serve(listener) })
	background, stop := context.WithCancel(context.Background())
	if o.Work {
		serving.Go(func() { s.Work(background) })
	}
	t.Cleanup(func() {
		stop()
		web.Close()
		serving.Wait()
		s.Close()
	})
	return started
}

// Clock is the server's, and a test may move it.
type Clock struct {
	mu    sync.Mutex // guards ahead
	ahead time.Duration
}

// Now gives the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Advance moves the clock on, or back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// Person acts on a server with a jar of cookies.
type Person struct {
	Header http.Header // sent with every request
	client *http.Client
	server *Server
}

// Browser gives somebody with a browser that holds no cookies yet.
func (s *Server) Browser(agent string) *Person {
	p := s.Program(agent)
	p.Header.Set("Sec-Fetch-Site", "same-origin")
	p.Header.Set("Origin", s.URL)
	return p
}

// Program gives a program, which says nothing of where its requests come from.
func (s *Server) Program(agent string) *Person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	client := &http.Client{
		Jar: jar, Transport: &http.Transport{}, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.t.Cleanup(client.CloseIdleConnections)
	return &Person{http.Header{"User-Agent": {agent}}, client, s}
}

// MustUser makes a user with GoodPassword, whatever the sign-up mode, and gives the id.
func (s *Server) MustUser(email string) store.UserID {
	s.t.Helper()
	made, err := s.Users.Create(s.t.Context(), audit.Operator(), user.Fresh{Email: email, Password: secret.New(GoodPassword)})
	if err != nil {
		s.t.Fatal(err)
	}
	return made.User
}

// SignIn signs a user of MustUser in. A browser keeps the cookies; a program goes on with
// the access token, and finds the refresh token in the answer.
func (p *Person) SignIn(email string) Answer {
	p.server.t.Helper()
	in := p.Do("POST", "/v1/session", `{"email":"`+email+`","password":"`+GoodPassword+`","remember":true}`).Want(201)
	if token, ok := in.JSON()["access_token"].(string); ok {
		p.Header.Set("Authorization", "Bearer "+token)
	}
	return in
}

// Cookies gives what the jar holds for a path of the server, as a Cookie header.
func (p *Person) Cookies(path string) string {
	p.server.t.Helper()
	u, err := url.Parse(p.server.URL + path)
	if err != nil {
		p.server.t.Fatal(err)
	}
	var pairs []string
	for _, c := range p.client.Jar.Cookies(u) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// Answer is a response, read.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	t      testing.TB
}

// Do sends a request; body may be empty, and is JSON unless headers say otherwise. Headers
// are name, value, name, value, and take the place of the person's own; a name may stand
// more than once. The test fails when the description of the API does not allow the answer.
func (p *Person) Do(method, path, body string, headers ...string) Answer {
	t := p.server.t
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = p.Header.Clone()
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Del(headers[i])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	response, err := p.client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", method, path, err)
	}
	for _, wrong := range Judge(Exchange{method, path, body, response.StatusCode, response.Header, string(read)}) {
		t.Error(wrong)
	}
	return Answer{response.StatusCode, response.Header, string(read), t}
}

// Want ends the test unless the status is as wanted.
func (a Answer) Want(status int) Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status = %d, want %d; body: %s", a.Status, status, a.Body)
	}
	return a
}

// JSON reads the body into a map.
func (a Answer) JSON() map[string]any {
	a.t.Helper()
	var read map[string]any
	if err := json.Unmarshal([]byte(a.Body), &read); err != nil {
		a.t.Fatalf("body %q: %v", a.Body, err)
	}
	return read
}

// Text gives a member of the body as text; a path such as "session.id" goes down.
func (a Answer) Text(path string) string {
	a.t.Helper()
	var at any = a.JSON()
	for name := range strings.SplitSeq(path, ".") {
		object, ok := at.(map[string]any)
		if !ok {
			a.t.Fatalf("no %s in %s", path, a.Body)
		}
		at = object[name]
	}
	text, ok := at.(string)
	if !ok {
		a.t.Fatalf("%s is %v in %s, want text", path, at, a.Body)
	}
	return text
}
