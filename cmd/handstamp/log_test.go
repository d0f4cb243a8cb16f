package main

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/test/logtest"
)

// droppedLine is a part of the line about lines that were dropped.
const droppedLine = `level=WARN msg="log lines were dropped: nobody read them" count=`

// asText makes a logger for people.
func asText(to io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(to, nil)) }

// TestLogNeverBlocks has a reader of the log that hangs: the server goes on, what finds no room is
// counted, and the reader that comes back is told.
func TestLogNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var read logtest.Log
		hangs := make(chan struct{})
		w := newLogWriter(writerFunc(func(p []byte) (int, error) { <-hangs; return read.Write(p) }), asText)
		line := strings.Repeat("x", 1023) + "\n"
		for range 3000 {
			if n, err := w.Write([]byte(line)); n != len(line) || err != nil {
				t.Fatal(n, err)
			}
		}
		close(hangs)
		synctest.Wait()
		if text := read.String(); !strings.Contains(text, droppedLine) {
			t.Errorf("nobody is told that lines were dropped, in the form of the log: %q", text[max(0, len(text)-200):])
		}
		w.Write([]byte("again\n"))
		w.Close()
		got := read.Count("x\n")
		if got < 1024 || got > 2048 {
			t.Errorf("%d lines are kept, want a little more than there is room for", got)
		}
		if text := read.String(); !strings.HasSuffix(text, "again\n") {
			t.Errorf("the end of the log is %q", text[max(0, len(text)-200):])
		}
	})
}

// TestLogEnds ends with a reader that hangs, or is gone: the end waits for a moment, and no longer.
func TestLogEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		w := newLogWriter(writerFunc(func(p []byte) (int, error) { <-release; return 0, errors.New("gone") }), asText)
		w.Write([]byte("a line\n"))
		began := time.Now()
		w.Close()
		if took := time.Since(began); took != logFlush {
			t.Errorf("Close took %v, want %v", took, logFlush)
		}
	})
}

// TestServeOutlivesItsReader goes on when nobody reads the log, and when nobody can.
func TestServeOutlivesItsReader(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	s := startServing(t, writer)
	for range 500 { // some 200 KB of log; a pipe has room for 64
		if got := get(t, s.ops, "http://localhost/livez"); got != 200 {
			t.Fatalf("GET /livez = %d", got)
		}
		get(t, s.client, "http://localhost:8787/signin")
	}
	reader.Close() // from now on a write is EPIPE
	for range 20 {
		if got := get(t, s.client, "http://localhost:8787/signin"); got != 200 {
			t.Errorf("GET /signin = %d", got)
		}
	}
	if got := s.stop(); got != 0 {
		t.Errorf("serve = %d, want 0", got)
	}
}
