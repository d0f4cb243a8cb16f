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
)

// rotateSQL does any number of ordinary refreshes: the row "rotate" of protocol.md §4, its condition and its
// write. 4294967295 is the generation that has no successor. Each row is found by its id, and locked as it is written, in
// the order in which the tokens are given: see settle. A row that another act moved while this one waited for its lock is asked
// the condition again as it then is.
//
// A user is read as of when the statement began, which may be before an act that it then
// waited for. Such an act moves the not_before of the user and of her sessions, so that the two
// differ here, and the row is read anew. protocol.md R6
var rotateSQL = `UPDATE sessions s
	SET generation = g.generation, nonce = g.nonce, parent = s.nonce, parent_forked = s.forks > 0, forks = 0,
		rotated_at = g.now, last_used_at = g.now, last_used_ip = g.ip, last_used_agent = g.agent
	FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[], $6::text[], $7::text[])
		AS g (id, generation, parent, nonce, now, ip, agent), users u
	WHERE s.id = g.id AND s.generation = g.generation - 1 AND s.nonce = g.parent AND g.generation < 4294967295
		AND s.ended_at IS NULL AND s.expires_at > g.now AND s.last_used_at + s.idle_limit > g.now
		AND u.id = s.user_id AND u.disabled_at IS NULL AND u.not_before = s.not_before
	RETURNING ` + columns("s.", sessionColumns) + `, ` + columns("u.", userColumns)

// rotation is a refresh that somebody waits for.
type rotation struct {
	presented store.Presented
	id        string // of the session, in its column
	now       time.Time
	outcome   store.Outcome // its case is none when the batch did not confirm the token
	err       error
}

// fail notes that the batch failed.
func (r *rotation) fail(err error) { r.outcome, r.err = store.Outcome{}, err }

// rotateTogether confirms the tokens of a batch that are the next of their sessions' lines, in one statement, and leaves the
// others.
func rotateTogether(ctx context.Context, conn *pgxpool.Conn, those []*rotation) error {
	bySession := map[store.SessionID]*rotation{} // the first of each session: a statement changes a row once
	// In the one order of rows, so that no two batches wait for each other.
	slices.SortStableFunc(those, func(a, b *rotation) int { return strings.Compare(a.id, b.id) })
	var ids, ips, agents []string
	var generations, nows []int64
	var parents, nonces [][]byte
	for _, r := range those {
		p := &r.presented
		if bySession[p.Session] != nil {
			continue
		}
		bySession[p.Session] = r
		ids, generations = append(ids, r.id), append(generations, int64(p.Generation))
		parents, nonces = append(parents, p.Parent[:]), append(nonces, p.Nonce[:])
		nows, ips, agents = append(nows, r.now.UnixMilli()), append(ips, address(p.From.IP).text()), append(agents, p.From.Agent)
	}
	rows, err := conn.Query(ctx, rotateSQL, ids, generations, parents, nonces, nows, ips, agents)
	if err != nil {
		return err
	}
	var one store.Standing
	_, err = pgx.ForEachRow(rows, standingFields(&one), func() error {
		bySession[one.Session.ID].outcome = store.Outcome{Case: store.Rotated, Standing: one}
		return nil
	})
	if err != nil { // it may tell of rows, and then not commit
		for _, r := range those {
			r.outcome = store.Outcome{}
		}
	}
	return err
}

// Rotate decides what a presented refresh token is worth.
func (db *DB) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	r := &rotation{presented: p, id: p.Session.String(), now: cut(now)}
	err := db.rotations.Do(ctx, r)
	if err == nil {
		err = r.err
	}
	if err != nil || r.outcome.Case != 0 {
		return r.outcome, unavailable(err)
	}
	err = db.write(ctx, func(a act) (err error) {
		r.outcome, err = a.judge(p, r.now)
		return err
	})
	if err != nil {
		return store.Outcome{}, err
	}
	return r.outcome, nil
}

// judge decides by the table, on the row under its lock, and writes what follows.
func (a act) judge(p store.Presented, now time.Time) (store.Outcome, error) {
	before, err := a.lockStanding(p.Session)
	if fault.HasCode(err, fault.SessionNotFound) {
		return store.Outcome{Case: store.Ended}, nil
	}
	if err != nil {
		return store.Outcome{}, err
	}
	outcome := store.Outcome{Case: store.Judge(before, p, now), Standing: before}
	return outcome, a.follow(&outcome, p, now)
}

// lockStanding locks a session, and then reads its user: whoever refuses the user's tokens locks
// her sessions before, so what is read here is refused by him, or is what he has written.
// protocol.md R6
func (a act) lockStanding(id store.SessionID) (standing store.Standing, err error) {
	var both pgx.Batch
	both.Queue(`SELECT `+columns("", sessionColumns)+` FROM sessions WHERE id = $1 FOR UPDATE`, sid(id))
	both.Queue(`SELECT `+columns("", userColumns)+` FROM users WHERE id = (SELECT user_id FROM sessions WHERE id = $1)`, sid(id))
	results := a.tx.SendBatch(a.ctx, &both)
	err = results.QueryRow().Scan(sessionFields(&standing.Session)...)
	if err == nil {
		err = results.QueryRow().Scan(userFields(&standing.User)...)
	}
	if err := errors.Join(err, results.Close()); err != nil {
		return store.Standing{}, noSession(err)
	}
	return standing, nil
}

// follow writes what follows from a case, into the database and into the outcome.
func (a act) follow(o *store.Outcome, p store.Presented, now time.Time) error {
	s := &o.Standing.Session
	switch o.Case {
	case store.Repeated, store.Late:
		return nil
	case store.Rotated, store.Ahead:
		s.Line = s.Line.Confirm(p, now)
		s.LastUsedAt, s.LastUsedBy = now, p.From
		return a.saveUse(*s, o.Standing.User)
	case store.Recovered:
		s.Line.Forks++
		s.LastUsedAt = now // not LastUsedBy: a repeat is for the client of the rotation
		return a.saveUse(*s, o.Standing.User)
	case store.Reused:
		return a.close(s, store.ReuseDetected, now)
	case store.Ended:
		if o.Standing.User.Disabled() {
			return a.close(s, store.UserDisabled, now)
		}
		return a.close(s, store.EndedExpired, now) // as it is past its limits, or out of generations
	}
	return errors.New("case " + o.Case.String())
}

// saveUse writes what a use changes of a session, and the user's cut-off as it was read with it.
func (a act) saveUse(s store.Session, u store.User) error {
	_, err := a.exec(`UPDATE sessions
		SET generation = $2, nonce = $3, parent = $4, parent_forked = $5, forks = $6, rotated_at = $7,
			last_used_at = $8, last_used_ip = $9, last_used_agent = $10, not_before = $11
		WHERE id = $1`, sid(s.ID),
		int64(s.Line.Generation), nonce(s.Line.Nonce), nonce(s.Line.Parent), s.Line.ParentForked, s.Line.Forks, instant(s.Line.RotatedAt),
		instant(s.LastUsedAt), address(s.LastUsedBy.IP), s.LastUsedBy.Agent, u.NotBefore)
	return err
}

// close ends a session that has not been ended, and shows the end on s.
func (a act) close(s *store.Session, reason store.EndReason, now time.Time) error {
	if s.EndReason != "" {
		return nil
	}
	if over := s.Over(now); over != "" {
		reason = over
	}
	s.EndedAt, s.EndReason = now, reason
	_, err := a.endLogged(one, store.Ending{Session: s.ID, Reason: reason}, now)
	return err
}
