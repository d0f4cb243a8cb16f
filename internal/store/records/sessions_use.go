package records

import (
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Use is how an engine reads and writes a session whose refresh token is presented.
type Use interface {
	// LockStanding returns a session with its user. Nobody else changes the session, and no
	// transaction that refuses the user's tokens goes unseen, until this one is over. The fault is
	// session_not_found.
	LockStanding(id store.SessionID) (store.Standing, error)

	// SaveUse writes what a use changes of a session, whose standing was before.
	SaveUse(before store.Standing, after store.Session) error
}

// UseSQL is what a use changes of a session: the whole write of an ordinary refresh. Its arguments
// are those of UseFields.
const UseSQL = `generation = $2, nonce = $3, parent = $4, parent_forked = $5, forks = $6, rotated_at = $7,
	last_used_at = $8, last_used_ip = $9, last_used_agent = $10`

// UseFields returns a session's id and what a use changes.
func UseFields(s store.Session) []any {
	return []any{
		SessionID(s.ID),
		int64(s.Line.Generation), Nonce(s.Line.Nonce), Nonce(s.Line.Parent), s.Line.ParentForked, s.Line.Forks,
		Instant(s.Line.RotatedAt), Instant(s.LastUsedAt), Address(s.LastUsedBy.IP), s.LastUsedBy.Agent,
	}
}

// Rotate decides by the table, on a session under its lock, and writes what follows.
func Rotate(tx Tx, use Use, p store.Presented, now time.Time) (store.Outcome, error) {
	before, err := use.LockStanding(p.Session)
	if fault.HasCode(err, fault.SessionNotFound) {
		return store.Outcome{Case: store.Ended}, nil
	}
	if err != nil {
		return store.Outcome{}, err
	}
	outcome, write := store.Follow(before, p, now)
	s := outcome.Standing.Session
	switch write {
	case store.WriteUse:
		err = use.SaveUse(before, s)
	case store.WriteEnd:
		_, err = EndLogged(tx, One, store.Ending{Session: s.ID, Reason: s.EndReason}, now)
	}
	return outcome, err
}
