package storetest

import (
	"slices"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// leaf is a refresh token of the model: a place in the tree of all tokens of a session,
// whether handed out or made up. It knows nothing of rows.
type leaf struct {
	token
	above *leaf
	first *leaf // the successor that a rotation hands out; nil: not yet
}

// grow returns another successor of a token.
func (l *leaf) grow() *leaf { return &leaf{token: l.token.next(), above: l} }

// successor returns the one that a rotation and each repeat hand out.
func (l *leaf) successor() *leaf {
	if l.first == nil {
		l.first = l.grow()
	}
	return l.first
}

// model is one session as protocol.md §4 describes it, written from the table's words and the
// tree of tokens.
type model struct {
	confirmed       *leaf
	forks           int
	parentForked    bool
	rotatedAt       time.Time
	rotatedBy       store.Client
	lastUsedAt      time.Time
	idle            time.Duration
	expiresAt       time.Time
	ended           store.EndReason
	tokens          []*leaf // whatever somebody might present
	grace, recovery time.Duration
	revocations     *[]string // the ids that the log must show, in order
}

// within reports whether the confirmation is at most d away from now, on either side.
func (m *model) within(d time.Duration, now time.Time) bool {
	return !now.After(m.rotatedAt.Add(d)) && !now.Before(m.rotatedAt.Add(-d))
}

// near reports whether two of the model's clients look like one.
func near(a, b store.Client) bool {
	return a == b || a == home && b == neighbour || a == neighbour && b == home
}

// expire ends the session if it is past a limit.
func (m *model) expire(now time.Time) {
	if m.ended != "" {
		return
	}
	switch {
	case !now.Before(m.expiresAt):
		m.ended = store.EndedExpired
	case !now.Before(m.lastUsedAt.Add(m.idle)):
		m.ended = store.EndedIdle
	default:
		return
	}
	m.log()
}

// log expects an entry for the session.
func (m *model) log() { *m.revocations = append(*m.revocations, m.confirmed.session.String()) }

// end ends the session if it lives, and reports whether it did.
func (m *model) end(reason store.EndReason, now time.Time) bool {
	m.expire(now)
	if m.ended != "" {
		return false
	}
	m.ended = reason
	m.log()
	return true
}

// present is the table.
func (m *model) present(l *leaf, from store.Client, now time.Time) store.Case {
	m.expire(now)
	switch {
	case m.ended != "":
		return store.Ended
	case l.above == m.confirmed:
		m.confirm(l, from, now)
		return store.Rotated
	case l == m.confirmed && m.within(m.grace, now) && near(from, m.rotatedBy):
		m.handOut(l.successor())
		return store.Repeated
	case l == m.confirmed && (m.within(m.grace, now) || m.recoverable(now)):
		m.forks++
		m.lastUsedAt = now
		m.handOut(l.grow())
		return store.Recovered
	case l == m.confirmed.above && !m.parentForked && m.within(m.grace, now):
		return store.Late
	case l.generation > m.confirmed.generation+1:
		m.confirm(l, from, now)
		return store.Ahead
	}
	m.end(store.ReuseDetected, now)
	return store.Reused
}

// recoverable reports whether the recovery window is open.
func (m *model) recoverable(now time.Time) bool {
	return m.recovery == store.RecoverWhileAlive || m.within(m.recovery, now)
}

// confirm moves the line on to a token.
func (m *model) confirm(l *leaf, from store.Client, now time.Time) {
	m.parentForked, m.forks = m.forks > 0 && l.above == m.confirmed, 0
	m.confirmed, m.rotatedAt, m.rotatedBy, m.lastUsedAt = l, now, from, now
	m.handOut(l.successor())
}

// handOut lets somebody have a token.
func (m *model) handOut(l *leaf) {
	if !slices.Contains(m.tokens, l) {
		m.tokens = append(m.tokens, l)
	}
}

// line returns the row that an engine must show for the model.
func (m *model) line() store.Line {
	return store.Line{
		Generation: m.confirmed.generation, Nonce: m.confirmed.nonce, Parent: m.confirmed.parent,
		ParentForked: m.parentForked, Forks: m.forks, RotatedAt: m.rotatedAt,
	}
}

// ids returns the ids of log entries.
func ids(entries []revoked.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.ID)
	}
	return all
}
