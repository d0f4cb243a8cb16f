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
)

// partSQL ends any number of sessions like end, each of them found, locked and written as by rotateSQL, and then holds the
// head of the log to write their entries as log does. One that is not there, or ended, or somebody else's is left; where all
// are, the head is not touched. A statement that notifies for each session does so once.
var partSQL = `WITH over AS (
		UPDATE sessions s
		SET ended_at = g.now, sweep_at = g.now,
			end_reason = coalesce(nullif(` + limitsAt("g.now") + `, ''), g.reason),
			ended_by = CASE WHEN ` + limitsAt("g.now") + ` = '' THEN g.author ELSE '' END
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS g (session, owner, reason, author, now)
		WHERE s.id = g.session AND s.ended_at IS NULL AND (g.owner = '' OR s.user_id = g.owner)
		RETURNING s.id, ` + limitsAt("g.now") + ` = '' AS live, g.now),
	head AS (
		UPDATE revocation_head SET seq = seq + (SELECT count(*) FROM over)
		WHERE one_row = 1 AND EXISTS (SELECT FROM over)
		RETURNING seq),
	entries AS (
		INSERT INTO revocations (seq, at, kind, id, not_before, expires)
		SELECT head.seq + 1 - row_number() OVER (), over.now, '` + string(revoked.Session) + `', over.id, 0, ` + expiryOf("over.now") + `
		FROM head, over)
	SELECT id, live, pg_notify('` + channel + `', '') FROM over`

// parting is the end of a session that somebody waits for.
type parting struct {
	store.Ending
	id    string // of the session, in its column
	now   time.Time
	found bool // the batch has ended it
	live  bool // it was not over before
	err   error
}

// fail notes that the batch failed.
func (p *parting) fail(err error) { p.found, p.err = false, err }

// partTogether ends the sessions of a batch in one statement, so that the head of the log is held once for all of them, and
// leaves those that it does not find.
func partTogether(ctx context.Context, conn *pgxpool.Conn, those []*parting) error {
	bySession := map[store.SessionID]*parting{}                                                  // the first of each session
	slices.SortStableFunc(those, func(a, b *parting) int { return strings.Compare(a.id, b.id) }) // as in rotateTogether
	var ids, owners, reasons, authors []string
	var nows []int64
	for _, p := range those {
		if bySession[p.Session] != nil {
			continue
		}
		bySession[p.Session] = p
		ids, owners, reasons = append(ids, p.id), append(owners, string(p.Owner)), append(reasons, string(p.Reason))
		authors, nows = append(authors, p.By), append(nows, p.now.UnixMilli())
	}
	over, err := all(ctx, conn, scanParted, partSQL, ids, owners, reasons, authors, nows)
	if err != nil {
		return err
	}
	for _, s := range over {
		p := bySession[s.id]
		p.found, p.live = true, s.live
	}
	return nil
}

// scanParted reads what partSQL gives of a session; the last column is void.
func scanParted(row pgx.Row) (s ended, err error) {
	err = row.Scan((*sid)(&s.id), &s.live, nil)
	return s, err
}

// EndSession ends one live session.
func (db *DB) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	p := &parting{Ending: e, id: e.Session.String(), now: cut(now)}
	err := db.partings.Do(ctx, p)
	if err == nil {
		err = p.err
	}
	if err != nil {
		return unavailable(err)
	}
	if !p.found {
		err = db.write(ctx, p.alone)
	}
	if err == nil && !p.live {
		return fault.New(fault.SessionNotFound)
	}
	return err
}

// alone ends the session in an act of its own.
func (p *parting) alone(a act) error {
	which := one
	if p.Owner != "" {
		which = oneOfOwner
	}
	n, err := a.endLogged(which, p.Ending, p.now)
	p.live = n > 0
	return err
}
