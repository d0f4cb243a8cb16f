package sqlite

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// The statements that write the log.
const (
	moveHeadSQL    = `UPDATE revocation_head SET seq = seq + ? RETURNING seq`
	insertEntrySQL = `INSERT INTO revocations (seq, at, kind, id, not_before, expires) VALUES (?, ?, ?, ?, ?, ?)`
)

// Log writes entries, of which kind, id and NotBefore are set, and moves the head by as many:
// numbers have no gaps and run in the order of commit.
func (t tx) Log(now time.Time, entries ...revoked.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var last int64
	if err := t.row(moveHeadSQL, len(entries)).Scan(&last); err != nil {
		return err
	}
	for i, e := range entries {
		seq := last - int64(len(entries)-1-i)
		_, err := t.Exec(insertEntrySQL,
			seq, records.Instant(now), e.Kind, e.ID, e.NotBefore, store.EntryExpires(e, now))
		if err != nil {
			return err
		}
	}
	return nil
}

// EndEverything ends every session and refuses every access token.
func (db *DB) EndEverything(ctx context.Context, e store.Ending, clock store.Clock) (live int, err error) {
	err = db.write(ctx, func(t tx) error {
		live, err = records.EndEverything(t, e, store.Truncate(clock()))
		return err
	})
	if err != nil {
		return 0, err
	}
	return live, nil
}
