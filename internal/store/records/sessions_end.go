package records

import (
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// Which says which sessions an Ending is about: a condition on its Session, $4, and its Owner, $5.
type Which int

// The three that there are.
const (
	One        Which = iota // e.Session
	OneOfOwner              // e.Session, if it is e.Owner's
	OtherThan               // those of e.Owner but e.Session
)

// WhichOne returns how an Ending of one session is meant.
func WhichOne(e store.Ending) Which {
	if e.Owner == "" {
		return One
	}
	return OneOfOwner
}

// PastLimit says in a statement which limit a session has passed at a time, or the empty text.
func PastLimit(now string) string {
	return `CASE WHEN expires_at <= ` + now + ` THEN 'expired'
		WHEN ` + now + ` - last_used_at >= idle_limit THEN 'idle' ELSE '' END`
}

// EndSQL are the statements of End.
var EndSQL = [...]string{
	One:        endSQL(`id = $4`),
	OneOfOwner: endSQL(`id = $4 AND user_id = $5`),
	OtherThan:  endSQL(`user_id = $5 AND id <> $4`),
}

// endSQL returns the statement of End for sessions.
func endSQL(which string) string {
	return `UPDATE sessions
		SET ended_at = $1, sweep_at = $1,
			end_reason = coalesce(nullif(` + PastLimit("$1") + `, ''), $2),
			ended_by = CASE WHEN ` + PastLimit("$1") + ` = '' THEN $3 ELSE '' END
		WHERE ended_at IS NULL AND ` + which + `
		RETURNING id, ` + PastLimit("$1") + ` = ''`
}

// End ends sessions that have not been ended. Those that are past their limits end as idle or
// expired, by nobody, and are not live: they are ended for good as well, because a clock that
// steps back would bring them to life again.
func End(tx Tx, w Which, e store.Ending, now time.Time) ([]store.EndedSession, error) {
	args := []any{Instant(now), e.Reason, e.By, SessionID(e.Session), e.Owner}
	if w == One {
		args = args[:4]
	}
	return all(tx, func(s *store.EndedSession) []any { return []any{(*SessionID)(&s.ID), &s.Live} }, EndSQL[w], args...)
}

// EndLogged ends sessions like End, writes an entry for each, and returns how many were live.
func EndLogged(tx Tx, w Which, e store.Ending, now time.Time) (live int, err error) {
	if w == OtherThan {
		if err := tx.LockSessions(e.Owner); err != nil {
			return 0, err
		}
	}
	ended, err := End(tx, w, e, now)
	if err != nil {
		return 0, err
	}
	entries, live := store.EndEntries(ended)
	return live, tx.Log(now, entries...)
}

// endAll ends everybody's sessions like End, and returns how many were live.
func endAll(tx Tx, e store.Ending, now time.Time) (live int, err error) {
	live, err = tx.Exec(`UPDATE sessions SET ended_at = $1, sweep_at = $1, end_reason = $2, ended_by = $3
		WHERE ended_at IS NULL AND `+PastLimit("$1")+` = ''`, Instant(now), e.Reason, e.By)
	if err == nil {
		_, err = tx.Exec(`UPDATE sessions SET ended_at = $1, sweep_at = $1, end_reason = `+PastLimit("$1")+`
			WHERE ended_at IS NULL`, Instant(now))
	}
	return live, err
}
