package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// which says which sessions an Ending is about: a condition on its Session and Owner.
type which string

// The three that there are.
const (
	one        which = `id = @session`
	oneOfOwner which = `id = @session AND user_id = @owner`
	otherThan  which = `user_id = @owner AND id <> @session`
)

// ended is a session that an act has ended.
type ended struct {
	id   store.SessionID
	live bool // it was not over before
}

// scanEnded reads what end gives of a session.
func scanEnded(row pgx.Row) (s ended, err error) {
	err = row.Scan((*sid)(&s.id), &s.live)
	return s, err
}

// limits says which limit a session has passed, or nothing.
var limits = limitsAt("@now")

// limitsAt is limits at a time that a statement has under another name.
func limitsAt(now string) string {
	return `CASE WHEN expires_at <= ` + now + ` THEN 'expired' WHEN ` + now + ` - last_used_at >= idle_limit THEN 'idle' ELSE '' END`
}

// end ends sessions that have not been ended. Those that are past their limits end as idle
// or expired, by nobody, and are not live: they are ended for good as well, because a
// clock that steps back would bring them to life again.
func (a act) end(w which, e store.Ending, now time.Time) ([]ended, error) {
	return all(a.ctx, a.tx, scanEnded, `UPDATE sessions
		SET ended_at = @now, sweep_at = @now,
			end_reason = coalesce(nullif(`+limits+`, ''), @reason),
			ended_by = CASE WHEN `+limits+` = '' THEN @by ELSE '' END
		WHERE ended_at IS NULL AND `+string(w)+`
		RETURNING id, `+limits+` = ''`, endArgs(e, now))
}

// endArgs gives what statements about an Ending refer to.
func endArgs(e store.Ending, now time.Time) pgx.NamedArgs {
	return pgx.NamedArgs{"now": now.UnixMilli(), "session": sid(e.Session), "owner": e.Owner, "reason": e.Reason, "by": e.By}
}

// lockSessions locks the sessions of a user that have not been ended, in the one order, so that
// two acts about one user do not wait for each other.
func (a act) lockSessions(owner store.UserID) error {
	_, err := a.exec(`SELECT FROM sessions WHERE user_id = $1 AND ended_at IS NULL ORDER BY id FOR UPDATE`, owner)
	return err
}

// endLogged ends sessions like end, writes their entries, and gives how many were live.
func (a act) endLogged(w which, e store.Ending, now time.Time) (int, error) {
	if w == otherThan {
		if err := a.lockSessions(e.Owner); err != nil {
			return 0, err
		}
	}
	all, err := a.end(w, e, now)
	if err != nil {
		return 0, err
	}
	return a.logEnded(all, now)
}

// logEnded writes an entry for each session that was ended, and gives how many were live. One that was past
// its limits has an entry too: after a restore, or where a clock was set, its row may not know of its
// youngest access token.
func (a act) logEnded(all []ended, now time.Time) (live int, err error) {
	var entries []revoked.Entry
	for _, s := range all {
		if s.live {
			live++
		}
		entries = append(entries, revoked.Entry{Kind: revoked.Session, ID: s.id.String()})
	}
	return live, a.log(now, entries...)
}

// endAll ends everybody's sessions like end, and gives how many were live.
func (a act) endAll(e store.Ending, now time.Time) (int, error) {
	live, err := a.exec(`UPDATE sessions SET ended_at = @now, sweep_at = @now, end_reason = @reason, ended_by = @by
		WHERE ended_at IS NULL AND `+limits+` = ''`, endArgs(e, now))
	if err == nil {
		_, err = a.exec(`UPDATE sessions SET ended_at = @now, sweep_at = @now, end_reason = `+limits+` WHERE ended_at IS NULL`, endArgs(e, now))
	}
	return live, err
}
