// Package records holds the statements that SQLite and PostgreSQL understand as they stand, the
// types of their columns, and a descriptor for each table. What an engine does in its own way is
// in the engine's package.
//
// Three rules keep a statement right on both, although only one of them runs transactions one
// after the other:
//
//   - One statement decides, or the rows were locked before they are read: no function reads and
//     then writes, unless it has locked first.
//   - ON CONFLICT, never an error about a unique constraint: in PostgreSQL an error ends the
//     transaction.
//   - Where a measurement says so, an engine has a statement of its own: it declares the method,
//     and so overrides that of Records.
package records

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// Scanner is a row that is being read.
type Scanner interface{ Scan(into ...any) error }

// Reader reads from an engine. Outside of a transaction each statement sees a moment of its own.
type Reader interface {
	// Each calls scan with each row that a query finds.
	Each(scan func(Scanner) error, query string, args ...any) error
}

// Tx is a transaction of an engine that writes. The engine may run a function of a Tx again, as
// if it had not run before.
type Tx interface {
	Reader

	// Exec changes rows and returns their number.
	Exec(query string, args ...any) (rows int, err error)

	// LockUser returns a user, and keeps everybody else from changing the user and those of its
	// sessions that have not been ended until the transaction is over. The fault is user_not_found.
	LockUser(id store.UserID) (store.User, error)

	// LockSessions does the same for the sessions alone.
	LockSessions(owner store.UserID) error

	// LockLog keeps everybody else from writing to the log, and from changing signing keys.
	LockLog() error

	// SetNotBefore keeps a user's NotBefore, wherever the engine has it.
	SetNotBefore(id store.UserID, notBefore int64) error

	// Log writes entries, of which kind, id and NotBefore are set, behind the log's head. It comes
	// last in a transaction, because it keeps all others from the head.
	Log(now time.Time, entries ...revoked.Entry) error
}

// DB is an engine's database.
type DB interface {
	// Read calls do, which only reads, and may be called again.
	Read(ctx context.Context, do func(Reader) error) error

	// Write calls do in a transaction, and commits it unless do returns an error.
	Write(ctx context.Context, do func(Tx) error) error

	// SweepSessions is Sweep for sessions alone. A refresh must not wait for it for long.
	SweepSessions(ctx context.Context, s store.Sweeping, now time.Time) (int, error)
}

// Records implements those methods of store.Store that both engines share; they embed it.
type Records struct{ db DB }

// New returns the methods that work on db.
func New(db DB) Records { return Records{db} }

// one reads the row that a query finds, and reports whether there is one.
func one(r Reader, into []any, query string, args ...any) (found bool, err error) {
	err = r.Each(func(row Scanner) error {
		found = true
		return row.Scan(into...)
	}, query, args...)
	return found, err
}

// all reads the rows of a query, each into what fields returns of it.
func all[T any](r Reader, fields func(*T) []any, query string, args ...any) (found []T, err error) {
	err = r.Each(func(row Scanner) error {
		var x T
		err := row.Scan(fields(&x)...)
		found = append(found, x)
		return err
	}, query, args...)
	return found, err
}

// list is all outside of a transaction.
func list[T any](ctx context.Context, db DB, fields func(*T) []any, query string, args ...any) (found []T, err error) {
	err = db.Read(ctx, func(r Reader) (err error) {
		found, err = all(r, fields, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
