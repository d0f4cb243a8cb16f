package records

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// head is the table of one row that says where the log stands.
var head = Table{
	Name: "revocation_head", Order: "one_row", Columns: []string{"epoch", "seq", "not_before"},
	New: func() store.Row { return new(LogHead) }, Initial: "seq = 0 AND not_before = 0",
}

// LogHead is where the revocation log stands; there is one.
type LogHead struct {
	Epoch, Seq int64
	NotBefore  int64 // with which users begin: see EndEverything. Unix seconds; 0: none
}

// Table names the row's table.
func (h *LogHead) Table() string { return head.Name }

// Fields returns the row's columns.
func (h *LogHead) Fields() []any { return []any{&h.Epoch, &h.Seq, &h.NotBefore} }

// revocations is the table of the log's entries.
var revocations = Table{
	Name: "revocations", Order: "seq", Columns: []string{"seq", "at", "kind", "id", "not_before", "expires"},
	New: func() store.Row { return new(EntryRow) },
}

// EntryRow is an entry of the revocation log. Its epoch is the head's, and it has no Prev.
type EntryRow struct{ revoked.Entry }

// Table names the row's table.
func (r *EntryRow) Table() string { return revocations.Name }

// Fields returns the row's columns.
func (r *EntryRow) Fields() []any { return entryFields(&r.Entry) }

// entryFields returns an entry's columns.
func entryFields(e *revoked.Entry) []any {
	return []any{&e.Seq, &e.At, &e.Kind, &e.ID, &e.NotBefore, &e.Expires}
}

// HeadSQL reads where the log stands, and EntriesSQL what follows in it.
var (
	HeadSQL    = `SELECT epoch, seq FROM revocation_head`
	EntriesSQL = `SELECT head.epoch, ` + Columns("r.", revocations.Columns) + `
		FROM revocations r, revocation_head head WHERE r.seq > $1 ORDER BY r.seq LIMIT $2`
)

// Head returns the log's epoch and the number of its newest entry.
func (db Records) Head(ctx context.Context) (epoch, seq int64, err error) {
	err = db.db.Read(ctx, func(r Reader) error {
		_, err := one(r, []any{&epoch, &seq}, HeadSQL)
		return err
	})
	return epoch, seq, err
}

// RevocationsSince returns up to limit entries numbered above seq.
func (db Records) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	entries, err := list(ctx, db.db, func(e *revoked.Entry) []any {
		return append([]any{&e.Epoch}, entryFields(e)...)
	}, EntriesSQL, seq, limit)
	for i := range entries {
		entries[i].Prev = entries[i].Seq - 1 // there are no gaps
	}
	return entries, err
}

// RaiseEpoch begins a new epoch of the log.
func (db Records) RaiseEpoch(ctx context.Context, from, above int64, now time.Time) (epoch int64, err error) {
	err = db.db.Write(ctx, func(tx Tx) error {
		next := max(from, above, now.UnixMilli()) + 1
		if _, err := tx.Exec(`UPDATE revocation_head SET epoch = $2 WHERE epoch = $1`, from, next); err != nil {
			return err
		}
		_, err := one(tx, []any{&epoch}, `SELECT epoch FROM revocation_head`)
		return err
	})
	if err != nil {
		return 0, err
	}
	return epoch, nil
}

// EndEverything ends every session and refuses every access token, in a transaction in which
// nobody else can write users or sessions. No row is read on the way: there may be millions.
func EndEverything(tx Tx, e store.Ending, now time.Time) (live int, err error) {
	var last int64 // of every NotBefore there has been
	_, err = one(tx, []any{&last}, `SELECT max(n) FROM (
		SELECT not_before AS n FROM revocation_head UNION ALL SELECT not_before FROM users) AS every`)
	if err != nil {
		return 0, err
	}
	if live, err = endAll(tx, e, now); err != nil {
		return 0, err
	}
	notBefore := store.RaiseNotBefore(last, now)
	for _, table := range []Table{users, head} {
		if _, err := tx.Exec(`UPDATE `+table.Name+` SET not_before = $1`, notBefore); err != nil {
			return 0, err
		}
	}
	return live, tx.Log(now, revoked.Entry{Kind: revoked.All, NotBefore: notBefore})
}
