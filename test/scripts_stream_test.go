package test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"
)

// bound is how soon what ends is known everywhere. docs/protocol.md §6
const bound = time.Second

// listener is somebody with the revocation feed open.
type listener struct {
	mu    sync.Mutex // guards heard
	heard bytes.Buffer
	done  chan struct{} // closed when the stream has ended
}

// Write keeps what was heard.
func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard.Write(p)
}

// text returns what was heard so far.
func (l *listener) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard.String()
}

// listen opens the revocation feed for somebody and waits for its first heartbeat: listen NAME
// ['Header: value']...
func listen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: listen NAME ['Header: value']...")
	}
	ctx, cancel := context.WithCancel(context.Background())
	ts.Defer(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, ts.Getenv("URL")+"/v1/revocations/stream", nil)
	ts.Check(err)
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("the feed answers %s", answer.Status)
	}
	l := &listener{done: make(chan struct{})}
	go func() {
		defer close(l.done)
		defer answer.Body.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := answer.Body.Read(buffer)
			l.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	storyOf(ts).listeners[args[0]] = l
	l.await(ts, "event: heartbeat", timeout)
}

// heard waits until somebody who listens has heard a text, for as long as the bound: heard NAME
// TEXT.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || storyOf(ts).listeners[args[0]] == nil {
		ts.Fatalf("usage: heard NAME TEXT, of one who listens")
	}
	storyOf(ts).listeners[args[0]].await(ts, args[1], bound)
}

// await waits for a text.
func (l *listener) await(ts *testscript.TestScript, text string, limit time.Duration) {
	for end := time.Now().Add(slack * limit); !strings.Contains(l.text(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("not within %v: %q; heard:\n%s", limit, text, l.text())
		}
	}
}

// over waits until somebody's stream has ended, for as long as the bound: over NAME.
func over(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || storyOf(ts).listeners[args[0]] == nil {
		ts.Fatalf("usage: over NAME, of one who listens")
	}
	select {
	case <-storyOf(ts).listeners[args[0]].done:
	case <-time.After(slack * bound):
		ts.Fatalf("the stream of %s goes on", args[0])
	}
}

// keep keeps the first line of a file in a variable: keep VAR FILE.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep VAR FILE")
	}
	line, _, _ := strings.Cut(ts.ReadFile(args[1]), "\n")
	ts.Setenv(args[0], line)
}

// kid keeps the name of the only key that the current server publishes: kid VAR.
func kid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: kid VAR")
	}
	get := call{who: "reader", method: http.MethodGet, target: "/.well-known/jwks.json"}
	_, err := storyOf(ts).send(get, ts.Getenv("URL"))
	ts.Check(err)
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	ts.Check(json.Unmarshal([]byte(storyOf(ts).last.Body), &set))
	if len(set.Keys) != 1 {
		ts.Fatalf("%d keys are published", len(set.Keys))
	}
	ts.Setenv(args[0], set.Keys[0].ID)
}
