package server

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// garbage is how far the heap grows before it is collected, in percent of what lives: ours is
// small, and collecting it as often as Go does by itself takes an eighth of a refresh. More would pay a little more,
// and take 19 MiB of each hash that many times over.
const garbage = 300

// collectLess tunes the process for a server that has it for itself. What the environment says stays.
func collectLess() {
	if before := debug.SetGCPercent(garbage); before != 100 {
		debug.SetGCPercent(before)
	}
}

// calm is for how long no password is hashed before the processors that were lent are taken back: to
// change their number stops the program for a moment.
const calm = 100 * time.Millisecond

// processors gives the Go runtime more processors while passwords are hashed. A hash keeps one busy for as
// long as it takes, and Go lets go of it only every 10 ms: so there is one more for each lane, and one for
// SQLite's flush to the disk, and it is the system that shares the cores, and keeps no refresh waiting behind a
// hash. Without hashes, more of them than cores are a burden to every request.
type processors struct {
	mu     sync.Mutex  // guards what follows
	usual  int         // how many there are otherwise; 0: none are lent
	hashes int         // under way
	back   *time.Timer // takes back what is lent, once it has been calm
}

// lend is called before a hash; what it gives is called after it.
func (p *processors) lend() (after func()) {
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
	if p.back == nil {
		p.back = time.AfterFunc(calm, p.takeBack)
	}
	p.back.Reset(calm)
}

// takeBack takes back what was lent, unless somebody hashes again.
func (p *processors) takeBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hashes == 0 && p.usual > 0 {
		runtime.GOMAXPROCS(p.usual)
		p.usual = 0
	}
}
