package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// rotateSQL is the whole of an ordinary refresh: the row "rotate" of protocol.md §4, its
// condition and its write. 4294967295 is the generation that has no successor.
var rotateSQL = `UPDATE sessions
	SET generation = :generation, nonce = :nonce, parent = nonce, parent_forked = forks > 0, forks = 0,
		rotated_at = :now, last_used_at = :now, last_used_ip = :ip, last_used_agent = :agent
	WHERE id = :session AND generation = :generation - 1 AND nonce = :parent AND :generation < 4294967295
		AND ended_at IS NULL AND expires_at > :now AND last_used_at + idle_limit > :now
		AND EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id AND disabled_at IS NULL)
	RETURNING ` + columns("", sessionColumns) + owner(userColumns)

// owner selects columns of a session's user, one by one: RETURNING knows no join.
func owner(names []string) (list string) {
	for _, name := range names {
		list += `, (SELECT ` + name + ` FROM users WHERE users.id = sessions.user_id)`
	}
	return list
}

// Rotate decides what a presented refresh token is worth.
func (db *DB) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	var outcome store.Outcome
	err := db.write(ctx, func(a act) (err error) {
		outcome, err = a.rotate(db.rotate, p, cut(now))
		return err
	})
	if err != nil {
		return store.Outcome{}, err
	}
	return outcome, nil
}

// rotate tries the one conditional write. When it changes nothing, the table decides on the
// row as this transaction sees it.
func (a act) rotate(write *sql.Stmt, p store.Presented, now time.Time) (store.Outcome, error) {
	after, err := scanStanding(a.tx.StmtContext(a.ctx, write).QueryRowContext(a.ctx,
		sql.Named("session", sid(p.Session)), sql.Named("generation", p.Generation),
		sql.Named("parent", nonce(p.Parent)), sql.Named("nonce", nonce(p.Nonce)),
		sql.Named("now", instant(now)), sql.Named("ip", address(p.From.IP)), sql.Named("agent", p.From.Agent)))
	if err == nil {
		return store.Outcome{Case: store.Rotated, Standing: after}, nil
	}
	if !fault.HasCode(err, fault.SessionNotFound) {
		return store.Outcome{}, err
	}
	before, err := scanStanding(a.row(standingSQL, sid(p.Session)))
	if fault.HasCode(err, fault.SessionNotFound) {
		return store.Outcome{Case: store.Ended}, nil
	}
	if err != nil {
		return store.Outcome{}, err
	}
	outcome := store.Outcome{Case: store.Judge(before, p, now), Standing: before}
	return outcome, a.follow(&outcome, p, now)
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
		return a.saveUse(*s)
	case store.Recovered:
		s.Line.Forks++
		s.LastUsedAt = now // not LastUsedBy: a repeat is for the client of the rotation
		return a.saveUse(*s)
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

// saveUse writes what a use changes of a session.
func (a act) saveUse(s store.Session) error {
	_, err := a.exec(`UPDATE sessions
		SET generation = ?, nonce = ?, parent = ?, parent_forked = ?, forks = ?, rotated_at = ?,
			last_used_at = ?, last_used_ip = ?, last_used_agent = ?
		WHERE id = ?`,
		s.Line.Generation, nonce(s.Line.Nonce), nonce(s.Line.Parent), s.Line.ParentForked, s.Line.Forks, instant(s.Line.RotatedAt),
		instant(s.LastUsedAt), address(s.LastUsedBy.IP), s.LastUsedBy.Agent,
		sid(s.ID))
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
