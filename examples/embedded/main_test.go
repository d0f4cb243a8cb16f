package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestNotes signs up as a browser does, with cookies alone, keeps a note and finds it; another
// person does not; and another site's form keeps none.
func TestNotes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, t.TempDir(), port) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run = %v", err)
		}
	}()
	app := "http://localhost:" + port
	ada, bob := browser(t), browser(t)
	ada.signUp(t, app, "ada@example.com")
	bob.signUp(t, app, "bob@example.com")

	note := url.Values{"text": {"<b>buy</b> stamps"}}
	if status, body := ada.post(t, app+"/notes", app, note); status != 200 ||
		!strings.Contains(body, "&lt;b&gt;buy&lt;/b&gt; stamps") {
		t.Errorf("ada's note = %d %s, want it in the list", status, body)
	}
	if status, _ := ada.post(t, app+"/notes", "https://evil.example", note); status != http.StatusForbidden {
		t.Errorf("another site's form = %d, want 403", status)
	}
	if status, body := bob.get(t, app+"/"); status != 200 || strings.Contains(body, "stamps") {
		t.Errorf("bob's page = %d %s, want no note of ada's", status, body)
	}
}

// person is somebody with a browser.
type person struct{ client http.Client }

// browser returns somebody whose browser holds no cookies yet.
func browser(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{http.Client{Jar: jar, Timeout: 10 * time.Second}}
}

// signUp fills in the form.
func (p *person) signUp(t *testing.T, app, email string) {
	t.Helper()
	form := url.Values{"email": {email}, "password": {"violet teapots orbit quietly"}}
	for range 500 { // until the program listens
		if conn, err := net.Dial("tcp", strings.TrimPrefix(app, "http://")); err == nil {
			conn.Close()
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if status, body := p.post(t, app+"/auth/signup", app, form); status != 200 || !strings.Contains(body, email) {
		t.Fatalf("sign up = %d %s, want the account page", status, body)
	}
}

// post sends a form from an origin, and follows where it leads.
func (p *person) post(t *testing.T, to, origin string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	return p.do(t, r)
}

// get opens a page.
func (p *person) get(t *testing.T, at string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", at, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.do(t, r)
}

// do sends a request as a browser that opens a page.
func (p *person) do(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	r.Header.Set("Accept", "text/html")
	answer, err := p.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}
