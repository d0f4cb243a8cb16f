package simulation

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// verb names what is asked of an engine and may go wrong.
type verb string

// The verbs that matter to a session.
const (
	verbRotate  verb = "Rotate"
	verbEnd     verb = "EndSession"
	verbBegin   verb = "Begin"
	verbEntries verb = "RevocationsSince"
)

// trouble is what happens to one verb of a request. The zero trouble is none.
type trouble struct {
	verb  verb
	after bool // the engine does it, and its answer is lost; otherwise it does nothing
}

// String shows the trouble in a story.
func (t trouble) String() string {
	if t.after {
		return string(t.verb) + " is done, and fails"
	}
	return string(t.verb) + " fails"
}

// deed is what the engine has done for one request, whatever became of the answer.
type deed struct {
	rotated store.Case // zero: not asked, or failed before it was done
	ended   bool       // the session that EndSession was about is over now
	begun   bool       // Begin kept a session
	failed  bool       // the trouble happened
}

// wire stands between a server and its engine: it makes the trouble of one request and
// notes what was done all the same.
type wire struct {
	store.Store
	plant mistake // around the engine; nil: nothing
	held  bool    // the engine stays open for the next server
	next  trouble
	did   deed
}

// mistake puts a mistake around a good engine.
type mistake func(store.Store) store.Store

// wrap goes around an engine that was just opened.
func (w *wire) wrap(engine store.Store) store.Store {
	if w.plant != nil {
		engine = w.plant(engine)
	}
	w.Store = engine
	return w
}

// Close closes the engine, unless it is held.
func (w *wire) Close() error {
	if w.held {
		return nil
	}
	return w.Store.Close()
}

// during does something with trouble on the wire, and returns what the engine did.
func (w *wire) during(t trouble, do func()) deed {
	w.next, w.did = t, deed{}
	do()
	w.next = trouble{}
	return w.did
}

// errGone is what an engine says that cannot be reached.
func errGone() error { return fault.New(fault.StorageUnavailable) }

// doomed marks the context of a verb that is done and fails all the same.
type doomed struct{}

// through does a verb, unless there is trouble.
func through[T any](ctx context.Context, w *wire, v verb, do func(context.Context) (T, error)) (got T, err error) {
	if w.next.verb != v {
		return do(ctx)
	}
	after := w.next.after
	w.next, w.did.failed = trouble{}, true
	if after {
		_, _ = do(context.WithValue(ctx, doomed{}, true))
	}
	return got, errGone()
}

// Rotate is the engine's, with trouble.
func (w *wire) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	return through(ctx, w, verbRotate, func(ctx context.Context) (store.Outcome, error) {
		o, err := w.Store.Rotate(ctx, p, now)
		if err == nil {
			w.did.rotated = o.Case
		}
		return o, err
	})
}

// EndSession is the engine's, with trouble.
func (w *wire) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	_, err := through(ctx, w, verbEnd, func(ctx context.Context) (struct{}, error) {
		err := w.Store.EndSession(ctx, e, now)
		w.did.ended = err == nil ||
			fault.HasCode(err, fault.SessionNotFound) // one past its limits is not found, and ended for good
		return struct{}{}, err
	})
	return err
}

// Begin is the engine's, with trouble.
func (w *wire) Begin(ctx context.Context, b store.Beginning, now time.Time) (store.User, error) {
	return through(ctx, w, verbBegin, func(ctx context.Context) (store.User, error) {
		u, err := w.Store.Begin(ctx, b, now)
		w.did.begun = err == nil
		return u, err
	})
}

// RevocationsSince is the engine's, with trouble.
func (w *wire) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	return through(
		ctx, w, verbEntries,
		func(ctx context.Context) ([]revoked.Entry, error) { return w.Store.RevocationsSince(ctx, seq, limit) },
	)
}

// Offset says that the database's clock is the server's, whatever machine the engine has asked.
func (w *wire) Offset(context.Context) (ahead, within time.Duration, err error) { return 0, 0, nil }
