package verify_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify"
)

// feedServer is an issuer's feed in memory, which a test may have misbehave. It is an
// http.RoundTripper.
type feedServer struct {
	mu        sync.Mutex // guards all below
	epoch     int64
	log       []revoked.Entry // in order
	opened    []string        // the Last-Event-ID of each stream that was asked for
	snapshots int             // how many were asked for
	asked     []string        // tokens that were asked about
	keys      []string        // Authorization of each request
	streams   []*connection   // that were opened, the ended ones among them

	changed chan struct{}                              // closed when something was ended, and replaced
	stream  func(c *connection)                        // what a stream does; nil: what it should
	answer  func(r *http.Request) *http.Response       // in place of everything, unless it is nil or returns nil
	active  func(token string) (*http.Response, error) // the answer about a token; nil: it is active
}

// newFeedServer has a log in which nothing ended yet.
func newFeedServer() *feedServer { return &feedServer{epoch: 1000, changed: make(chan struct{})} }

// config is that of a verifier which follows the server's feed, by the clock of the bubble.
func (s *feedServer) config() verify.Config {
	c := testConfig()
	c.Now, c.ServiceKey, c.HTTPClient = nil, "hsk_test", &http.Client{Transport: s}
	return c
}

// change does f while no request looks.
func (s *feedServer) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// entry is the next entry of the log, for the session with this sid; the caller holds mu.
func (s *feedServer) entry(sid string) revoked.Entry {
	seq := int64(0)
	if len(s.log) > 0 {
		seq = s.log[len(s.log)-1].Seq
	}
	at := time.Now()
	return revoked.Entry{
		Epoch: s.epoch, Seq: seq + 1, Prev: seq, At: at.UnixMilli(), Kind: revoked.Session, ID: sid,
		Expires: at.Add(17 * time.Minute).Unix(),
	}
}

// end ends sessions.
func (s *feedServer) end(sids ...string) {
	s.change(func() {
		for _, sid := range sids {
			s.log = append(s.log, s.entry(sid))
		}
	})
}

// write adds an entry as it is, but for its place in the log.
func (s *feedServer) write(e revoked.Entry) {
	s.change(func() {
		next := s.entry("")
		next.Kind, next.ID, next.NotBefore = e.Kind, e.ID, e.NotBefore
		s.log = append(s.log, next)
	})
}

// last is the Last-Event-ID that the newest stream was asked for with, and how many streams there
// were.
func (s *feedServer) last() (string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.opened) == 0 {
		return "", 0
	}
	return s.opened[len(s.opened)-1], len(s.opened)
}

// head is the epoch and the newest seq of the log; the caller holds mu.
func (s *feedServer) head() (epoch, seq int64) {
	if len(s.log) == 0 {
		return s.epoch, 0
	}
	return s.epoch, s.log[len(s.log)-1].Seq
}

// RoundTrip answers one request.
func (s *feedServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.keys = append(s.keys, r.Header.Get("Authorization"))
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		if got := answer(r); got != nil {
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			got.Request = r
			return got, nil
		}
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /v1/revocations":
		return s.snapshot(), nil
	case "GET /v1/revocations/stream":
		return s.open(r), nil
	case "POST /oauth2/introspect":
		return s.introspect(r)
	}
	return answerOf(http.StatusNotFound, nil, ""), nil
}

// snapshot is all that is in the log.
func (s *feedServer) snapshot() *http.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshots++
	epoch, seq := s.head()
	return answerOf(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, snapshotJSON(epoch, seq, s.log))
}

