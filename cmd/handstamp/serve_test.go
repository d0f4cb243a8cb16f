package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serving is a server in this process, on unix sockets in a folder of its own.
type serving struct {
	folder string
	env    []string
	client *http.Client // of the public listener
	ops    *http.Client // of the operations listener
	stop   func() int   // ends it and returns its exit status
}

// startServing starts one. Its log goes to stderr.
func startServing(t *testing.T, stderr interface{ Write([]byte) (int, error) }, more ...string) serving {
	t.Helper()
	s := serving{folder: t.TempDir()}
	path := func(name string) string { return filepath.Join(s.folder, name) }
	s.env = append([]string{"HANDSTAMP_DATABASE=sqlite:" + path("a.db"), "HANDSTAMP_MASTER_KEY_FILE=" + path("a.key"),
		"HANDSTAMP_LISTEN=unix:" + path("front"), "HANDSTAMP_OPS_LISTEN=unix:" + path("ops")}, more...)
	s.client, s.ops = socketClient(path("front")), socketClient(path("ops"))
	ctx, cancel := context.WithCancel(t.Context())
	listening, ended := make(chan struct{}), make(chan int, 1)
	out := writerFunc(func(p []byte) (int, error) {
		if strings.Contains(string(p), "listening") {
			close(listening)
		}
		return len(p), nil
	})
	go func() { ended <- run(ctx, environment{[]string{"serve"}, s.env, strings.NewReader(""), out, stderr}) }()
	select {
	case <-listening:
	case got := <-ended:
		t.Fatalf("serve = %d", got)
	}
	s.stop = func() int {
		cancel()
		select {
		case got := <-ended:
			ended <- got
			return got
		case <-time.After(time.Minute):
			return -1
		}
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// socketClient is a client of a unix socket.
func socketClient(path string) *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: 20 * time.Second}
}

// get returns the status of an answer.
func get(t *testing.T, c *http.Client, url string, headers ...string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// TestUnixSocket answers on unix sockets, believes a proxy there about addresses, and starts again
// over the sockets that a crash has left.
func TestUnixSocket(t *testing.T) {
	var log bytes.Buffer
	s := startServing(t, &log)
	if got := get(t, s.client, "http://localhost:8787/signin", "X-Forwarded-For", "203.0.113.9"); got != 200 {
		t.Errorf("GET /signin = %d, want 200", got)
	}
	if got := get(t, s.ops, "http://localhost/readyz"); got != 200 {
		t.Errorf("GET /readyz = %d, want 200", got)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(s.folder, "left"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	if got := s.stop(); got != 0 {
		t.Errorf("serve = %d, want 0: %s", got, &log)
	}
	if !strings.Contains(log.String(), `"203.0.113.9"`) {
		t.Errorf("the log does not name the client: %s", &log)
	}
	again := environment{[]string{"serve"}, append(s.env, "HANDSTAMP_OPS_LISTEN=unix:"+left.Addr().String()),
		strings.NewReader(""), writerFunc(func(p []byte) (int, error) { return len(p), nil }), &log}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if got := run(ctx, again); got != 0 {
		t.Errorf("serve over a socket that was left = %d, want 0: %s", got, &log)
	}
}

// TestReadyWhileDraining is not ready any more from the moment that the server is told to stop, and
// finishes what is under way.
func TestReadyWhileDraining(t *testing.T) {
	s := startServing(t, &bytes.Buffer{})
	slow, err := net.Dial("unix", filepath.Join(s.folder, "front"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	head := "POST /v1/session HTTP/1.1\r\nHost: localhost:8787\r\n" +
		"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
	if _, err := slow.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // until it is under way
	ended := make(chan int, 1)
	go func() { ended <- s.stop() }()
	for end := time.Now().Add(5 * time.Second); get(t, s.ops, "http://localhost/readyz") != 503; {
		if time.Now().After(end) {
			t.Fatal("it is ready while it stops")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := slow.Write([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 12)
	if _, err := slow.Read(answer); err != nil || string(answer) != "HTTP/1.1 422" && string(answer) != "HTTP/1.1 400" {
		t.Errorf("what was under way is answered %q, %v", answer, err)
	}
	if got := <-ended; got != 0 {
		t.Errorf("serve = %d, want 0", got)
	}
}
