package server_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/logtest"
)

// narrow listens for connections that hold next to nothing that their reader has not read.
type narrow struct{ net.Listener }

// little is how many bytes the kernel is asked to hold, at either end.
const little = 4096

// Accept takes a connection.
func (n narrow) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetWriteBuffer(little)
}

// narrowClient makes a client that finds the server at a listener of its own, behind a connection
// that holds next to nothing.
func narrowClient(t *testing.T, s *handstamptest.Server) *http.Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := s.Front()
	go front.Serve(narrow{listener})
	t.Cleanup(func() { front.Close() })
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		failed := raw.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, little)
		})
		if failed != nil {
			return failed
		}
		return err
	}}
	transport := &http.Transport{DisableKeepAlives: true, ReadBufferSize: 512,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, listener.Addr().String())
		}}
	return &http.Client{Transport: transport}
}

// reader is somebody with the feed open.
type reader struct {
	t     *testing.T
	lines *bufio.Scanner
}

// openFeed opens the feed after a place, empty for none.
func openFeed(t *testing.T, s *handstamptest.Server, client *http.Client, place string) *reader {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/revocations/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	if place != "" {
		r.Header.Set("Last-Event-ID", place)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return &reader{t, bufio.NewScanner(answer.Body)}
}

// places reads until it has been told of so many endings, or the stream ends, and returns where
// they stand in the log.
func (r *reader) places(most int) (all []string) {
	r.t.Helper()
	place := "" // of an event that has not come whole
	for len(all) < most && r.lines.Scan() {
		line := r.lines.Text()
		if id, is := strings.CutPrefix(line, "id: "); is {
			place = id
		} else if line == "" && place != "" {
			all, place = append(all, place), ""
		}
	}
	return all
}

// TestSlowReader drops a reader of the feed who does not read, while another hears of everything;
// a reader that comes back goes on from where it was, and has missed nothing.
func TestSlowReader(t *testing.T) {
	t.Parallel()        // a write may take 5 s
	const endings = 300 // some 80 KB
	var log logtest.Log
	s := handstamptest.Start(t, handstamptest.Options{Work: true, Log: &log})
	s.MustUser("ada@example.com")
	var ada *handstamptest.Person
	for range endings + 2 {
		ada = s.Program("app")
		ada.SignIn("ada@example.com")
	}
	client := narrowClient(t, s)
	slow, quick := openFeed(t, s, client, ""), openFeed(t, s, http.DefaultClient, "")
	other := ada
	ada = s.Program("app")
	ada.SignIn("ada@example.com")
	other.Do("DELETE", "/v1/session", "").Want(204)
	heard, all := slow.places(1), quick.places(1)
	streams := log.Count(`"route":"GET /v1/revocations/stream"`)
	ada.Do("DELETE", "/v1/user/sessions?keep=current", "").Want(200)
	all = append(all, quick.places(endings+1)...)
	end := time.Now().Add(timeout)
	for ; log.Count(`"route":"GET /v1/revocations/stream"`) == streams; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the stream of a reader who does not read goes on for %v", timeout)
		}
	}
	heard = append(heard, slow.places(endings+1)...)
	if len(heard) == len(all) {
		t.Fatal("it has heard everything: the test tests nothing")
	}
	again := openFeed(t, s, client, heard[len(heard)-1])
	heard = append(heard, again.places(len(all)-len(heard))...)
	if !slices.Equal(heard, all) {
		t.Errorf("a reader who was dropped heard of %v, another of %v", heard, all)
	}
}
