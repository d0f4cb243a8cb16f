package sqlite

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// saveUseSQL writes what a use changes of a session: the whole write of an ordinary refresh.
const saveUseSQL = `UPDATE sessions
	SET generation = ?, nonce = ?, parent = ?, parent_forked = ?, forks = ?, rotated_at = ?,
		last_used_at = ?, last_used_ip = ?, last_used_agent = ?
	WHERE id = ?`

// Rotate decides what a presented refresh token is worth.
func (db *DB) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	var outcome store.Outcome
	err := db.writeBatched(ctx, func(t tx) (err error) {
		outcome, err = t.rotate(p, store.Truncate(now))
		return err
	})
	if err != nil {
		return store.Outcome{}, err
	}
	return outcome, nil
}

// rotate decides by the table, on the row as this transaction sees it, and writes what follows.
func (t tx) rotate(p store.Presented, now time.Time) (store.Outcome, error) {
	before, err := records.ReadStanding(t, p.Session)
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
		err = t.saveUse(s)
	case store.WriteEnd:
		_, err = records.EndLogged(t, records.One, store.Ending{Session: s.ID, Reason: s.EndReason}, now)
	}
	return outcome, err
}

// saveUse writes what a use changes of a session.
func (t tx) saveUse(s store.Session) error {
	_, err := t.Exec(saveUseSQL,
		s.Line.Generation, records.Nonce(s.Line.Nonce), records.Nonce(s.Line.Parent), s.Line.ParentForked, s.Line.Forks,
		records.Instant(s.Line.RotatedAt),
		records.Instant(s.LastUsedAt), records.Address(s.LastUsedBy.IP), s.LastUsedBy.Agent,
		records.SessionID(s.ID))
	return err
}
