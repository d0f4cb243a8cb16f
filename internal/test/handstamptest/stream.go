package handstamptest

import (
	"bufio"
	"context"
	"net/http"
	"strings"

	"github.com/handstamp/handstamp/internal/audit"
)

// Event is one of a stream's.
type Event struct{ Name, ID, Data string }

// Stream is an answer that goes on.
type Stream struct {
	Status int
	Header http.Header
	Close  func()
	lines  *bufio.Scanner
}

// Open sends a GET, and returns the answer as soon as its head is there. Headers are as in Do. It
// ends with the test at the latest.
func (p *Person) Open(path string, headers ...string) *Stream {
	t := p.t
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = p.Header.Clone()
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := *p.client
	client.Timeout = 0
	response, err := client.Do(r)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	closed := func() {
		cancel()
		response.Body.Close()
	}
	t.Cleanup(closed)
	return &Stream{response.StatusCode, response.Header, closed, bufio.NewScanner(response.Body)}
}

// Next waits for the next event; ok is false when the stream has ended.
func (s *Stream) Next() (e Event, ok bool) {
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			e.Name = value
		case "id":
			e.ID = value
		case "data":
			e.Data = value
		case "":
			return e, true
		}
	}
	return Event{}, false
}

// Want reads until an event of this name comes, and returns it. The test ends when none does.
func (s *Stream) Want(p *Person, name string) Event {
	p.t.Helper()
	for {
		e, ok := s.Next()
		if !ok {
			p.t.Fatalf("the stream ended before a %s", name)
		}
		if e.Name == name {
			return e
		}
	}
}

// MustService makes a service key and returns a program that shows it, and the key.
func (s *Server) MustService(name string) (*Person, string) {
	s.t.Helper()
	_, key, err := s.Services.Create(s.t.Context(), audit.Operator(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	p := s.Program(name)
	p.Header.Set("Authorization", "Bearer "+key.Reveal())
	return p, key.Reveal()
}
