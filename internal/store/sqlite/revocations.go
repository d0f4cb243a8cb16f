package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/handstamp/handstamp/internal/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// headSQL reads where the log stands.
const headSQL = `SELECT epoch, seq FROM revocation_head`

// log writes entries, of which kind, id and not-before are given. The head moves last in the
// act, so that numbers have no gaps and run in the order of commit.
func (a act) log(now time.Time, entries ...revoked.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var epoch, seq int64
	if err := a.row(headSQL).Scan(&epoch, &seq); err != nil {
		return err
	}
	insert, err := a.tx.PrepareContext(a.ctx, `INSERT INTO revocations (seq, at, kind, id, not_before, expires) VALUES (?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	for _, e := range entries {
		seq++
		if _, err := insert.ExecContext(a.ctx, seq, instant(now), e.Kind, e.ID, e.NotBefore, expiry(e, now)); err != nil {
			return err
		}
	}
	_, err = a.exec(`UPDATE revocation_head SET seq = ?`, seq)
	return err
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
		var e revoked.Entry
		err := rows.Scan(&e.Epoch, &e.Seq, &e.At, &e.Kind, &e.ID, &e.NotBefore, &e.Expires)
		e.Prev = e.Seq - 1 // there are no gaps
		entries = append(entries, e)
		return err
	})(db.reader.QueryContext(ctx, `SELECT head.epoch, r.seq, r.at, r.kind, r.id, r.not_before, r.expires
		FROM revocations r, revocation_head head WHERE r.seq > ? ORDER BY r.seq LIMIT ?`, seq, limit))
	if err != nil {
		return nil, unavailable(err)
	}
	return entries, nil
}
