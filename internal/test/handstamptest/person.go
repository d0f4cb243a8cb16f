package handstamptest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// Person acts on a server with a jar of cookies.
type Person struct {
	Header http.Header // sent with every request
	URL    string      // before the paths of requests
	client *http.Client
	t      testing.TB // nil: it can Send alone
}

// NewPerson returns somebody with a program that says nothing of where its requests come from.
// Paths are below base, the server's public URL.
func NewPerson(base, agent string) *Person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // there are no options that it could refuse
	}
	return &Person{Header: http.Header{"User-Agent": {agent}}, URL: base, client: &http.Client{
		Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Through has requests go through a transport, and returns the person, for a test.
func (p *Person) Through(t testing.TB, transport http.RoundTripper) *Person {
	p.t, p.client.Transport = t, transport
	return p
}

// Browse has requests come from a page of the server, in a browser.
func (p *Person) Browse() {
	p.Header.Set("Sec-Fetch-Site", "same-origin")
	at, err := url.Parse(p.URL)
	if err != nil {
		panic(err) // nobody has such a server
	}
	p.Header.Set("Origin", at.Scheme+"://"+at.Host)
}

// Browser returns somebody with a browser that holds no cookies yet.
func (s *Server) Browser(agent string) *Person {
	p := s.Program(agent)
	p.Browse()
	return p
}

// Program returns somebody with a program. Where the public URL is not where the server listens,
// requests reach it without a network.
func (s *Server) Program(agent string) *Person {
	if s.URL != s.Local {
		return NewPerson(s.URL, agent).Through(s.t, inMemory{s})
	}
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return NewPerson(s.URL, agent).Through(s.t, transport)
}

// inMemory hands requests to a handler, whatever their address.
type inMemory struct{ http.Handler }

// RoundTrip answers from a documentation address.
func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	if sent.Body == nil {
		sent.Body = http.NoBody
	}
	if sent.Host == "" {
		sent.Host = sent.URL.Host
	}
	sent.RequestURI, sent.RemoteAddr = sent.URL.RequestURI(), "192.0.2.1:1234"
	w := httptest.NewRecorder()
	m.ServeHTTP(w, sent)
	return w.Result(), nil
}

// In returns the same person, with the same jar, for another test.
func (p *Person) In(t testing.TB) *Person {
	same := *p
	same.t = t
	return &same
}

// Twin returns another person who holds the same cookies now.
func (p *Person) Twin() *Person {
	twin := NewPerson(p.URL, "")
	twin.Header, twin.t, twin.client.Transport = p.Header.Clone(), p.t, p.client.Transport
	for _, c := range p.client.Jar.Cookies(p.address("/")) {
		twin.SetCookie(c.Name, c.Value)
	}
	return twin
}

// SignIn signs a user of MustUser in. A browser keeps the cookies; a program goes on with
// the access token, and finds the refresh token in the answer.
func (p *Person) SignIn(email string) Answer {
	p.t.Helper()
	body := `{"email":"` + email + `","password":"` + GoodPassword + `","remember":true}`
	in := p.Do("POST", "/v1/session", body).Want(http.StatusCreated)
	if token, ok := in.JSON()["access_token"].(string); ok {
		p.Header.Set("Authorization", "Bearer "+token)
	}
	return in
}

// address returns that of a path.
func (p *Person) address(path string) *url.URL {
	u, err := url.Parse(p.URL + path)
	if err != nil {
		panic(fmt.Sprintf("address of %s: %v", path, err))
	}
	return u
}

// Cookies returns what the jar holds for a path of the server, as a Cookie header.
func (p *Person) Cookies(path string) string {
	var pairs []string
	for _, c := range p.client.Jar.Cookies(p.address(path)) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// Cookie returns the value of a cookie in the jar, or "".
func (p *Person) Cookie(name string) string {
	for _, c := range p.client.Jar.Cookies(p.address("/")) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// SetCookie puts a cookie into the jar, and takes it out if value is empty.
func (p *Person) SetCookie(name, value string) {
	c := &http.Cookie{Name: name, Value: value, Path: "/"}
	if value == "" {
		c.MaxAge = -1
	}
	p.client.Jar.SetCookies(p.address("/"), []*http.Cookie{c})
}

// Do sends a request as Send does. The test fails when there is no answer, or the description of
// the API does not allow it.
func (p *Person) Do(method, path, body string, headers ...string) Answer {
	p.t.Helper()
	a, err := p.Send(p.t.Context(), method, path, body, headers...)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	for _, wrong := range Judge(Exchange{method, path, body, a.Status, a.Header, a.Body}) {
		p.t.Error(wrong)
	}
	return a
}

// Send sends a request and reads the answer. target is a path, or a whole address. body may be
// empty, and is JSON unless headers say otherwise. Headers are name, value, name, value, and take
// the place of the person's own; a name may stand more than once. A Cookie header takes the place
// of the jar.
func (p *Person) Send(ctx context.Context, method, target, body string, headers ...string) (Answer, error) {
	if strings.HasPrefix(target, "/") {
		target = p.URL + target
	}
	r, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	r.Header = p.Header.Clone()
	if body != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	setHeaders(r, headers)
	client := *p.client
	if r.Header.Get("Cookie") != "" {
		client.Jar = nil
	}
	response, err := client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("read answer: %w", err)
	}
	return Answer{response.StatusCode, response.Header, string(read), p.t}, nil
}

// setHeaders puts headers in place of those that a request has by these names.
func setHeaders(r *http.Request, headers []string) {
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Del(headers[i])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
}

// Answer is a response, read.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	t      testing.TB
}

// Cookies returns those that the answer sets or clears.
func (a Answer) Cookies() []*http.Cookie { return (&http.Response{Header: a.Header}).Cookies() }

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

// Text returns a member of the body as text; a path such as "session.id" goes down.
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
