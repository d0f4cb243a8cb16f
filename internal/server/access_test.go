package server_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
	"github.com/handstamp/handstamp/internal/web"
)

// update rewrites the goldens instead of comparing with them.
var update = flag.Bool("update", false, "rewrite the golden files")

// caller is a kind of somebody who calls routes.
type caller struct {
	name string
	come func(s *handstamptest.Server, email string) *handstamptest.Person // ready to call
}

// callers are all kinds there are, the columns of the golden.
var callers = []caller{
	{"nobody", func(s *handstamptest.Server, _ string) *handstamptest.Person {
		return s.Browser("Firefox")
	}},
	{"cookie", byCookie},
	{"bearer", byBearer},
	{"not fresh", func(s *handstamptest.Server, email string) *handstamptest.Person {
		p := byCookie(s, email)
		s.Clock.Advance(web.FreshFor + 5*time.Minute)
		p.Do("POST", "/v1/session/refresh", "").Want(200)
		return p
	}},
	{"ended", func(s *handstamptest.Server, email string) *handstamptest.Person {
		p := byBearer(s, email)
		p.Do("DELETE", "/v1/session", "").Want(204)
		return p
	}},
	{"service", func(s *handstamptest.Server, email string) *handstamptest.Person {
		p, _ := s.MustService(strings.ReplaceAll(email, "@", "-"))
		return p
	}},
	{"another site", func(s *handstamptest.Server, email string) *handstamptest.Person {
		p := byCookie(s, email)
		p.Header.Set("Sec-Fetch-Site", "cross-site")
		p.Header.Set("Origin", "https://evil.example")
		return p
	}},
}

// byCookie is somebody who has signed in with a browser.
func byCookie(s *handstamptest.Server, email string) *handstamptest.Person {
	p := s.Browser("Firefox")
	p.SignIn(email)
	return p
}

// byBearer is somebody who has signed in with a program.
func byBearer(s *handstamptest.Server, email string) *handstamptest.Person {
	p := s.Program("curl")
	p.SignIn(email)
	return p
}

// bodies are what the routes take, so that whoever is let in gets through to the end. A
// route that is not listed is called without a body. EMAIL stands for an address that
// nobody has, OWN for the caller's.
var bodies = map[string]string{ // pattern → body
	"POST /v1/users":          `{"email":"EMAIL","password":"` + handstamptest.GoodPassword + `"}`,
	"POST /v1/session":        `{"email":"OWN","password":"` + handstamptest.GoodPassword + `"}`,
	"PATCH /v1/user":          `{"name":"Ada"}`,
	"POST /oauth2/introspect": "token=x",
	"POST /oauth2/revoke":     "token=x",
	"POST /v1/user/password": `{"current_password":"` + handstamptest.GoodPassword +
		`","new_password":"another long and quiet phrase"}`,
}

// queries are what routes want in their address.
var queries = map[string]string{ // pattern → query
	"DELETE /v1/user/sessions": "?keep=current",
}

// visitor calls routes as one kind of caller after another, each time as another user.
type visitor struct {
	t *testing.T
	s *handstamptest.Server
	n int // users so far
}

// call calls a route as a caller who has a session on another device too, and returns the
// status.
func (v *visitor) call(route web.Route, c caller, method string) int {
	v.t.Helper()
	v.n++
	own := fmt.Sprintf("ada%d@example.com", v.n)
	v.s.MustUser(own)
	other := v.s.Program("another device").SignIn(own).Text("session.id")
	p := c.come(v.s, own)
	path := strings.NewReplacer(
		"{$}", "", "{name}", "missing.css", "{id}", other, "{token}", v.s.Users.SetupToken().Reveal(),
	).Replace(route.Path()) + queries[route.Pattern]
	if strings.Contains(path, "{") {
		v.t.Fatalf("%s: say in this test what stands for the wildcard", route.Pattern)
	}
	if route.Streams && method == "GET" {
		return p.Open(path).Status
	}
	body := strings.NewReplacer("EMAIL", "new"+own, "OWN", own).Replace(bodies[route.Pattern])
	if route.Handler.Body == web.FormBody {
		return p.Do(method, path, body, "Content-Type", "application/x-www-form-urlencoded").Status
	}
	return p.Do(method, path, body).Status
}

// TestOneConnection walks the routes on a PostgreSQL to which the server has one connection: a
// request that took a second while it holds one would wait for itself, and be answered 503.
func TestOneConnection(t *testing.T) {
	settings := map[string]string{"database": postgrestest.Shared(t).Database(t) + "?pool_max_conns=1"}
	v := &visitor{t: t, s: handstamptest.Start(t, handstamptest.Options{Settings: settings})}
	for _, route := range v.s.Routes() {
		for _, method := range methods(route) {
			for _, c := range callers {
				if c.name != "cookie" && c.name != "service" {
					continue
				}
				if status := v.call(route, c, method); status >= 500 {
					t.Errorf("%s %s as %s = %d, want it done with one connection", method, route.Path(), c.name, status)
				}
			}
		}
	}
}

// TestAccess lists what every route says of itself, and walks it as every kind of caller. A route
// opened by mistake shows as one line of the golden that changes.
func TestAccess(t *testing.T) {
	v := &visitor{t: t, s: handstamptest.Start(t, handstamptest.Options{})}
	var table bytes.Buffer
	columns := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprint(columns, "route\taccess\tCORS\tbody\tpage")
	for _, c := range callers {
		fmt.Fprintf(columns, "\t%s", c.name)
	}
	fmt.Fprintln(columns)
	for _, route := range v.s.Routes() {
		for _, method := range methods(route) {
			fmt.Fprintf(columns, "%s %s\t%s\t%s", method, route.Path(), route.Access, route.CORS)
			fmt.Fprintf(columns, "\t%s\t%s", route.Handler.Body, cmp.Or(route.Page, "-"))
			for _, c := range callers {
				fmt.Fprintf(columns, "\t%d", v.call(route, c, method))
			}
			fmt.Fprintln(columns)
		}
	}
	columns.Flush()
	golden(t, "access.golden", table.String())
}

// methods returns those that reach a route: ServeMux sends HEAD where GET goes.
func methods(route web.Route) []string {
	if route.Method() == "GET" {
		return []string{"GET", "HEAD"}
	}
	return []string{route.Method()}
}

// golden compares with a file of testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("who may call what has changed (-want +got); if that is meant: go test ./internal/server -update\n%s",
			diff)
	}
}
