// Package apiclient sends requests to the API as browsers and native apps do, and reads the
// answers. The simulation, the trial of nodes and bench/feed share it. It keeps no state: who sends
// what, and what an answer changes, is theirs.
package apiclient

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// Password is one that every policy takes.
const Password = "violet teapots orbit quietly"

// The cookies of a server at an https origin.
const (
	AccessCookie  = "__Host-Http-hs_access"
	RefreshCookie = "__Host-Http-hs_refresh"
)

// Request is one request of a client.
type Request struct {
	Method, Path string
	Agent        string         // the User-Agent
	Bearer       string         // an access token; empty: none
	Header       http.Header    // nil: no more than that
	Cookies      []*http.Cookie // nil: none
	Body         map[string]any // sent as JSON; nil: no body
}

// Answer is a response, read whole. The zero Answer is none.
type Answer struct {
	Status          int
	Body            string
	Code            string // of a problem
	Reason          string // why a session is over
	Access, Refresh string // tokens, of the body or of cookies; empty: none
	Session         string // the sid
	Expires         time.Time
	Cookies         []*http.Cookie
	Location        string
}

// Send sends the request to a server, whose URL begins with base, and returns the answer.
func (q Request) Send(ctx context.Context, c *http.Client, base string) (Answer, error) {
	body, err := q.body()
	if err != nil {
		return Answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, q.Method, base+q.Path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	q.fill(r)
	response, err := c.Do(r)
	if err != nil {
		return Answer{}, err
	}
	return read(response)
}

// Serve has a handler answer the request, which comes from an address.
func (q Request) Serve(h http.Handler, base string, from netip.AddrPort) (Answer, error) {
	body, err := q.body()
	if err != nil {
		return Answer{}, err
	}
	r := httptest.NewRequest(q.Method, base+q.Path, strings.NewReader(body))
	q.fill(r)
	r.RemoteAddr = from.String()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return read(w.Result())
}

// body returns the body as JSON.
func (q Request) body() (string, error) {
	if q.Body == nil {
		return "", nil
	}
	text, err := json.Marshal(q.Body, json.Deterministic(true))
	return string(text), err
}

// fill sets the headers.
func (q Request) fill(r *http.Request) {
	if q.Header != nil {
		r.Header = q.Header.Clone()
	}
	r.Header.Set("User-Agent", q.Agent)
	if q.Bearer != "" {
		r.Header.Set("Authorization", "Bearer "+q.Bearer)
	}
	if q.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, cookie := range q.Cookies {
		r.AddCookie(cookie)
	}
}

// read reads a response whole.
func read(r *http.Response) (Answer, error) {
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: r.StatusCode, Body: string(text), Cookies: r.Cookies(), Location: r.Header.Get("Location")}
	if strings.Contains(r.Header.Get("Content-Type"), "json") {
		err = a.readJSON(text)
	}
	for _, c := range a.Cookies {
		switch c.Name {
		case AccessCookie:
			a.Access = c.Value
		case RefreshCookie:
			a.Refresh = c.Value
		}
	}
	return a, err
}

// readJSON takes over what a body says.
func (a *Answer) readJSON(text []byte) error {
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
	if err := json.Unmarshal(text, &body); err != nil {
		return err
	}
	a.Code, a.Reason, a.Access, a.Refresh = body.Code, body.Reason, body.Access, body.Refresh
	a.Session, a.Expires = body.Session.ID, body.Session.Expires
	return nil
}
