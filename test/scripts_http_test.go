package test

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// person returns somebody by name. Whoever is not known yet is a program.
func (s *story) person(name string) *handstamptest.Person {
	p := s.people[name]
	if p == nil {
		p = handstamptest.NewPerson("", name+"'s program")
		s.people[name] = p
	}
	return p
}

// browser has people use browsers, open at a page of the current server: browser NAME...
func browser(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		p := storyOf(ts).person(name)
		p.URL = ts.Getenv("URL")
		p.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
		p.Browse()
	}
}

// call is what an http command says.
type call struct {
	who, method, target string
	headers             []string // name, value, name, value
	body                string
	want                string // the status; empty: any
}

// header is how a header stands among the arguments.
var header = regexp.MustCompile(`^([A-Za-z][A-Za-z-]*): ?(.*)$`)

// parseCall reads the arguments of http.
func parseCall(args []string) (c call, ok bool) {
	if len(args) < 3 {
		return c, false
	}
	c.who, c.method, c.target = args[0], args[1], args[2]
	for rest := args[3:]; len(rest) > 0; rest = rest[1:] {
		parts := header.FindStringSubmatch(rest[0])
		switch {
		case rest[0] == "=>" && len(rest) == 2:
			c.want = rest[1]
			return c, true
		case parts != nil:
			c.headers = append(c.headers, parts[1], parts[2])
		default:
			c.body = rest[0]
		}
	}
	return c, true
}

// callHTTP sends a request and prints the answer:
//
//	http NAME METHOD PATH|URL ['Header: value']... [BODY] [=> STATUS]
//
// It comes again a second after storage_unavailable that the story does not want, as clients do:
// the machine may be busy.
func callHTTP(ts *testscript.TestScript, neg bool, args []string) {
	c, ok := parseCall(args)
	if neg || !ok {
		ts.Fatalf("usage: http NAME METHOD PATH|URL ['Header: value']... [BODY] [=> STATUS]")
	}
	printed, err := storyOf(ts).send(c, ts.Getenv("URL"))
	busy := func() bool { return c.want != "503" && strings.Contains(printed, `"code":"storage_unavailable"`) }
	for end := time.Now().Add(timeout); err == nil && busy() && time.Now().Before(end); {
		time.Sleep(time.Second)
		printed, err = storyOf(ts).send(c, ts.Getenv("URL"))
	}
	ts.Check(err)
	io.WriteString(ts.Stdout(), printed)
	if got := fmt.Sprint(storyOf(ts).last.Status); c.want != "" && got != c.want {
		ts.Fatalf("status = %s, want %s\n%s", got, c.want, printed)
	}
}

// send makes a call, keeps its answer and returns it as text.
func (s *story) send(c call, base string) (string, error) {
	p := s.person(c.who)
	p.URL = base
	a, err := p.Send(context.Background(), c.method, c.target, c.body, c.headers...)
	if err != nil {
		return "", err
	}
	s.last = a
	var out strings.Builder
	fmt.Fprintf(&out, "HTTP %d\n", a.Status)
	for _, name := range []string{"Allow", "Location", "Retry-After", "Set-Cookie", "WWW-Authenticate"} {
		for _, value := range a.Header.Values(name) {
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&out, "\n%s\n", a.Body)
	return out.String(), nil
}

// within repeats an http command until its status is as wanted: within DURATION http ... A busy
// machine is given slack.
func within(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[1] != "http" {
		ts.Fatalf("usage: within DURATION http ...")
	}
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	c, ok := parseCall(args[2:])
	if !ok || c.want == "" {
		ts.Fatalf("within needs a status to wait for")
	}
	for end := time.Now().Add(slack * limit); ; time.Sleep(10 * time.Millisecond) {
		printed, err := storyOf(ts).send(c, ts.Getenv("URL"))
		ts.Check(err)
		switch {
		case fmt.Sprint(storyOf(ts).last.Status) == c.want:
			io.WriteString(ts.Stdout(), printed)
			return
		case time.Now().After(end):
			ts.Fatalf("not within %v: status = %d, want %s\n%s", limit, storyOf(ts).last.Status, c.want, printed)
		}
	}
}

// save keeps members of the last answer in variables: save VAR json.path...
func save(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args)%2 != 0 {
		ts.Fatalf("usage: save VAR json.path [VAR json.path]...")
	}
	for i := 0; i < len(args); i += 2 {
		var at any
		ts.Check(json.Unmarshal([]byte(storyOf(ts).last.Body), &at))
		for name := range strings.SplitSeq(args[i+1], ".") {
			object, ok := at.(map[string]any)
			if !ok || object[name] == nil {
				ts.Fatalf("no %s in %s", args[i+1], storyOf(ts).last.Body)
			}
			at = object[name]
		}
		ts.Setenv(args[i], fmt.Sprint(at))
	}
}

// cookie keeps a cookie of somebody's jar in a variable: cookie VAR NAME COOKIE.
func cookie(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cookie VAR NAME COOKIE")
	}
	p := storyOf(ts).person(args[1])
	p.URL = ts.Getenv("URL")
	value := p.Cookie(args[2])
	if value == "" {
		ts.Fatalf("%s has no cookie %s", args[1], args[2])
	}
	ts.Setenv(args[0], value)
}
