package cache

import (
	"strings"
	"sync/atomic"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify/internal/clock"
)

// Entry is a token that was verified, and what it says. No handler can reach one: what it says is
// copied for each request. Its atomic fields note when something that may change was last found to
// be as it was.
type Entry struct {
	From  int64     // the first microsecond since 1970 at which the token is good, leeway included
	Until int64     // the first at which it no longer is
	Key   *jose.Key // what signed it

	Keys       atomic.Pointer[jose.KeySet]  // where Key was last found; nil: not yet
	Generation atomic.Uint64                // of what was revoked, when that was last asked
	Asked      atomic.Pointer[clock.Moment] // when the server last said that the token is active; nil: never

	AuthTime, IssuedAt, ExpiresAt int64     // what the token says of times, as they were packed
	Lists                         [4]uint16 // how many items its lists have

	text   string // the token, and what else it says, packed
	length uint32 // of the token
	owner  uint32 // part of the hash of its subject
}

// What an entry takes beside its text: itself, and its places in two maps.
const entryBytes = 112 + 40

// NewEntry makes the Entry of a token that says what says holds. It keeps nothing of either.
func NewEntry(token string, says []byte) *Entry {
	var text strings.Builder // copies both once
	text.Grow(len(token) + len(says))
	text.WriteString(token)
	text.Write(says)
	return &Entry{text: text.String(), length: uint32(len(token))}
}

// Token returns the token, whole.
func (e *Entry) Token() string { return e.text[:e.length] }

// Says returns what else the token says, as it was packed.
func (e *Entry) Says() string { return e.text[e.length:] }

// size is about how many bytes e takes: memory is handed out in pieces that are up to an eighth too
// large
func (e *Entry) size() int64 { return int64(entryBytes + len(e.text) + len(e.text)/8) }
