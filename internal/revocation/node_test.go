package revocation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/logtest"
)

// database is a log that a test can disconnect, take back and rewrite. Engines are held to the
// contract elsewhere; here it matters what follows when they cannot keep it.
type database struct {
	store.Revocations // nil: nothing else is called here

	mu      sync.Mutex // guards the rest
	epoch   int64
	seq     int64
	entries []revoked.Entry
	state   state
	heads   int // how often the head was asked for
}

// state is how a database answers.
type state int

// The states.
const (
	up     state = iota // as it should
	gone                // with an error
	silent              // not at all
)

// errGone is what a database says that is away.
var errGone = fault.New(fault.StorageUnavailable).Because(errors.New("gone"))

// end writes an entry for a session.
func (d *database) end(sid string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq++
	d.entries = append(d.entries, revoked.Entry{
		Epoch: d.epoch, Seq: d.seq, Prev: d.seq - 1, At: time.Now().UnixMilli(), Kind: revoked.Session, ID: sid,
		Expires: time.Now().Add(17 * time.Minute).Unix(),
	})
}

// lose takes the newest entries back.
func (d *database) lose(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq -= int64(n)
	d.entries = d.entries[:len(d.entries)-n]
}

// sweep drops the oldest entries.
func (d *database) sweep(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = d.entries[n:]
}

// be changes how it answers.
func (d *database) be(s state) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = s
}

// ask waits for as long as a question takes: for ever when it is silent.
func (d *database) ask(ctx context.Context) error {
	d.mu.Lock()
	state := d.state
	d.mu.Unlock()
	switch state {
	case silent:
		<-ctx.Done()
		return errGone
	case gone:
		return errGone
	}
	return nil
}

// Head returns where the log stands.
func (d *database) Head(ctx context.Context) (epoch, seq int64, err error) {
	err = d.ask(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heads++
	return d.epoch, d.seq, err
}

// RevocationsSince returns entries above a number.
func (d *database) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	if err := d.ask(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []revoked.Entry
	for _, e := range d.entries {
		if e.Seq > seq && len(found) < limit {
			e.Epoch = d.epoch
			found = append(found, e)
		}
	}
	return found, nil
}

// RaiseEpoch begins an epoch.
func (d *database) RaiseEpoch(ctx context.Context, from, above int64, now time.Time) (int64, error) {
	if err := d.ask(ctx); err != nil {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.epoch == from {
		d.epoch = max(d.epoch, above, now.UnixMilli()) + 1
	}
	return d.epoch, nil
}

// node is a node of the tests on such a database.
type node struct {
	*revocation.Log
	parts revocation.Parts // for another node on the same database
	t     *testing.T
	db    *database
	said  *logtest.Log // its log
}

// startEpoch is when the tests' logs began.
const startEpoch = 900_000_000_000

// newNode makes a node that has caught up with n entries, for sessions s1, s2, …
func newNode(t *testing.T, n int) *node {
	t.Helper()
	d := &database{epoch: startEpoch}
	for i := range n {
		d.end(fmt.Sprint("s", i+1))
	}
	said := &logtest.Log{}
	parts := revocation.Parts{Store: d, Logger: slog.New(slog.NewTextHandler(said, nil)), Now: time.Now}
	l := &node{revocation.New(parts), parts, t, d, said}
	l.mustCatchUp()
	return l
}

// mustCatchUp catches up.
func (n *node) mustCatchUp() {
	n.t.Helper()
	if err := n.CatchUp(n.t.Context()); err != nil {
		n.t.Fatal(err)
	}
}

// refuses reports whether the node refuses a session's tokens.
func (n *node) refuses(sid string) bool { return n.Revoked().Revoked(revoked.Token{Session: sid}) }

// place returns a place of the tests' first epoch.
func place(seq int64) revocation.Place { return revocation.Place{Epoch: startEpoch, Seq: seq} }

// ear notes what a listener is told, in short: "s1" for an entry, "heartbeat 1", "reset 1".
type ear struct {
	mu         sync.Mutex // guards heard, heartbeats and last
	heard      []string
	heartbeats []revocation.Heartbeat
	last       time.Time     // when the last heartbeat came
	hold       chan struct{} // nil: listens at once; else before each piece waits for this
	fail       error         // what it says to each piece
}

// hear notes one piece.
func (e *ear) hear(words ...string) error {
	if e.hold != nil {
		<-e.hold
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, words...)
	return e.fail
}

// Revoke notes entries.
func (e *ear) Revoke(entries []revoked.Entry) error {
	var words []string
	for _, entry := range entries {
		words = append(words, entry.ID)
	}
	return e.hear(words...)
}

// Heartbeat notes a heartbeat.
func (e *ear) Heartbeat(b revocation.Heartbeat) error {
	e.mu.Lock()
	e.heartbeats = append(e.heartbeats, b)
	e.last = time.Now()
	e.mu.Unlock()
	return e.hear(fmt.Sprint("heartbeat ", b.Seq))
}

// Reset notes a reset.
func (e *ear) Reset(p revocation.Place) error { return e.hear(fmt.Sprint("reset ", p.Seq)) }

// told returns what was heard, in order.
func (e *ear) told() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.heard, ", ")
}

// listen begins to listen in the background; the channel gets what Run returned.
func (n *node) listen(ctx context.Context, after revocation.Place, e *ear) <-chan error {
	n.t.Helper()
	listener, err := n.Listen(ctx, after)
	if err != nil {
		n.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- listener.Run(ctx, e) }()
	return done
}
