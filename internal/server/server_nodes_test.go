package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// startNodes runs servers of one site on one PostgreSQL, background work included.
func startNodes(t *testing.T, database string, n int) []*handstamptest.Server {
	t.Helper()
	settings := map[string]string{"database": database, "master_key_file": filepath.Join(t.TempDir(), "shared.key")}
	var nodes []*handstamptest.Server
	for range n {
		node := handstamptest.Start(t, handstamptest.Options{Settings: settings})
		settings["public_url"] = node.URL // of the first
		startWork(t, node)
		nodes = append(nodes, node)
	}
	return nodes
}

// startWork does a server's background work until the test ends or it is stopped.
func startWork(t *testing.T, s *handstamptest.Server) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { s.Work(ctx) })
	stop = func() { cancel(); working.Wait() }
	t.Cleanup(stop)
	return stop
}

// ask sends a request of a program to a node, whatever its address.
func ask(t *testing.T, node *handstamptest.Server, request, body string, bearer string) *httptest.ResponseRecorder {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = strings.TrimPrefix(node.URL, "http://")
	if r.Header.Set("User-Agent", "app"); body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	w := httptest.NewRecorder()
	node.ServeHTTP(w, r)
	return w
}

// TestNodes has one session go from node to node: a refresh at any of them is one at all, and so
// is its end.
func TestNodes(t *testing.T) {
	nodes := startNodes(t, postgrestest.Shared(t).Database(t), 3)
	nodes[0].MustUser("ada@example.com")
	in := nodes[0].Program("app").SignIn("ada@example.com")
	access, refresh := in.Text("access_token"), in.Text("refresh_token")
	for i := range 9 {
		w := ask(t, nodes[i%3], "POST /v1/session/refresh", `{"refresh_token":"`+refresh+`"}`, "")
		if w.Code != 200 {
			t.Fatalf("refresh %d = %d %s, want 200", i, w.Code, w.Body)
		}
		access, refresh = member(w.Body.String(), "access_token"), member(w.Body.String(), "refresh_token")
		for n, node := range nodes {
			if w := ask(t, node, "GET /v1/session", "", access); w.Code != 200 {
				t.Errorf("node %d: GET /v1/session = %d %s, want 200", n, w.Code, w.Body)
			}
		}
	}
	if w := ask(t, nodes[1], "DELETE /v1/session", "", access); w.Code != 204 {
		t.Fatalf("sign out = %d %s, want 204", w.Code, w.Body)
	}
	for n, node := range nodes {
		if w := ask(t, node, "POST /v1/session/refresh", `{"refresh_token":"`+refresh+`"}`, ""); w.Code != 401 {
			t.Errorf("node %d: refresh after the end = %d %s, want 401", n, w.Code, w.Body)
		}
		end := time.Now().Add(timeout)
		for ; ask(t, node, "GET /v1/session", "", access).Code != 401; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("node %d takes the token of an ended session", n)
			}
		}
	}
}

// member cuts a text out of an answer in JSON.
func member(body, name string) string {
	_, rest, _ := strings.Cut(body, `"`+name+`":"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// TestDatabaseAway stops PostgreSQL under a server: refreshes are 503 and their tokens good
// afterwards, what needs no database goes on, and the node is not ready meanwhile.
func TestDatabaseAway(t *testing.T) {
	engine := postgrestest.Options{NoSync: true}.Start(t)
	s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{"database": engine.Database(t)}})
	startWork(t, s)
	s.MustUser("ada@example.com")
	app := s.Program("app")
	body := `{"refresh_token":"` + app.SignIn("ada@example.com").Text("refresh_token") + `"}`
	if err := engine.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		a := app.Do("POST", "/v1/session/refresh", body).Want(503)
		if a.Header.Get("Retry-After") == "" || a.Text("code") != "storage_unavailable" ||
			strings.Contains(a.Body, "127.0.0.1") {
			t.Errorf("refresh without a database = %s, want storage_unavailable, when to try again, and no more",
				a.Body)
		}
	}
	app.Do("GET", "/v1/session", "").Want(200)
	if w := ready(s); w.Code != 503 || !strings.Contains(w.Body.String(), "database does not answer") {
		t.Errorf("readyz without a database = %d %s, want 503", w.Code, w.Body)
	}
	if err := engine.Start(); err != nil {
		t.Fatal(err)
	}
	app.Do("POST", "/v1/session/refresh", body).Want(200)
	for end := time.Now().Add(30 * time.Second); ready(s).Code != 200; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("readyz with a database = %s, want ready", ready(s).Body)
		}
	}
}

// ready asks whether a server is ready.
func ready(s *handstamptest.Server) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Ops().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return w
}

// skewed is an engine whose database has a clock that differs from this machine's.
type skewed struct {
	store.Store
	mu            sync.Mutex // guards what follows
	ahead, within time.Duration
}

// set says by how much the clocks differ from now on.
func (s *skewed) set(ahead, within time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead, s.within = ahead, within
}

// Offset tells by how much.
func (s *skewed) Offset(context.Context) (ahead, within time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ahead, s.within, nil
}

// TestClockOff corrects a node's clock to the database's, and keeps a node from being ready whose
// own is further off than is good.
func TestClockOff(t *testing.T) {
	var log strings.Builder
	clock := &skewed{ahead: -700 * time.Millisecond, within: time.Millisecond}
	s := handstamptest.Start(t, handstamptest.Options{Log: &log, Wrap: func(engine store.Store) store.Store {
		clock.Store = engine
		return clock
	}})
	stop := startWork(t, s)
	steps := []struct {
		name          string
		ahead, within time.Duration
		want          time.Duration // the correction
		off           string        // what readyz says; empty: nothing
	}{
		{"at the start", -700 * time.Millisecond, time.Millisecond, -700 * time.Millisecond,
			"clock is 700ms ahead of the database's"},
		{"set", 3 * time.Millisecond, time.Millisecond, 3 * time.Millisecond, ""},
		{"not told apart", 9 * time.Millisecond, 6 * time.Millisecond, 3 * time.Millisecond, ""},
		{"told apart", 10 * time.Millisecond, 6 * time.Millisecond, 10 * time.Millisecond, ""},
		{"at the limit", 500 * time.Millisecond, time.Millisecond, 500 * time.Millisecond, ""},
		{"beyond it", 501 * time.Millisecond, 0, 501 * time.Millisecond, "clock is 501ms behind the database's"},
		{"an hour", time.Hour, 0, time.Hour, "clock is 1h0m0s behind the database's"},
	}
	for i, step := range steps {
		clock.set(step.ahead, step.within)
		if err := s.CompareClocks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w := ready(s); w.Code == 200 != (step.off == "") || !strings.Contains(w.Body.String(), step.off) {
			t.Errorf("%s: readyz = %d %s, want it to say %q", step.name, w.Code, w.Body, step.off)
		}
		a := s.Program("app").Do("POST", "/v1/users",
			`{"email":"`+string(rune('a'+i))+`@example.com","password":"`+handstamptest.GoodPassword+`"}`).Want(201)
		began, err := time.Parse(time.RFC3339Nano, a.Text("session.created_at"))
		if err != nil {
			t.Fatal(err)
		}
		if off := time.Until(began) - step.want; off > time.Second || off < -10*time.Second {
			t.Errorf("%s: the session began %v from now, want %v", step.name, time.Until(began), step.want)
		}
	}
	stop()
	if said := log.String(); strings.Count(said, "this node is not ready") != 2 ||
		strings.Count(said, "agrees with the database's again") != 1 {
		t.Errorf("the log says:\n%s", said)
	}
}
