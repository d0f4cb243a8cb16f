package simulation

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// operation names what is asked of an engine and may go wrong.
type operation string

// The operations that matter to a session.
const (
	opRotate  operation = "Rotate"
	opEnd     operation = "EndSession"
	opBegin   operation = "Begin"
	opEntries operation = "RevocationsSince"
)

// failure is what happens to one operation of a request. The zero failure is none.
type failure struct {
	op    operation
	after bool // the operation is done, and its answer is lost; otherwise it does not
}

// String shows the failure in a trace.
func (t failure) String() string {
	if t.after {
		return string(t.op) + " is done, and fails"
	}
	return string(t.op) + " fails"
}

// effect is what the engine has done for one request, whatever became of the answer.
type effect struct {
	rotated store.Case // zero: not asked, or failed before it was done
	ended   bool       // the session that EndSession was about is over now
	begun   bool       // Begin kept a session
	failed  bool       // the failure happened
}

// faultyStore stands between a server and its engine: it makes one request fail and
// notes what was done all the same.
type faultyStore struct {
	store.Store
	plant mistake // around the engine; nil: nothing
	held  bool    // the engine stays open for the next server
	next  failure
	did   effect
}

// mistake puts a mistake around a good engine.
type mistake func(store.Store) store.Store

// wrap goes around an engine that was just opened.
func (w *faultyStore) wrap(engine store.Store) store.Store {
	if w.plant != nil {
		engine = w.plant(engine)
	}
	w.Store = engine
	return w
}

// Close closes the engine, unless it is held.
func (w *faultyStore) Close() error {
	if w.held {
		return nil
	}
	return w.Store.Close()
}

// during runs a function with a failure to come, and returns what the engine did.
func (w *faultyStore) during(t failure, do func()) effect {
	w.next, w.did = t, effect{}
	do()
	w.next = failure{}
	return w.did
}

// errGone is what an engine says that cannot be reached.
func errGone() error { return fault.New(fault.StorageUnavailable) }

// answerLost marks the context of an operation that is done and fails all the same.
type answerLost struct{}

// through does an operation, unless it is to fail.
func through[T any](
	ctx context.Context, w *faultyStore, op operation, do func(context.Context) (T, error),
) (got T, err error) {
	if w.next.op != op {
		return do(ctx)
	}
	after := w.next.after
	w.next, w.did.failed = failure{}, true
	if after {
		_, _ = do(context.WithValue(ctx, answerLost{}, true))
	}
	return got, errGone()
}

// Rotate is the engine's, with failures.
func (w *faultyStore) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	return through(ctx, w, opRotate, func(ctx context.Context) (store.Outcome, error) {
		o, err := w.Store.Rotate(ctx, p, now)
		if err == nil {
			w.did.rotated = o.Case
		}
		return o, err
	})
}

// EndSession is the engine's, with failures.
func (w *faultyStore) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	_, err := through(ctx, w, opEnd, func(ctx context.Context) (struct{}, error) {
		err := w.Store.EndSession(ctx, e, now)
		w.did.ended = err == nil ||
			fault.HasCode(err, fault.SessionNotFound) // one past its limits is not found, and ended for good
		return struct{}{}, err
	})
	return err
}

// Begin is the engine's, with failures.
func (w *faultyStore) Begin(ctx context.Context, b store.Beginning, now time.Time) (store.User, error) {
	return through(ctx, w, opBegin, func(ctx context.Context) (store.User, error) {
		u, err := w.Store.Begin(ctx, b, now)
		w.did.begun = err == nil
		return u, err
	})
}

// RevocationsSince is the engine's, with failures.
func (w *faultyStore) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	return through(
		ctx, w, opEntries,
		func(ctx context.Context) ([]revoked.Entry, error) { return w.Store.RevocationsSince(ctx, seq, limit) },
	)
}

// Offset says that the database's clock is the server's, whatever machine the engine has asked.
func (w *faultyStore) Offset(context.Context) (ahead, within time.Duration, err error) {
	return 0, 0, nil
}
