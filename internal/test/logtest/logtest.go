// Package logtest keeps what is written, so that a test can read it while others still write.
package logtest

import (
	"bytes"
	"strings"
	"sync"
)

// Log is what was written. The zero Log is empty, and is used by any number of goroutines.
type Log struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

// Write keeps a text. It never fails.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns what was written since the last Take.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Take is String, and forgets what it returns.
func (l *Log) Take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// Count returns how often the log holds a text.
func (l *Log) Count(text string) int { return strings.Count(l.String(), text) }
