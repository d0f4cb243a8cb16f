package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// saveUseSQL writes what a use changes of a session: the whole write of an ordinary refresh.
const saveUseSQL = `UPDATE sessions
	SET generation = ?, nonce = ?, parent = ?, parent_forked = ?, forks = ?, rotated_at = ?,
		last_used_at = ?, last_used_ip = ?, last_used_agent = ?
	WHERE id = ?`

// Rotate decides what a presented refresh token is worth.
func (db *DB) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	var outcome store.Outcome
	err := db.together(ctx, func(a act) (err error) {
		outcome, err = a.rotate(p, cut(now))
		return err
	})
	if err != nil {
		return store.Outcome{}, err
	}
	return outcome, nil
}

// rotate lets the table decide on the row as this transaction sees it, and writes what follows.
func (a act) rotate(p store.Presented, now time.Time) (store.Outcome, error) {
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
	_, err := a.exec(saveUseSQL,
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
