package handstamptest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/handstamp/handstamp/internal/store"
)

// Raw sends bytes that no HTTP client would send, and returns the answer. Lines of the head
// end as they are written; HOST stands for the server's.
func (s *Server) Raw(request string) Answer {
	s.t.Helper()
	address := strings.TrimPrefix(strings.Replace(s.URL, "localhost", "127.0.0.1", 1), "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	// The server may answer and hang up before it has read everything.
	go io.WriteString(conn, strings.Replace(request, "HOST", address, 1))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatalf("%.200q: %v", request, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatalf("%.200q: read answer: %v", request, err)
	}
	return Answer{response.StatusCode, response.Header, string(body), s.t}
}

// Dump returns everything that the server keeps and that a request might change: users,
// sessions, keys and what has ended. Two dumps are equal when nothing has changed.
func (s *Server) Dump() string {
	s.t.Helper()
	var out strings.Builder
	add := func(row any, err error) {
		if err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(&out, "%+v\n", row)
	}
	users, err := s.store.ListUsers(s.t.Context(), "", 1<<20)
	add(len(users), err)
	for _, user := range users {
		add(user, nil)
		add(s.store.LiveSessions(s.t.Context(), user.ID, s.Clock.Now()))
	}
	keys, err := s.store.SigningKeys(s.t.Context())
	for _, key := range keys {
		add(key.ID, err)
	}
	ended, err := s.store.RevocationsSince(s.t.Context(), 0, 1<<20)
	add(ended, err)
	return out.String()
}

// Session returns a session as it is kept, live or over.
func (s *Server) Session(sid string) store.Session {
	s.t.Helper()
	id, err := store.ParseSessionID(sid)
	if err != nil {
		s.t.Fatal(err)
	}
	standing, err := s.store.Session(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return standing.Session
}
