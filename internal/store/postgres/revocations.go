package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// headSQL reads where the log stands.
const headSQL = `SELECT epoch, seq FROM revocation_head`

// selectEntries reads entries, in the order of scanEntry.
const selectEntries = `SELECT head.epoch, r.seq, r.at, r.kind, r.id, r.not_before, r.expires FROM revocations r, revocation_head head`

// logSQL moves the head and writes entries behind it. Whoever moves the head holds its row until
// his commit is seen, so that numbers have no gaps and run in the order of commit.
const logSQL = `WITH head AS (UPDATE revocation_head SET seq = seq + cardinality($2::text[]) RETURNING seq)
	INSERT INTO revocations (seq, at, kind, id, not_before, expires)
	SELECT head.seq - cardinality($2::text[]) + e.n, $1, e.kind, e.id, e.not_before, e.expires
	FROM head, unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS e (kind, id, not_before, expires, n)`

// log writes entries, of which kind, id and not-before are given, and tells the other nodes. It
// comes last in an act: from here on the act keeps all others from the head.
func (a act) log(now time.Time, entries ...revoked.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	kinds, ids := make([]string, len(entries)), make([]string, len(entries))
	notBefores, expiries := make([]int64, len(entries)), make([]int64, len(entries))
	for i, e := range entries {
		kinds[i], ids[i], notBefores[i], expiries[i] = string(e.Kind), e.ID, e.NotBefore, expiry(e, now)
	}
	var both pgx.Batch
	both.Queue(logSQL, now.UnixMilli(), kinds, ids, notBefores, expiries)
	both.Queue(`SELECT pg_notify($1, '')`, channel)
	return a.tx.SendBatch(a.ctx, &both).Close()
}

// expiry gives the second in which no token is left that an entry of now could refuse.
func expiry(e revoked.Entry, now time.Time) int64 {
	last := now.Add(time.Second - time.Nanosecond).Unix()                 // rounded up
	return max(last, e.NotBefore) + int64(store.RevocationLife.Seconds()) // NotBefore may lie ahead of the clock
}

// expiryOf is expiry in a statement, at a time in milliseconds, of an entry without a not-before.
func expiryOf(now string) string {
	return fmt.Sprintf("(%s + 999) / 1000 + %d", now, int64(store.RevocationLife.Seconds()))
}

// Head gives the log's epoch and the number of its newest entry.
func (db *DB) Head(ctx context.Context) (epoch, seq int64, err error) {
	err = db.row(ctx, func(row pgx.Row) error { return row.Scan(&epoch, &seq) }, headSQL)
	return epoch, seq, err
}

// RevocationsSince gives up to limit entries numbered above seq.
func (db *DB) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	return list(ctx, db, scanEntry, selectEntries+` WHERE r.seq > $1 ORDER BY r.seq LIMIT $2`, seq, limit)
}

// scanEntry reads an entry.
func scanEntry(row pgx.Row) (e revoked.Entry, err error) {
	err = row.Scan(&e.Epoch, &e.Seq, &e.At, &e.Kind, &e.ID, &e.NotBefore, &e.Expires)
	e.Prev = e.Seq - 1 // there are no gaps
	return e, err
}

// RaiseEpoch begins a new epoch of the log.
func (db *DB) RaiseEpoch(ctx context.Context, from, above int64, now time.Time) (int64, error) {
	var epoch int64
	err := db.write(ctx, func(a act) error {
		_, err := a.exec(`UPDATE revocation_head SET epoch = greatest(epoch, $2, $3) + 1 WHERE epoch = $1`, from, above, now.UnixMilli())
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
