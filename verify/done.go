package verify

import (
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/revoked"
)

// watcher closes the Done channels of sessions that end. One goroutine follows the endings for
// all of them, and only while there is one to follow.
type watcher struct {
	set    *revoked.Set // nil: only time ends a session
	now    func() time.Time
	leeway time.Duration
	stop   chan struct{} // closed by close

	mu        sync.Mutex // guards open, following, closed
	open      map[*Session]*time.Timer
	following bool
	closed    bool
}

// newWatcher watches set, which may be nil
func newWatcher(set *revoked.Set, c Config) *watcher {
	return &watcher{set: set, now: c.Now, leeway: c.Leeway, stop: make(chan struct{}), open: map[*Session]*time.Timer{}}
}

// add begins to watch s
func (w *watcher) add(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		close(s.done)
		return
	}
	left := s.ExpiresAt.Add(w.leeway).Sub(w.now())
	w.open[s] = time.AfterFunc(left, func() { w.end(s) })
	switch {
	case w.set == nil:
	case w.set.Revoked(s.revocable()): // it may have ended between the check and now
		w.endLocked(s)
	case !w.following:
		w.following = true
		go w.follow()
	}
}

// end closes the channel of s, once
func (w *watcher) end(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endLocked(s)
}

// endLocked is end for who holds mu
func (w *watcher) endLocked(s *Session) {
	if timer, open := w.open[s]; open {
		timer.Stop()
		delete(w.open, s)
		close(s.done)
	}
}

// follow looks at every watched session when the set of endings changes
func (w *watcher) follow() {
	for {
		changed := w.set.Changed() // before looking, so that no ending falls between
		if !w.look() {
			return
		}
		select {
		case <-changed:
		case <-w.stop:
			return
		}
	}
}

// look ends the sessions that are revoked, and reports whether others are left to watch
func (w *watcher) look() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.open {
		if w.set.Revoked(s.revocable()) {
			w.endLocked(s)
		}
	}
	w.following = len(w.open) > 0
	return w.following
}

// close ends every watched session: whoever is no longer told of endings must not go on as if
// there were none
func (w *watcher) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	close(w.stop)
	for s := range w.open {
		w.endLocked(s)
	}
}

// revocable is what the set of endings must know of s
func (s *Session) revocable() revoked.Token {
	return revoked.Token{
		Session: s.ID, Subject: s.Subject, Client: s.ClientID, KeyID: s.KeyID, IssuedAt: s.IssuedAt.Unix(),
	}
}
