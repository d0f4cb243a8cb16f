package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/verify"
)

// samplePage is what the sample app shows.
//
//go:embed sample.html
var samplePage string

// sampleStyle is how it looks.
//
//go:embed sample.css
var sampleStyle []byte

// sample is an app of somebody else's, on a port of its own, behind verify.
type sample struct {
	http.Handler
	issuer   string
	verifier *verify.Verifier
	page     *template.Template
	now      func() time.Time
	log      *slog.Logger
}

// sampleParts are what the sample app works with.
type sampleParts struct {
	issuer string
	server *server.Server
	log    *slog.Logger
}

// newSample builds the app. It shares the server's memory of what has ended, since it runs
// in the same program; examples/service is one that runs in another.
func newSample(ctx context.Context, p sampleParts) (*sample, error) {
	v, err := verify.New(ctx, p.server.Verification())
	if err != nil {
		return nil, err
	}
	page, err := template.New("sample").Parse(samplePage)
	if err != nil {
		return nil, err
	}
	s := &sample{issuer: p.issuer, verifier: v, page: page, now: p.server.Now, log: p.log}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", v.RequireFunc(s.home))
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Write(sampleStyle)
	})
	s.Handler = mux
	return s, nil
}

// close lets go of the verifier.
func (s *sample) close() { s.verifier.Close() }

// sampleData is what the page shows.
type sampleData struct {
	Issuer  string
	Name    string
	Email   string
	Session *verify.Session
	Now     time.Time
}

// home greets by name whoever is signed in.
func (s *sample) home(w http.ResponseWriter, r *http.Request) {
	data := sampleData{Issuer: s.issuer, Session: verify.FromContext(r.Context()), Now: s.now()}
	data.Name, data.Email = s.profile(r)
	var out bytes.Buffer
	if err := s.page.Execute(&out, data); err != nil {
		s.log.Error("sample page", "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; form-action "+s.issuer+"; frame-ancestors 'none'; base-uri 'none'")
	w.Write(out.Bytes())
}

// profile asks the server for the person's name, as any app does that needs more than the
// token says: with the token it was shown. Without an answer there is no name.
func (s *sample) profile(r *http.Request) (name, email string) {
	cookie, err := r.Cookie("hs_access")
	if err != nil {
		return "", ""
	}
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, s.issuer+"/v1/user", nil)
	if err != nil {
		return "", ""
	}
	ask.Header.Set("Authorization", "Bearer "+cookie.Value)
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return "", ""
	}
	defer discardBody(answer.Body)
	var user struct{ Name, Email string }
	if answer.StatusCode != http.StatusOK || json.NewDecoder(answer.Body).Decode(&user) != nil {
		return "", ""
	}
	return user.Name, user.Email
}
