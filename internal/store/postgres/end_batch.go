package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// endBatchSQL ends any number of sessions like records.End, each of them found, locked and written
// as by rotateSQL, and then holds the head of the log to write their entries as Log does. One that
// is not there, or ended, or somebody else's is left; where all are, the head is not touched. A
// statement that notifies for each session does so once.
var endBatchSQL = `WITH over AS (
		UPDATE sessions s
		SET ended_at = g.now, sweep_at = g.now,
			end_reason = coalesce(nullif(` + records.PastLimit("g.now") + `, ''), g.reason),
			ended_by = CASE WHEN ` + records.PastLimit("g.now") + ` = '' THEN g.author ELSE '' END
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS g (session, owner, reason, author, now)
		WHERE s.id = g.session AND s.ended_at IS NULL AND (g.owner = '' OR s.user_id = g.owner)
		RETURNING s.id, ` + records.PastLimit("g.now") + ` = '' AS live, g.now),
	head AS (
		UPDATE revocation_head SET seq = seq + (SELECT count(*) FROM over)
		WHERE one_row = 1 AND EXISTS (SELECT FROM over)
		RETURNING seq),
	entries AS (
		INSERT INTO revocations (seq, at, kind, id, not_before, expires)
		SELECT head.seq + 1 - row_number() OVER (), over.now, '` + string(revoked.Session) + `', over.id, 0, ` +
	entryExpiresSQL("over.now") + `
		FROM head, over)
	SELECT id, live, pg_notify('` + channel + `', '') FROM over`

// ending is a caller's request for the end of a session.
type ending struct {
	store.Ending
	id    string // of the session, in its column
	now   time.Time
	found bool // the batch has ended it
	live  bool // it was not over before
	err   error
}

// fail notes that the batch failed.
func (e *ending) fail(err error) { e.found, e.err = false, err }

// endBatch ends the sessions of a batch in one statement, so that the head of the log is held once
// for all of them, and leaves those that it does not find.
func endBatch(ctx context.Context, conn *pgxpool.Conn, requests []*ending) error {
	bySession := map[store.SessionID]*ending{} // the first of each session
	// In the one order of rows, as in rotateBatch.
	slices.SortStableFunc(requests, func(a, b *ending) int { return strings.Compare(a.id, b.id) })
	var ids, owners, reasons, authors []string
	var nows []int64
	for _, e := range requests {
		if bySession[e.Session] != nil {
			continue
		}
		bySession[e.Session] = e
		ids, owners, reasons = append(ids, e.id), append(owners, string(e.Owner)), append(reasons, string(e.Reason))
		authors, nows = append(authors, e.By), append(nows, e.now.UnixMilli())
	}
	rows, err := conn.Query(ctx, endBatchSQL, ids, owners, reasons, authors, nows)
	if err != nil {
		return err
	}
	var over []store.EndedSession
	var one store.EndedSession
	columns := []any{(*records.SessionID)(&one.ID), &one.Live, nil} // the last is void
	_, err = pgx.ForEachRow(rows, columns, func() error {
		over = append(over, one)
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range over {
		e := bySession[s.ID]
		e.found, e.live = true, s.Live
	}
	return nil
}

// EndSession ends one live session.
func (db *DB) EndSession(ctx context.Context, what store.Ending, now time.Time) error {
	e := &ending{Ending: what, id: what.Session.String(), now: store.Truncate(now)}
	err := db.endings.Do(ctx, e)
	if err == nil {
		err = e.err
	}
	if err != nil {
		return unavailable(err)
	}
	if !e.found {
		err = db.write(ctx, e.alone)
	}
	if err == nil && !e.live {
		return fault.New(fault.SessionNotFound)
	}
	return err
}

// alone ends the session in a transaction of its own.
func (e *ending) alone(t tx) error {
	n, err := records.EndLogged(t, records.WhichOne(e.Ending), e.Ending, e.now)
	e.live = n > 0
	return err
}
