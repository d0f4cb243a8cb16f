package main

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"time"
)

// logRoom is how much of the log may wait for its reader, in bytes.
const logRoom = 1 << 20

// logFlush is how long the end of a program waits for a reader of its log.
const logFlush = 2 * time.Second

// logWriter writes the log for a server, which must go on whatever becomes of the reader: it never
// blocks and never fails. Lines that find no room are dropped and counted, and the number is
// written as soon as there is room again. What is written goes out at once, by a goroutine of its
// own.
type logWriter struct {
	to      io.Writer
	note    *slog.Logger // writes into waiting, in the form that the log has
	mu      sync.Mutex   // guards what follows
	waiting bytes.Buffer
	dropped int           // lines since the last that was written
	writing bool          // whether the goroutine has something to write
	wake    chan struct{} // has room for one: there is something to write
	idle    *sync.Cond    // the goroutine has written all there was
	closed  bool
}

// newLogWriter starts one. The logger that form makes writes the number of dropped lines.
func newLogWriter(to io.Writer, form func(io.Writer) *slog.Logger) *logWriter {
	w := &logWriter{to: to, wake: make(chan struct{}, 1)}
	w.note = form(&w.waiting)
	w.idle = sync.NewCond(&w.mu)
	go w.run()
	return w
}

// Write takes one line, or drops it.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.waiting.Len()+len(line) > logRoom {
		w.dropped++
		return len(line), nil
	}
	w.noteDropped()
	w.waiting.Write(line)
	w.writing = true
	select {
	case w.wake <- struct{}{}:
	default: // it will look again
	}
	return len(line), nil
}

// noteDropped says how many lines were dropped, if any were. The caller holds mu.
func (w *logWriter) noteDropped() {
	if w.dropped > 0 {
		w.note.Warn("log lines were dropped: nobody read them", "count", w.dropped)
		w.dropped = 0
	}
}

// run writes what waits, until Close.
func (w *logWriter) run() {
	var out bytes.Buffer
	for range w.wake {
		for w.take(&out) {
			w.to.Write(out.Bytes()) // whoever cannot be told, cannot be told of that either
			out.Reset()
		}
	}
}

// take moves what waits into out, and reports whether there is any.
func (w *logWriter) take(out *bytes.Buffer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting.Len() == 0 {
		w.noteDropped()
	}
	if w.waiting.Len() == 0 {
		w.writing = false
		w.idle.Broadcast()
		return false
	}
	*out, w.waiting = w.waiting, *out
	return true
}

// Close waits until everything is written, but not for long. Lines that come later are dropped.
func (w *logWriter) Close() {
	late := time.AfterFunc(logFlush, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.writing = false
		w.idle.Broadcast()
	})
	defer late.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.writing {
		w.idle.Wait()
	}
	if !w.closed {
		w.closed = true
		close(w.wake)
	}
}
