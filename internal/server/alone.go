package server

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// gcPercent is the GOGC value of a server that has the process for itself, unless GOGC is set: its
// heap is small, and collecting it as often as Go does by itself takes an eighth of a refresh. A
// higher value saves little more, and each hash of a password leaves 19 MiB behind.
const gcPercent = 300

// collectLessOften sets gcPercent. A value from the environment stays.
func collectLessOften() {
	if before := debug.SetGCPercent(gcPercent); before != 100 {
		debug.SetGCPercent(before)
	}
}

// restoreAfter is how long after the last hash GOMAXPROCS returns to normal: changing it stops the
// program for a moment.
const restoreAfter = 100 * time.Millisecond

// processors raises GOMAXPROCS while passwords are hashed. A hash keeps one processor of the Go
// runtime busy for tens of milliseconds, and the scheduler takes it away only every 10 ms. So there
// is one more for each lane, and one for SQLite's flush to the disk: then the system shares the
// cores, and no refresh waits behind a hash. Without hashes, more processors than cores slow every
// request down. docs/decisions/0014
type processors struct {
	mu      sync.Mutex  // guards what follows
	usual   int         // GOMAXPROCS otherwise; 0: it is not raised
	hashes  int         // under way
	restore *time.Timer // lowers it again
}

// raise is called before a hash. It returns what to call after it.
func (p *processors) raise() (after func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hashes++
	if p.usual == 0 {
		p.usual = runtime.GOMAXPROCS(0)
		runtime.GOMAXPROCS(2*p.usual + 1)
	}
	return p.after
}

// after ends a hash.
func (p *processors) after() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hashes--; p.hashes > 0 {
		return
	}
	if p.restore == nil {
		p.restore = time.AfterFunc(restoreAfter, p.lower)
	}
	p.restore.Reset(restoreAfter)
}

// lower sets GOMAXPROCS back, unless a hash has begun in the meantime.
func (p *processors) lower() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hashes == 0 && p.usual > 0 {
		runtime.GOMAXPROCS(p.usual)
		p.usual = 0
	}
}
