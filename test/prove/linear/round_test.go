package linear

import (
	"crypto/rand"
	"encoding/base64"
	mathrand "math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Where the clients are.
var (
	home   = store.Client{IP: netip.MustParseAddr("192.0.2.10"), Agent: "Firefox"}
	abroad = store.Client{IP: netip.MustParseAddr("2001:db8:7::1"), Agent: "Firefox"}
)

// start is when every round begins.
var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// newNonce returns a random nonce.
func newNonce() (n store.Nonce) {
	_, _ = rand.Read(n[:]) // never fails
	return n
}

// successor returns another successor of a token each time.
func (t token) successor() token { return token{t.generation + 1, t.nonce, newNonce()} }

// newRound makes a user with two sessions that have been in use.
func newRound(t *testing.T, s store.Store, seed uint64) *round {
	t.Helper()
	r := &round{t: t, dice: mathrand.New(mathrand.NewPCG(seed, 0)), now: start, user: newUser(t, s)}
	for i := range 2 {
		r.begin(s, i)
	}
	// In some rounds grace has passed since.
	r.now = r.now.Add([]time.Duration{0, time.Second, grace, grace + time.Millisecond}[r.dice.IntN(4)])
	return r
}

// newUser makes a user.
func newUser(t *testing.T, s store.Store) store.UserID {
	t.Helper()
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	name := base64.RawURLEncoding.EncodeToString(raw)
	id := store.UserID("usr_" + name)
	err := s.CreateUser(
		t.Context(),
		store.User{ID: id, Email: name + "@example.com", EmailKey: name + "@example.com", CreatedAt: start},
	)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// begin signs the user in and refreshes once or twice, with a fork now and then. What there
// is to present afterwards goes into tokens.
func (r *round) begin(s store.Store, i int) {
	session := store.Session{
		User: r.user, Line: store.Line{Nonce: newNonce(), RotatedAt: r.now},
		CreatedAt: r.now, CreatedBy: home, LastUsedAt: r.now, LastUsedBy: home,
		IdleLimit: 24 * time.Hour, ExpiresAt: r.now.Add(48 * time.Hour),
		AuthTime: r.now, AMR: []string{"pwd"}, ACR: "aal1",
	}
	_, _ = rand.Read(session.ID[:]) // never fails
	if _, err := s.Begin(r.t.Context(), store.Beginning{Session: session}, r.now); err != nil {
		r.t.Fatal(err)
	}
	r.sessions = append(r.sessions, session.ID)
	r.state[i] = row{confirmed: token{nonce: session.Line.Nonce}, rotatedAt: r.now.UnixMilli()}
	known := []token{r.state[i].confirmed.successor()}
	for range 1 + r.dice.IntN(2) {
		r.must(s, call{op: rotate, session: i, token: known[len(known)-1]})
		if r.dice.IntN(3) == 0 {
			r.must(s, call{op: rotate, session: i, token: known[len(known)-1], far: true})
		}
		known = append(known, known[len(known)-1].successor())
	}
	last := known[len(known)-1]
	r.tokens = append(r.tokens, append(known, last, last, known[len(known)-2].successor(), last.successor()))
}

// must makes a call alone, and takes its step in the model.
func (r *round) must(s store.Store, c call) {
	r.t.Helper()
	got, err := r.do(s, c)
	if err != nil {
		r.t.Fatal(err)
	}
	ok, after := r.state.step(c, got, r.now)
	if !ok {
		r.t.Fatalf("%+v = %+v, the table allows it not after %+v", c, got, r.state)
	}
	r.state = after
}

// draw draws a call.
func (r *round) draw() call {
	session := r.dice.IntN(2)
	switch n := r.dice.IntN(10); {
	case n < 7:
		of := r.tokens[session]
		return call{op: rotate, session: session, token: of[r.dice.IntN(len(of))], far: r.dice.IntN(4) == 0}
	case n < 8:
		return call{op: end, session: session}
	}
	return call{op: list}
}

// do makes a call.
func (r *round) do(s store.Store, c call) (result, error) {
	ctx := r.t.Context()
	switch c.op {
	case rotate:
		p := store.Presented{
			Session: r.sessions[c.session], Generation: c.token.generation,
			Parent: c.token.parent, Nonce: c.token.nonce,
			From: home, Window: store.Window{Grace: grace, Recovery: recovery},
		}
		if c.far {
			p.From = abroad
		}
		o, err := s.Rotate(ctx, p, r.now)
		return result{rotated: o.Case, row: read(o.Standing.Session)}, err
	case end:
		err := s.EndSession(ctx, store.Ending{Session: r.sessions[c.session], Reason: store.SignedOut}, r.now)
		if fault.HasCode(err, fault.SessionNotFound) {
			return result{}, nil
		}
		return result{did: err == nil}, err
	}
	return r.list(s)
}

// list asks for the user's live sessions.
func (r *round) list(s store.Store) (result, error) {
	var got result
	all, err := s.LiveSessions(r.t.Context(), r.user, r.now)
	for _, session := range all {
		for i, id := range r.sessions {
			if session.ID == id {
				got.live[i], got.line[i] = true, session.Line.Generation
			}
		}
	}
	return got, err
}

// read returns the row of a session.
func read(s store.Session) row {
	return row{
		confirmed: token{
			s.Line.Generation, s.Line.Parent, s.Line.Nonce,
		}, parentForked: s.Line.ParentForked, forks: s.Line.Forks,
		rotatedAt: s.Line.RotatedAt.UnixMilli(), far: s.LastUsedBy == abroad, over: s.EndReason != "",
	}
}
