package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// The statements about the log.
const (
	headSQL        = `SELECT epoch, seq FROM revocation_head`
	moveHeadSQL    = `UPDATE revocation_head SET seq = seq + ? RETURNING seq`
	insertEntrySQL = `INSERT INTO revocations (seq, at, kind, id, not_before, expires) VALUES (?, ?, ?, ?, ?, ?)`
	selectEntries  = `SELECT head.epoch, r.seq, r.at, r.kind, r.id, r.not_before, r.expires FROM revocations r, revocation_head head`
	entriesSQL     = selectEntries + ` WHERE r.seq > ? ORDER BY r.seq LIMIT ?`
)

// log writes entries, of which kind, id and not-before are given, and moves the head by as many: numbers have no gaps and
// run in the order of commit.
func (a act) log(now time.Time, entries ...revoked.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var last int64
	if err := a.row(moveHeadSQL, len(entries)).Scan(&last); err != nil {
		return err
	}
	for i, e := range entries {
		seq := last - int64(len(entries)-1-i)
		if _, err := a.exec(insertEntrySQL, seq, instant(now), e.Kind, e.ID, e.NotBefore, expiry(e, now)); err != nil {
			return err
		}
	}
	return nil
}

// expiry gives the second in which no token is left that an entry of now could refuse.
func expiry(e revoked.Entry, now time.Time) int64 {
	last := now.Add(time.Second - time.Nanosecond).Unix()                 // rounded up
	return max(last, e.NotBefore) + int64(store.RevocationLife.Seconds()) // NotBefore may lie ahead of the clock
}

// Head gives the log's epoch and the number of its newest entry.
func (db *DB) Head(ctx context.Context) (epoch, seq int64, err error) {
	err = db.reader.QueryRowContext(ctx, headSQL).Scan(&epoch, &seq)
	return epoch, seq, unavailable(err)
}

// RevocationsSince gives up to limit entries numbered above seq.
func (db *DB) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	var entries []revoked.Entry
	err := each(func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		entries = append(entries, e)
		return err
	})(db.reader.QueryContext(ctx, entriesSQL, seq, limit))
	if err != nil {
		return nil, unavailable(err)
	}
	return entries, nil
}

// scanEntry reads a row of selectEntries.
func scanEntry(rows *sql.Rows) (e revoked.Entry, err error) {
	err = rows.Scan(&e.Epoch, &e.Seq, &e.At, &e.Kind, &e.ID, &e.NotBefore, &e.Expires)
	e.Prev = e.Seq - 1 // there are no gaps
	return e, err
}

// RaiseEpoch begins a new epoch of the log.
func (db *DB) RaiseEpoch(ctx context.Context, from, above int64, now time.Time) (int64, error) {
	var epoch int64
	err := db.write(ctx, func(a act) error {
		_, err := a.exec(`UPDATE revocation_head SET epoch = max(epoch, ?, ?) + 1 WHERE epoch = ?`, above, now.UnixMilli(), from)
		if err != nil {
			return err
		}
		return a.row(`SELECT epoch FROM revocation_head`).Scan(&epoch)
	})
	if err != nil {
		return 0, err
	}
	return epoch, nil
}
