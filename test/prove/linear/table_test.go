package linear

import (
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// grace and recovery are the windows of the rounds.
const (
	grace    = 10 * time.Second
	recovery = time.Hour
)

// operation is what a client calls.
type operation int

// The operations.
const (
	rotate operation = iota + 1
	end
	list
)

// token is a refresh token, as small as it can be: the tree of a session's tokens.
type token struct {
	generation    uint32
	parent, nonce store.Nonce
}

// call is one call of a client.
type call struct {
	op      operation
	session int   // which of the user's two
	token   token // of rotate
	far     bool  // rotate: from another network
}

// result is what a call returned.
type result struct {
	rotated store.Case // of rotate
	row     row        // of rotate: the session after it
	did     bool       // of end: it was live
	live    [2]bool    // of list
	line    [2]uint32  // of list: the generations of those that live
}

// row is a session as protocol.md §4 speaks of it.
type row struct {
	confirmed    token
	parentForked bool
	forks        int
	rotatedAt    int64 // Unix milliseconds
	far          bool  // where the last rotation came from
	over         bool
}

// state is the sessions of one user. It is a value, so that the search may go back.
type state [2]row

// step reports whether a call may have returned that, and what is so afterwards.
func (s state) step(c call, got result, now time.Time) (bool, state) {
	switch c.op {
	case rotate:
		want, after := s[c.session].present(c, now)
		s[c.session] = after
		return got.rotated == want && got.row == after, s
	case end:
		was := !s[c.session].over
		s[c.session].over = true
		return got.did == was, s
	}
	for i, r := range s {
		if got.live[i] == r.over || !r.over && got.line[i] != r.confirmed.generation {
			return false, s
		}
	}
	return true, s
}

// present is the table, written from its words.
func (r row) present(c call, now time.Time) (store.Case, row) {
	t, since := c.token, time.Duration(now.UnixMilli()-r.rotatedAt)*time.Millisecond
	inGrace := since.Abs() <= grace
	switch {
	case r.over:
		return store.Ended, r
	case t.generation == r.confirmed.generation+1 && t.parent == r.confirmed.nonce:
		return store.Rotated, r.confirm(c, now)
	case t.generation > r.confirmed.generation+1:
		r.forks = 0 // what the row has counted is another token's
		return store.Ahead, r.confirm(c, now)
	case t.generation == r.confirmed.generation && t.nonce == r.confirmed.nonce && inGrace && c.far == r.far:
		return store.Repeated, r
	case t.generation == r.confirmed.generation && t.nonce == r.confirmed.nonce && since.Abs() <= recovery:
		r.forks++
		return store.Recovered, r
	case t.generation+1 == r.confirmed.generation && t.nonce == r.confirmed.parent && !r.parentForked && inGrace:
		return store.Late, r
	}
	r.over = true
	return store.Reused, r
}

// confirm moves the line on.
func (r row) confirm(c call, now time.Time) row {
	return row{confirmed: c.token, parentForked: r.forks > 0, rotatedAt: now.UnixMilli(), far: c.far}
}
