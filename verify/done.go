package verify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify/internal/cache"
	"github.com/handstamp/handstamp/verify/internal/clock"
)

// ErrEnded is the cause of the end of a context from Session.Context, when the token expired or the
// session ended.
var ErrEnded = errors.New("verify: the session ended")

// Context returns a context that is cancelled when the token expires or the session ends, and when
// parent is: with a request's context for parent, whatever the handler does with it ends with the
// session. context.Cause says ErrEnded then. What it takes is given back when parent ends.
func (s *Session) Context(parent context.Context) context.Context {
	if s.from == nil {
		return parent
	}
	done, release := s.watch.borrow(s.from)
	ctx, cancel := context.WithCancelCause(parent)
	select {
	case <-done: // at once, not as soon as a goroutine runs
		cancel(ErrEnded)
		release()
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
		release()
	}()
	return ctx
}

// watcher closes the Done channels of sessions that end. One goroutine follows the endings for
// all of them, and only while there is one to follow.
type watcher struct {
	set   *revoked.Set // nil: only time ends a session
	clock *clock.Clock
	stop  chan struct{} // closed by close

	mu        sync.Mutex // guards open, following, closed, and each watch
	open      map[watched]*watch
	following bool
	closed    bool
}

// watched is what ends a watch. All tokens that it is equal of share one.
type watched struct {
	identity revoked.Token
	until    int64 // in microseconds since 1970
}

// watch is one channel, and who needs it
type watch struct {
	done     chan struct{}
	timer    *time.Timer
	borrowed int  // by contexts that are not over
	kept     bool // somebody called Done, and may wait for as long as the token is good
}

// newWatcher watches set, which may be nil
func newWatcher(set *revoked.Set, c *clock.Clock) *watcher {
	return &watcher{set: set, clock: c, stop: make(chan struct{}), open: map[watched]*watch{}}
}

// channel returns what is closed when k ends. It is kept until then.
func (w *watcher) channel(k *cache.Entry) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	one, _ := w.find(k)
	one.kept = true
	return one.done
}

// borrow is channel for a while: after release, what nobody else needs is forgotten
func (w *watcher) borrow(k *cache.Entry) (done <-chan struct{}, release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one, key := w.find(k)
	one.borrowed++
	return one.done, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if one.borrowed--; one.borrowed == 0 && !one.kept && w.open[key] == one {
			one.timer.Stop()
			delete(w.open, key)
		}
	}
}

// find returns the watch of k, or begins it; the caller holds mu
func (w *watcher) find(k *cache.Entry) (*watch, watched) {
	key := watched{identity(k), k.Until}
	if one := w.open[key]; one != nil {
		return one, key
	}
	key.identity = compact(key.identity)
	one := &watch{done: make(chan struct{})}
	if w.closed || w.set != nil && w.set.Revoked(key.identity) { // it may have ended between the check and now
		close(one.done)
		return one, key
	}
	left := time.UnixMicro(k.Until).Sub(w.clock.Now())
	one.timer = time.AfterFunc(left, func() { w.expire(key, one) })
	w.open[key] = one
	if w.set != nil && !w.following {
		w.following = true
		go w.follow()
	}
	return one, key
}

// compact copies the texts of an identity, so that they hold nothing else in memory
func compact(t revoked.Token) revoked.Token {
	all := t.Session + t.Subject + t.Client + t.KeyID
	take := func(text string) string {
		text, all = all[:len(text)], all[len(text):]
		return text
	}
	t.Session, t.Subject, t.Client, t.KeyID = take(t.Session), take(t.Subject), take(t.Client), take(t.KeyID)
	return t
}

// expire closes the channel of a watch whose token expired, unless it was forgotten
func (w *watcher) expire(key watched, one *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open[key] == one {
		w.end(key, one)
	}
}

// end closes the channel of an open watch; the caller holds mu
func (w *watcher) end(key watched, one *watch) {
	one.timer.Stop()
	delete(w.open, key)
	close(one.done)
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
	for key, one := range w.open {
		if w.set.Revoked(key.identity) {
			w.end(key, one)
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
	for key, one := range w.open {
		w.end(key, one)
	}
}
