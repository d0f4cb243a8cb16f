package handstamptest

import (
	"context"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// Meddler stands between a server and its engine: it counts what is asked, and fails what a
// test wants to fail. It goes into Options.Wrap by its Wrap.
type Meddler struct {
	store.Store

	mu     sync.Mutex // guards asked, before and after
	asked  []string
	before map[string]error // verb → what it gives instead of being done
	after  map[string]error // verb → what it gives although it was done
}

// Wrap puts the meddler around an engine.
func (m *Meddler) Wrap(engine store.Store) store.Store {
	m.Store = engine
	return m
}

// FailBefore has a verb fail without being done; nil: no more.
func (m *Meddler) FailBefore(verb string, err error) { m.fail(&m.before, verb, err) }

// FailAfter has a verb fail after it was done, as when its answer is lost; nil: no more.
func (m *Meddler) FailAfter(verb string, err error) { m.fail(&m.after, verb, err) }

// fail notes what is to fail.
func (m *Meddler) fail(when *map[string]error, verb string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if *when == nil {
		*when = map[string]error{}
	}
	(*when)[verb] = err
}

// Asked gives the verbs that were asked for since the last call.
func (m *Meddler) Asked() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	asked := m.asked
	m.asked = nil
	return asked
}

// begin notes a verb, and gives what it shall fail with before and after it is done.
func (m *Meddler) begin(verb string) (before, after error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, verb)
	return m.before[verb], m.after[verb]
}

// meddle does a verb unless it shall fail.
func meddle[T any](m *Meddler, verb string, do func() (T, error)) (T, error) {
	var nothing T
	before, after := m.begin(verb)
	if before != nil {
		return nothing, before
	}
	got, err := do()
	if err == nil && after != nil {
		return nothing, after
	}
	return got, err
}

// meddleOnly is meddle for verbs that give nothing but an error.
func meddleOnly(m *Meddler, verb string, do func() error) error {
	_, err := meddle(m, verb, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// CreateUser is the engine's, meddled with.
func (m *Meddler) CreateUser(ctx context.Context, u store.User) error {
	return meddleOnly(m, "CreateUser", func() error { return m.Store.CreateUser(ctx, u) })
}

// User is the engine's, meddled with.
func (m *Meddler) User(ctx context.Context, id store.UserID) (store.User, error) {
	return meddle(m, "User", func() (store.User, error) { return m.Store.User(ctx, id) })
}

// UserByEmail is the engine's, meddled with.
func (m *Meddler) UserByEmail(ctx context.Context, key string) (store.User, error) {
	return meddle(m, "UserByEmail", func() (store.User, error) { return m.Store.UserByEmail(ctx, key) })
}

// RenameUser is the engine's, meddled with.
func (m *Meddler) RenameUser(ctx context.Context, id store.UserID, name string) (store.User, error) {
	return meddle(m, "RenameUser", func() (store.User, error) { return m.Store.RenameUser(ctx, id, name) })
}

// ChangePassword is the engine's, meddled with.
func (m *Meddler) ChangePassword(ctx context.Context, c store.PasswordChange, now time.Time) (int, error) {
	return meddle(m, "ChangePassword", func() (int, error) { return m.Store.ChangePassword(ctx, c, now) })
}

// DeleteUser is the engine's, meddled with.
func (m *Meddler) DeleteUser(ctx context.Context, id store.UserID, clock store.Clock) error {
	return meddleOnly(m, "DeleteUser", func() error { return m.Store.DeleteUser(ctx, id, clock) })
}

// Begin is the engine's, meddled with.
func (m *Meddler) Begin(ctx context.Context, b store.Beginning, now time.Time) (store.User, error) {
	return meddle(m, "Begin", func() (store.User, error) { return m.Store.Begin(ctx, b, now) })
}

// Rotate is the engine's, meddled with.
func (m *Meddler) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	return meddle(m, "Rotate", func() (store.Outcome, error) { return m.Store.Rotate(ctx, p, now) })
}

// Session is the engine's, meddled with.
func (m *Meddler) Session(ctx context.Context, id store.SessionID) (store.Standing, error) {
	return meddle(m, "Session", func() (store.Standing, error) { return m.Store.Session(ctx, id) })
}

// LiveSessions is the engine's, meddled with.
func (m *Meddler) LiveSessions(ctx context.Context, user store.UserID, now time.Time) ([]store.Session, error) {
	return meddle(m, "LiveSessions", func() ([]store.Session, error) { return m.Store.LiveSessions(ctx, user, now) })
}

// AllSessions is the engine's, meddled with.
func (m *Meddler) AllSessions(ctx context.Context, user store.UserID) ([]store.Session, error) {
	return meddle(m, "AllSessions", func() ([]store.Session, error) { return m.Store.AllSessions(ctx, user) })
}

// EndSession is the engine's, meddled with.
func (m *Meddler) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	return meddleOnly(m, "EndSession", func() error { return m.Store.EndSession(ctx, e, now) })
}

// EndOtherSessions is the engine's, meddled with.
func (m *Meddler) EndOtherSessions(ctx context.Context, e store.Ending, now time.Time) (int, error) {
	return meddle(m, "EndOtherSessions", func() (int, error) { return m.Store.EndOtherSessions(ctx, e, now) })
}

// SigningKeys is the engine's, meddled with.
func (m *Meddler) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	return meddle(m, "SigningKeys", func() ([]store.SigningKey, error) { return m.Store.SigningKeys(ctx) })
}

// Head is the engine's, meddled with.
func (m *Meddler) Head(ctx context.Context) (epoch, seq int64, err error) {
	type head struct{ epoch, seq int64 }
	got, err := meddle(m, "Head", func() (h head, err error) {
		h.epoch, h.seq, err = m.Store.Head(ctx)
		return h, err
	})
	return got.epoch, got.seq, err
}

// Service is the engine's, meddled with.
func (m *Meddler) Service(ctx context.Context, id store.ServiceID) (store.Service, error) {
	return meddle(m, "Service", func() (store.Service, error) { return m.Store.Service(ctx, id) })
}

// RevocationsSince is the engine's, meddled with.
func (m *Meddler) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	return meddle(m, "RevocationsSince", func() ([]revoked.Entry, error) { return m.Store.RevocationsSince(ctx, seq, limit) })
}
