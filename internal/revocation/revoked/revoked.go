// Package revoked holds in memory what ended early, so that a token is refused without asking
// anyone. The log of endings is one ordered line (docs/protocol.md §6); a Set follows it and knows
// how far it has come. It never forgets an ending while a token that it refuses could still be
// alive.
package revoked

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// Kind says what an entry ends.
type Kind string

// The kinds of endings. A mass ending is one entry, however many tokens it refuses.
const (
	Session Kind = "session" // every token of one session; the id is its sid
	User    Kind = "user"    // a user's tokens issued up to NotBefore; the id is the sub
	Client  Kind = "client"  // a client's tokens issued up to NotBefore; the id is the client_id
	Key     Kind = "key"     // every token that one key signed; the id is its kid
	All     Kind = "all"     // all tokens issued up to NotBefore; the id is empty
)

// Entry is one line of the log, as it is stored, sent and read.
type Entry struct {
	Epoch     int64  `json:"epoch"`      // when the log began, unix milliseconds
	Seq       int64  `json:"seq"`        // place in the log, from 1
	Prev      int64  `json:"prev"`       // the Seq before this one, so that a gap shows; 0 at the start
	At        int64  `json:"at"`         // when it was decided, unix milliseconds
	Kind      Kind   `json:"kind"`       //
	ID        string `json:"id"`         // what ends; see the kinds
	NotBefore int64  `json:"not_before"` // tokens issued in this second or earlier end; 0: whenever issued. Unix seconds
	Expires   int64  `json:"expires"`    // when no token is left that it could refuse, unix seconds
}

// Snapshot is all that was in force at one place of the log.
type Snapshot struct {
	Epoch   int64   `json:"epoch"`
	Seq     int64   `json:"seq"`
	At      int64   `json:"at"`
	Entries []Entry `json:"entries"`
}

// Token is what a set must know of a token to judge it. An empty field matches nothing.
type Token struct {
	Session  string // sid
	Subject  string // sub
	Client   string // client_id
	KeyID    string // kid
	IssuedAt int64  // iat in unix seconds, fractions cut
}

// What Apply and Merge say of entries that they cannot follow.
var (
	// ErrGap asks for a snapshot: entries between are missing, or another log has begun.
	ErrGap = errors.New("entries are missing before this one")
	// ErrOlder refuses a log or snapshot that lies before what the set already knows.
	ErrOlder = errors.New("older than what is known")
)

// Set is what has ended. Its zero value is not ready; use NewSet. All methods may be called at once
// from everywhere; Revoked takes no lock. A million endings take some 60 MB.
type Set struct {
	sessions, users, clients, keys, all *table // never changed after NewSet

	generation atomic.Uint64

	mu         sync.Mutex // guards epoch, seq, changed
	epoch, seq int64
	changed    chan struct{}
}

// NewSet makes an empty set that has followed no log yet.
func NewSet() *Set {
	return &Set{
		sessions: newTable(), users: newTable(), clients: newTable(), keys: newTable(), all: newTable(),
		changed: make(chan struct{}),
	}
}

// Apply takes the next entry of the log. An entry that was seen before does nothing. One that
// lies beyond a gap takes effect, for an ending is never wrong to keep, but the position stays
// and the answer is ErrGap: the caller then merges a snapshot. An entry of an older log
// is ErrOlder and does nothing.
func (s *Set) Apply(e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.Epoch < s.epoch:
		return ErrOlder
	case e.Epoch == s.epoch && e.Seq <= s.seq:
		return nil
	}
	s.put(e)
	s.announce()
	if e.Epoch != s.epoch || e.Prev != s.seq {
		return ErrGap
	}
	s.seq = e.Seq
	return nil
}

// Merge takes a snapshot: its entries join those the set holds, none of which is deleted, and the
// position becomes the snapshot's. One older than the position is ErrOlder and does nothing.
func (s *Set) Merge(snapshot Snapshot) error {
	for _, e := range snapshot.Entries {
		if err := e.check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if snapshot.Epoch < s.epoch || snapshot.Epoch == s.epoch && snapshot.Seq < s.seq {
		return ErrOlder
	}
	for _, e := range snapshot.Entries {
		s.put(e)
	}
	s.epoch, s.seq = snapshot.Epoch, snapshot.Seq
	s.announce()
	return nil
}

// Revoked reports whether t ended early. Of several rules the strictest counts.
func (s *Set) Revoked(t Token) bool {
	return s.sessions.ends(t.Session, t.IssuedAt) ||
		s.users.ends(t.Subject, t.IssuedAt) ||
		s.clients.ends(t.Client, t.IssuedAt) ||
		s.keys.ends(t.KeyID, t.IssuedAt) ||
		s.all.ends(everything, t.IssuedAt)
}

// Sweep drops the entries that no living token can match: those whose Expires lies before now, in
// unix seconds. It returns how many are left.
func (s *Set) Sweep(now int64) int {
	left := 0
	for _, t := range s.tables() {
		left += t.sweep(now)
	}
	return left
}

// Len is how many endings are held.
func (s *Set) Len() int {
	n := 0
	for _, t := range s.tables() {
		n += int(t.size.Load())
	}
	return n
}

// Generation moves whenever a token that passed could now be refused. While it stands still, a
// token that was judged need not be judged again.
func (s *Set) Generation() uint64 { return s.generation.Load() }

// Changed returns a channel that is closed when Generation next moves.
func (s *Set) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Position is how far the set has followed: the log's epoch, and the last entry without a gap
// before it.
func (s *Set) Position() (epoch, seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch, s.seq
}

// tables are all tables of the set
func (s *Set) tables() [5]*table {
	return [...]*table{s.sessions, s.users, s.clients, s.keys, s.all}
}

// put adds the rule of an entry that was checked
func (s *Set) put(e Entry) {
	switch e.Kind {
	case Session:
		s.sessions.put(e.ID, e.rule())
	case User:
		s.users.put(e.ID, e.rule())
	case Client:
		s.clients.put(e.ID, e.rule())
	case Key:
		s.keys.put(e.ID, e.rule())
	case All:
		s.all.put(everything, e.rule())
	}
}

// announce tells everyone that the set grew; the caller holds mu. The order matters: who sees the
// new generation sees the entries too.
func (s *Set) announce() {
	s.generation.Add(1)
	close(s.changed)
	s.changed = make(chan struct{})
}

// everything is the id under which entries of kind All are kept
const everything = "*"

// check refuses entries that the set could not keep, or would keep without effect
func (e Entry) check() error {
	switch e.Kind {
	case Session, User, Client, Key:
		if e.ID == "" {
			return fmt.Errorf("entry %d of kind %q has no id", e.Seq, e.Kind)
		}
	case All:
	default:
		return fmt.Errorf("entry %d has the unknown kind %.16q", e.Seq, e.Kind)
	}
	return nil
}

// rule is the cut that e makes for its id
func (e Entry) rule() rule {
	notBefore := e.NotBefore
	if notBefore == 0 || e.Kind == Session || e.Kind == Key {
		notBefore = math.MaxInt64
	}
	return rule{notBefore: notBefore, expires: e.Expires}
}
