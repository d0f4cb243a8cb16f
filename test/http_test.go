package test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"
)

// person is somebody in a story, with a jar of cookies.
type person struct {
	agent  string
	origin string // of the page in the browser; empty: a program
	client *http.Client
}

// answer is the last response.
type answer struct {
	status int
	body   string
}

// person gives somebody by name. Whoever is not known yet is a program.
func (s *story) person(name string) *person {
	p := s.people[name]
	if p == nil {
		jar, _ := cookiejar.New(nil) // fails for no options
		p = &person{agent: name + "'s program", client: &http.Client{
			Jar: jar, Timeout: patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}
		s.people[name] = p
	}
	return p
}

// browser gives people browsers, open at a page of the current server: browser NAME...
func browser(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		p := storyOf(ts).person(name)
		p.agent, p.origin = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", ts.Getenv("URL")
	}
}

// call is what an http command says.
type call struct {
	who, method, target string
	headers             [][2]string
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
			c.headers = append(c.headers, [2]string{parts[1], parts[2]})
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
// It comes again a second after storage_unavailable that the story does not want, as clients do: the machine may be busy.
func callHTTP(ts *testscript.TestScript, neg bool, args []string) {
	c, ok := parseCall(args)
	if neg || !ok {
		ts.Fatalf("usage: http NAME METHOD PATH|URL ['Header: value']... [BODY] [=> STATUS]")
	}
	printed, err := storyOf(ts).send(c, ts.Getenv("URL"))
	for end := time.Now().Add(patience); err == nil && c.want != "503" && strings.Contains(printed, `"code":"storage_unavailable"`) && time.Now().Before(end); {
		time.Sleep(time.Second)
		printed, err = storyOf(ts).send(c, ts.Getenv("URL"))
	}
	ts.Check(err)
	io.WriteString(ts.Stdout(), printed)
	if got := fmt.Sprint(storyOf(ts).last.status); c.want != "" && got != c.want {
		ts.Fatalf("status = %s, want %s\n%s", got, c.want, printed)
	}
}

// send makes a call, keeps its answer and gives it as text.
func (s *story) send(c call, base string) (string, error) {
	p := s.person(c.who)
	r, err := p.request(c, base)
	if err != nil {
		return "", err
	}
	client := *p.client
	if r.Header.Get("Cookie") != "" {
		client.Jar = nil // these cookies alone
	}
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	s.last = answer{response.StatusCode, string(body)}
	var out strings.Builder
	fmt.Fprintf(&out, "HTTP %d\n", response.StatusCode)
	for _, name := range []string{"Allow", "Location", "Retry-After", "Set-Cookie", "WWW-Authenticate"} {
		for _, value := range response.Header.Values(name) {
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&out, "\n%s\n", body)
	return out.String(), nil
}

// request builds a call's request, with the manners of whoever makes it.
func (p *person) request(c call, base string) (*http.Request, error) {
	if strings.HasPrefix(c.target, "/") {
		c.target = base + c.target
	}
	r, err := http.NewRequest(c.method, c.target, strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", p.agent)
	if p.origin != "" {
		r.Header.Set("Origin", p.origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range c.headers {
		if h[0] == "Host" {
			r.Host = h[1]
		}
		r.Header.Del(h[0])
	}
	for _, h := range c.headers {
		r.Header.Add(h[0], h[1])
	}
	return r, nil
}

// within repeats an http command until its status is as wanted: within DURATION http ... A busy machine is given slack.
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
		case fmt.Sprint(storyOf(ts).last.status) == c.want:
			io.WriteString(ts.Stdout(), printed)
			return
		case time.Now().After(end):
			ts.Fatalf("not within %v: status = %d, want %s\n%s", limit, storyOf(ts).last.status, c.want, printed)
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
		ts.Check(json.Unmarshal([]byte(storyOf(ts).last.body), &at))
		for name := range strings.SplitSeq(args[i+1], ".") {
			object, ok := at.(map[string]any)
			if !ok || object[name] == nil {
				ts.Fatalf("no %s in %s", args[i+1], storyOf(ts).last.body)
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
	u, err := url.Parse(ts.Getenv("URL"))
	ts.Check(err)
	for _, c := range storyOf(ts).person(args[1]).client.Jar.Cookies(u) {
		if c.Name == args[2] {
			ts.Setenv(args[0], c.Value)
			return
		}
	}
	ts.Fatalf("%s has no cookie %s", args[1], args[2])
}