// snapshotJSON is a snapshot as it is sent.
func snapshotJSON(epoch, seq int64, log []revoked.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"epoch":%d,"seq":%d,"at":%d,"max_staleness":5,"entries":[`, epoch, seq, time.Now().UnixMilli())
	for i, e := range log {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(mustJSON(e))
	}
	b.WriteString("]}")
	return b.String()
}

// introspect is the answer about a token.
func (s *feedServer) introspect(r *http.Request) (*http.Response, error) {
	token := r.PostFormValue("token")
	s.mu.Lock()
	s.asked = append(s.asked, token)
	active := s.active
	s.mu.Unlock()
	if active != nil {
		return active(token)
	}
	return answerOf(http.StatusOK, http.Header{"Content-Type": {"application/json"}}, `{"active":true}`), nil
}

// questions is how many tokens were asked about.
func (s *feedServer) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// open begins a stream.
func (s *feedServer) open(r *http.Request) *http.Response {
	body, to := io.Pipe()
	s.mu.Lock()
	s.opened = append(s.opened, r.Header.Get("Last-Event-ID"))
	script := s.stream
	c := &connection{server: s, request: r, to: to, last: r.Header.Get("Last-Event-ID")}
	s.streams = append(s.streams, c)
	s.mu.Unlock()
	if script == nil {
		script = (*connection).behave
	}
	go func() {
		script(c)
		to.Close()
	}()
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}},
		Body:       body,
		Request:    r,
	}
}

// cutStreams ends the streams that are open, as a node does that stops.
func (s *feedServer) cutStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.streams {
		c.to.CloseWithError(errors.New("connection reset"))
	}
	s.streams = nil
}

// connection is one stream, as the server sees it.
type connection struct {
	server  *feedServer
	request *http.Request
	to      *io.PipeWriter
	last    string // Last-Event-ID
	sent    int64  // the newest entry that was sent
}

// raw sends text.
func (c *connection) raw(format string, args ...any) { fmt.Fprintf(c.to, format, args...) }

// revoke sends an entry.
func (c *connection) revoke(e revoked.Entry) {
	c.raw("event: revoke\nid: %d.%d\ndata: %s\n\n", e.Epoch, e.Seq, mustJSON(e))
}

// heartbeat sends a heartbeat of this time.
func (c *connection) heartbeat(epoch, seq int64, at time.Time) {
	c.raw("event: heartbeat\ndata: {\"epoch\":%d,\"seq\":%d,\"at\":%d}\n\n", epoch, seq, at.UnixMilli())
}

// begin resumes where it can, and otherwise sends a reset. It reports how far the stream is then.
func (c *connection) begin() {
	c.server.mu.Lock()
	epoch, seq := c.server.head()
	c.server.mu.Unlock()
	var from, at int64
	if n, _ := fmt.Sscanf(c.last, "%d.%d", &from, &at); n == 2 && from == epoch && at <= seq {
		c.sent = at
		return
	}
	c.sent = seq
	c.raw("event: reset\ndata: {\"epoch\":%d,\"seq\":%d}\n\n", epoch, seq)
}

// sleep waits, and reports whether the stream is still wanted.
func (c *connection) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-c.request.Context().Done():
		return false
	}
}

// rest returns what was not sent yet, and what is closed when there is more.
func (c *connection) rest() (rest []revoked.Entry, changed <-chan struct{}) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	for _, e := range c.server.log {
		if e.Seq > c.sent {
			rest = append(rest, e)
		}
	}
	return rest, c.server.changed
}

// send sends what was not sent yet, but for those that drop names.
func (c *connection) send(drop ...string) (changed <-chan struct{}) {
	rest, changed := c.rest()
	for _, e := range rest {
		if !slices.Contains(drop, e.ID) {
			c.revoke(e)
		}
		c.sent = e.Seq
	}
	return changed
}

// behave is a stream as it should be.
func (c *connection) behave() { c.serve(nil) }

// serve is a stream as it should be, but that some entries are never sent.
func (c *connection) serve(drop []string) {
	c.begin()
	heartbeat := time.NewTicker(2 * time.Second)
	defer heartbeat.Stop()
	for due := true; ; {
		changed := c.send(drop...)
		if due {
			c.server.mu.Lock()
			epoch := c.server.epoch
			c.server.mu.Unlock()
			c.heartbeat(epoch, c.sent, time.Now())
		}
		select {
		case <-changed:
			due = false
		case <-heartbeat.C:
			due = true
		case <-c.request.Context().Done():
			return
		}
	}
}

// sessionToken is a good token of a session, made now.
func sessionToken(sid string) string {
	claims := goodClaims().with("sid", quote(sid)).with("jti", quote("jti-"+sid)).
		with("iat", fmt.Sprint(time.Now().Unix())).with("exp", fmt.Sprint(time.Now().Add(10*time.Minute).Unix()))
	return forge(goodHeader(jose.ES256), claims)
}

// wantCode verifies a token once everything has come to rest, and wants this code; empty wants it
// accepted.
func wantCode(t *testing.T, v *verify.Verifier, token string, want verify.Code) {
	t.Helper()
	waitIdle()
	check(t, v, token, want)
}

// bearer is a request with a token in its header.
func bearer(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}
