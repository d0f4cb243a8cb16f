package verify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// ErrEnded is the cause of the end of a context from Session.Context, when the token expired or the session ended.
var ErrEnded = errors.New("verify: the session ended")

// Context returns a context that is cancelled when the token expires or the session ends, and when parent is: with a
// request's context for parent, whatever the handler does with it ends with the session. context.Cause says ErrEnded
// then. What it takes is given back when parent ends.
func (s *Session) Context(parent context.Context) context.Context {
	done := s.Done()
	if done == nil {
		return parent
	}
	ctx, cancel := context.WithCancelCause(parent)
	select {
	case <-done: // at once, not as soon as a goroutine runs
		cancel(ErrEnded)
		return ctx
	default:
	}
	go func() {
		select {
		case <-done:
			cancel(ErrEnded)
		case <-ctx.Done():
			cancel(nil)
		}
	}()
	return ctx
}

// watcher closes the Done channels of sessions that end. One goroutine follows the endings for
// all of them, and only while there is one to follow.
type watcher struct {
	set   *revoked.Set // nil: only time ends a session
	clock *clock
	stop  chan struct{} // closed by close

	mu        sync.Mutex // guards open, following, closed, and the channel of each verified
	open      map[*verified]*time.Timer
	following bool
	closed    bool
}

// newWatcher watches set, which may be nil
func newWatcher(set *revoked.Set, c *clock) *watcher {
	return &watcher{set: set, clock: c, stop: make(chan struct{}), open: map[*verified]*time.Timer{}}
}

// channel is the one that is closed when k ends. Who asks first has it made, and k watched.
func (w *watcher) channel(k *verified) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if k.done == nil {
		k.done = make(chan struct{})
		w.add(k)
	}
	return k.done
}

// add begins to watch k; the caller holds mu
func (w *watcher) add(k *verified) {
	if w.closed {
		close(k.done)
		return
	}
	left := time.UnixMicro(k.until).Sub(w.clock.now())
	w.open[k] = time.AfterFunc(left, func() { w.end(k) })
	switch {
	case w.set == nil:
	case w.set.Revoked(k.token): // it may have ended between the check and now
		w.endLocked(k)
	case !w.following:
		w.following = true
		go w.follow()
	}
}

// end closes the channel of k, once
func (w *watcher) end(k *verified) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endLocked(k)
}

// endLocked is end for who holds mu
func (w *watcher) endLocked(k *verified) {
	if timer, open := w.open[k]; open {
		timer.Stop()
		delete(w.open, k)
		close(k.done)
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
	for k := range w.open {
		if w.set.Revoked(k.token) {
			w.endLocked(k)
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
	for k := range w.open {
		w.endLocked(k)
	}
}
