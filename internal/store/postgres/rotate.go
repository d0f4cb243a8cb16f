package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// rotateSQL does any number of ordinary refreshes: the row "rotate" of protocol.md §4, its
// condition and its write. 4294967295 is the generation that has no successor. Each row is found
// by its id, and locked as it is written, in the order in which the tokens are given: see
// fixPlans. A row that another transaction moved while this one waited for its lock is asked the
// condition again as it then is.
//
// A user is read as of when the statement began, which may be before a transaction that it then
// waited for. Such a transaction moves the not_before of the user and of its sessions, so that the
// two differ here, and the row is read anew. protocol.md R6
var rotateSQL = `UPDATE sessions s
	SET generation = g.generation, nonce = g.nonce, parent = s.nonce, parent_forked = s.forks > 0, forks = 0,
		rotated_at = g.now, last_used_at = g.now, last_used_ip = g.ip, last_used_agent = g.agent
	FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[], $6::text[], $7::text[])
		AS g (id, generation, parent, nonce, now, ip, agent), users u
	WHERE s.id = g.id AND s.generation = g.generation - 1 AND s.nonce = g.parent AND g.generation < 4294967295
		AND s.ended_at IS NULL AND s.expires_at > g.now AND s.last_used_at + s.idle_limit > g.now
		AND u.id = s.user_id AND u.disabled_at IS NULL AND u.not_before = s.not_before
	RETURNING ` + records.Columns("s.", records.SessionColumns) + `, ` + records.Columns("u.", records.UserColumns)

// rotation is a caller's request for a refresh.
type rotation struct {
	presented store.Presented
	id        string // of the session, in its column
	now       time.Time
	outcome   store.Outcome // its case is none when the batch did not confirm the token
	err       error
}

// fail notes that the batch failed.
func (r *rotation) fail(err error) { r.outcome, r.err = store.Outcome{}, err }

// rotateBatch confirms the tokens of a batch that are the next of their sessions' lines, in one
// statement, and leaves the others.
func rotateBatch(ctx context.Context, conn *pgxpool.Conn, requests []*rotation) error {
	bySession := map[store.SessionID]*rotation{} // the first of each session: a statement changes a row once
	// In the one order of rows, so that no two batches wait for each other.
	slices.SortStableFunc(requests, func(a, b *rotation) int { return strings.Compare(a.id, b.id) })
	var ids, ips, agents []string
	var generations, nows []int64
	var parents, nonces [][]byte
	for _, r := range requests {
		p := &r.presented
		if bySession[p.Session] != nil {
			continue
		}
		bySession[p.Session] = r
		ids, generations = append(ids, r.id), append(generations, int64(p.Generation))
		parents, nonces = append(parents, p.Parent[:]), append(nonces, p.Nonce[:])
		nows, agents = append(nows, r.now.UnixMilli()), append(agents, p.From.Agent)
		ips = append(ips, records.Address(p.From.IP).String())
	}
	rows, err := conn.Query(ctx, rotateSQL, ids, generations, parents, nonces, nows, ips, agents)
	if err != nil {
		return err
	}
	var one store.Standing
	_, err = pgx.ForEachRow(rows, records.StandingFields(&one), func() error {
		bySession[one.Session.ID].outcome = store.Outcome{Case: store.Rotated, Standing: one}
		return nil
	})
	if err != nil { // it may have returned rows, and then not commit
		for _, r := range requests {
			r.outcome = store.Outcome{}
		}
	}
	return err
}

// Rotate decides what a presented refresh token is worth.
func (db *DB) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	r := &rotation{presented: p, id: p.Session.String(), now: store.Truncate(now)}
	err := db.rotations.Do(ctx, r)
	if err == nil {
		err = r.err
	}
	if err != nil || r.outcome.Case != 0 {
		return r.outcome, unavailable(err)
	}
	err = db.write(ctx, func(t tx) (err error) {
		r.outcome, err = records.Rotate(t, t, p, r.now)
		return err
	})
	if err != nil {
		return store.Outcome{}, err
	}
	return r.outcome, nil
}

// LockStanding locks a session, and then reads its user. A transaction that refuses the user's
// tokens locks its sessions first. So either that one sees the row written here, or the row read
// here is the one that it wrote. protocol.md R6
func (t tx) LockStanding(id store.SessionID) (standing store.Standing, err error) {
	var both pgx.Batch
	both.Queue(`SELECT `+records.Columns("", records.SessionColumns)+` FROM sessions WHERE id = $1 FOR UPDATE`,
		records.SessionID(id))
	both.Queue(`SELECT `+records.Columns("", records.UserColumns)+`
		FROM users WHERE id = (SELECT user_id FROM sessions WHERE id = $1)`, records.SessionID(id))
	results := t.tx.SendBatch(t.ctx, &both)
	err = results.QueryRow().Scan(records.SessionFields(&standing.Session)...)
	if err == nil {
		err = results.QueryRow().Scan(records.UserFields(&standing.User)...)
	}
	err = errors.Join(err, results.Close())
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Standing{}, fault.New(fault.SessionNotFound)
	}
	return standing, err
}

// saveUseSQL writes what a use changes of a session, and the user's not_before as it was read with
// it.
const saveUseSQL = `UPDATE sessions SET ` + records.UseSQL + `, not_before = $11 WHERE id = $1`

// SaveUse writes what a use changes of a session.
func (t tx) SaveUse(before store.Standing, after store.Session) error {
	_, err := t.Exec(saveUseSQL, append(records.UseFields(after), before.User.NotBefore)...)
	return err
}
