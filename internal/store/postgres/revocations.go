package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// logSQL moves the head and writes entries behind it. A transaction that moves the head holds its
// row until the commit is seen, so that numbers have no gaps and run in the order of commit.
const logSQL = `WITH head AS (UPDATE revocation_head SET seq = seq + cardinality($2::text[]) RETURNING seq)
	INSERT INTO revocations (seq, at, kind, id, not_before, expires)
	SELECT head.seq - cardinality($2::text[]) + e.n, $1, e.kind, e.id, e.not_before, e.expires
	FROM head, unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[])
		WITH ORDINALITY AS e (kind, id, not_before, expires, n)`

// Log writes entries, of which kind, id and NotBefore are set, and notifies the other nodes. It
// comes last in a transaction: from here on it keeps all others from the head.
func (t tx) Log(now time.Time, entries ...revoked.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	kinds, ids := make([]string, len(entries)), make([]string, len(entries))
	notBefores, expires := make([]int64, len(entries)), make([]int64, len(entries))
	for i, e := range entries {
		kinds[i], ids[i], notBefores[i], expires[i] = string(e.Kind), e.ID, e.NotBefore, store.EntryExpires(e, now)
	}
	var both pgx.Batch
	both.Queue(logSQL, now.UnixMilli(), kinds, ids, notBefores, expires)
	both.Queue(`SELECT pg_notify($1, '')`, channel)
	return t.tx.SendBatch(t.ctx, &both).Close()
}

// entryExpiresSQL is store.EntryExpires in a statement, at a time in milliseconds, of an entry
// without a NotBefore.
func entryExpiresSQL(now string) string {
	return fmt.Sprintf("(%s + 999) / 1000 + %d", now, int64(store.RevocationLife.Seconds()))
}

// endEverythingLimit is how long EndEverything may take: it writes every row there is.
const endEverythingLimit = 10 * time.Minute

// EndEverything ends every session and refuses every access token. Nobody else writes users or
// sessions meanwhile: whoever waits too long is told to come again.
func (db *DB) EndEverything(ctx context.Context, e store.Ending, clock store.Clock) (live int, err error) {
	err = db.useFor(ctx, endEverythingLimit, func(ctx context.Context, conn *pgxpool.Conn) error {
		return transact(ctx, conn, func(t tx) (err error) {
			// In the order in which everybody locks their rows.
			for _, table := range []string{"users", "sessions"} {
				if _, err := t.Exec(`LOCK TABLE ` + table + ` IN EXCLUSIVE MODE`); err != nil {
					return err
				}
			}
			live, err = records.EndEverything(t, e, store.Truncate(clock()))
			return err
		})
	})
	if err != nil {
		return 0, err
	}
	return live, nil
}
