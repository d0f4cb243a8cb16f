package sqlite

import (
	"database/sql"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// which says which sessions an Ending is about: a condition on its Session and Owner.
type which string

// The three that there are.
const (
	one        which = `id = :session`
	oneOfOwner which = `id = :session AND user_id = :owner`
	otherThan  which = `user_id = :owner AND id <> :session`
)

// ended is a session that an act has ended.
type ended struct {
	id   store.SessionID
	live bool // it was not over before
}

// limits says which limit a session has passed, or nothing.
const limits = `CASE WHEN expires_at <= :now THEN 'expired' WHEN :now - last_used_at >= idle_limit THEN 'idle' ELSE '' END`

// endSQL is the statement of end for each of the three.
var endSQL = map[which]string{one: ending(one), oneOfOwner: ending(oneOfOwner), otherThan: ending(otherThan)}

// ending gives the statement of end.
func ending(w which) string {
	return `UPDATE sessions
		SET ended_at = :now, sweep_at = :now,
			end_reason = coalesce(nullif(` + limits + `, ''), :reason),
			ended_by = iif(` + limits + ` = '', :by, '')
		WHERE ended_at IS NULL AND ` + string(w) + `
		RETURNING id, ` + limits + ` = ''`
}

// end ends sessions that have not been ended. Those that are past their limits end as idle
// or expired, by nobody, and are not live: they are ended for good as well, because a
// clock that steps back would bring them to life again.
func (a act) end(w which, e store.Ending, now time.Time) ([]ended, error) {
	var all []ended
	err := a.each(func(rows *sql.Rows) error {
		var s ended
		err := rows.Scan((*sid)(&s.id), &s.live)
		all = append(all, s)
		return err
	}, endSQL[w],
		sql.Named("now", instant(now)), sql.Named("session", sid(e.Session)), sql.Named("owner", e.Owner),
		sql.Named("reason", e.Reason), sql.Named("by", e.By))
	return all, err
}

// endAll ends everybody's sessions like end, and gives how many were live.
func (a act) endAll(e store.Ending, now time.Time) (int, error) {
	at := sql.Named("now", instant(now))
	live, err := a.exec(`UPDATE sessions SET ended_at = :now, sweep_at = :now, end_reason = :reason, ended_by = :by
		WHERE ended_at IS NULL AND `+limits+` = ''`, at, sql.Named("reason", e.Reason), sql.Named("by", e.By))
	if err == nil {
		_, err = a.exec(`UPDATE sessions SET ended_at = :now, sweep_at = :now, end_reason = `+limits+` WHERE ended_at IS NULL`, at)
	}
	return live, err
}

// endLogged ends sessions like end, writes an entry for each, and gives how many were live. One that was past
// its limits has an entry too: after a restore, or where a clock was set, its row may not know of its
// youngest access token.
func (a act) endLogged(w which, e store.Ending, now time.Time) (int, error) {
	all, err := a.end(w, e, now)
	if err != nil {
		return 0, err
	}
	live := 0
	var entries []revoked.Entry
	for _, s := range all {
		if s.live {
			live++
		}
		entries = append(entries, revoked.Entry{Kind: revoked.Session, ID: s.id.String()})
	}
	return live, a.log(now, entries...)
}
