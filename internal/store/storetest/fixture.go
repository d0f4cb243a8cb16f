package storetest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// start is when the tests' clocks begin: a whole second, so that boundaries read plainly.
var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// The limits of the tests' sessions.
const (
	idleLimit = 2 * time.Hour
	lifetime  = 12 * time.Hour
	moment    = time.Millisecond // the smallest step of a stored time
)

// The clients of the tests. The neighbour is near home; nobody else is.
var (
	home = store.Client{
		IP:    netip.MustParseAddr("192.0.2.10"),
		Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
	}
	neighbour = store.Client{IP: netip.MustParseAddr("192.0.2.200"), Agent: home.Agent}
	phone     = store.Client{
		IP: netip.MustParseAddr("192.0.2.10"), Agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)",
	}
	abroad = store.Client{IP: netip.MustParseAddr("2001:db8:7::1"), Agent: home.Agent}
)

// window is the tests' usual one.
var window = store.Window{Grace: 10 * time.Second, Recovery: time.Hour}

// oldHash and newHash are two passwords.
const (
	oldHash store.PasswordHash = "$argon2id$v=19$m=19456,t=2,p=1$b2xk$b2xk"
	newHash store.PasswordHash = "$argon2id$v=19$m=19456,t=2,p=1$bmV3$bmV3"
)

// fixture is a store under test, and a clock that moves only when it is moved.
type fixture struct {
	store.Store
	now     time.Time
	another func(*testing.T) store.Store // opens one more, new and empty
}

// newFixture opens a store.
func newFixture(t *testing.T, open func(*testing.T) store.Store) *fixture {
	t.Helper()
	return &fixture{Store: open(t), now: start, another: open}
}

// pass moves the clock.
func (f *fixture) pass(d time.Duration) { f.now = f.now.Add(d) }

// clock returns the time of the fixture's clock.
func (f *fixture) clock() time.Time { return f.now }

// random returns n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// newNonce returns a random nonce.
func newNonce() store.Nonce { return store.Nonce(random(8)) }

// newUser returns a user with a new id and address; nobody keeps it yet.
func (f *fixture) newUser() store.User {
	name := base64.RawURLEncoding.EncodeToString(random(16))
	return store.User{
		ID: store.UserID("usr_" + name), Email: name + "@Example.com", EmailKey: name + "@example.com",
		Password: oldHash, CreatedAt: f.now,
	}
}

// mustUser keeps a new user.
func (f *fixture) mustUser(t *testing.T) store.User {
	t.Helper()
	u := f.newUser()
	must(t, f.CreateUser(t.Context(), u))
	return u
}

// newSession returns a session that begins now; nobody keeps it yet.
func (f *fixture) newSession(user store.UserID) store.Session {
	return store.Session{
		ID: store.SessionID(random(16)), User: user, Line: store.Line{Nonce: newNonce()},
		CreatedAt: f.now, CreatedBy: home, LastUsedAt: f.now, LastUsedBy: home,
		IdleLimit: idleLimit, ExpiresAt: f.now.Add(lifetime), AuthTime: f.now, AMR: []string{"pwd"}, ACR: "aal1",
	}
}

// mustBegin keeps a new session and returns its first token.
func (f *fixture) mustBegin(t *testing.T, user store.UserID) token {
	t.Helper()
	s := f.newSession(user)
	f.mustKeep(t, s)
	return first(s)
}

// mustKeep keeps a session.
func (f *fixture) mustKeep(t *testing.T, s store.Session) {
	t.Helper()
	_, err := f.Begin(t.Context(), store.Beginning{Session: s}, f.now)
	must(t, err)
}

// mustRotate presents a token from home, and fails unless the case is want.
func (f *fixture) mustRotate(t *testing.T, k token, want store.Case) store.Outcome {
	t.Helper()
	return f.mustPresent(t, k.from(home), want)
}

// mustPresent presents a token, and fails unless the case is want and the outcome shows the
// session as it is now kept.
func (f *fixture) mustPresent(t *testing.T, p store.Presented, want store.Case) store.Outcome {
	t.Helper()
	o, err := f.Rotate(t.Context(), p, f.now)
	must(t, err)
	if o.Case != want {
		t.Fatalf("Rotate(generation %d) = %v, want %v", p.Generation, o.Case, want)
	}
	same(t, "outcome", o.Standing, f.mustStanding(t, p.Session))
	return o
}

// mustStanding reads a session.
func (f *fixture) mustStanding(t *testing.T, id store.SessionID) store.Standing {
	t.Helper()
	standing, err := f.Session(t.Context(), id)
	must(t, err)
	return standing
}

// mustEnd ends a session as signed out.
func (f *fixture) mustEnd(t *testing.T, id store.SessionID) {
	t.Helper()
	must(t, f.EndSession(t.Context(), store.Ending{Session: id, Reason: store.SignedOut}, f.now))
}

// wantEnded checks why a session has ended, and who did it.
func (f *fixture) wantEnded(t *testing.T, id store.SessionID, reason store.EndReason, by string) {
	t.Helper()
	s := f.mustStanding(t, id).Session
	if s.EndReason != reason || s.EndedBy != by || s.EndedAt.IsZero() != (reason == "") {
		t.Errorf("session = ended %q by %q at %v, want %q by %q", s.EndReason, s.EndedBy, s.EndedAt, reason, by)
	}
}

// mustHead returns the number of the log's newest entry.
func (f *fixture) mustHead(t *testing.T) int64 {
	t.Helper()
	_, seq, err := f.Head(t.Context())
	must(t, err)
	return seq
}

// mustEntries returns the log's entries above seq.
func (f *fixture) mustEntries(t *testing.T, seq int64) []revoked.Entry {
	t.Helper()
	entries, err := f.RevocationsSince(t.Context(), seq, 10_000)
	must(t, err)
	return entries
}

// mustEntry returns the only entry above seq.
func (f *fixture) mustEntry(t *testing.T, seq int64) revoked.Entry {
	t.Helper()
	entries := f.mustEntries(t, seq)
	if len(entries) != 1 {
		t.Fatalf("log has %d new entries, want 1", len(entries))
	}
	return entries[0]
}

// wantLogged checks that exactly these sessions were logged above seq, in any order.
func (f *fixture) wantLogged(t *testing.T, seq int64, want ...store.SessionID) {
	t.Helper()
	var got, sids []string
	for _, e := range f.mustEntries(t, seq) {
		got = append(got, string(e.Kind)+" "+e.ID)
	}
	for _, id := range want {
		sids = append(sids, string(revoked.Session)+" "+id.String())
	}
	same(t, "log", got, sids, cmpopts.SortSlices(func(a, b string) bool { return a < b }))
}

// token is a refresh token as a store sees it: a place on a session's line.
type token struct {
	session       store.SessionID
	generation    uint32
	parent, nonce store.Nonce
}

// first returns the token that a client gets at sign-in.
func first(s store.Session) token {
	return token{s.ID, s.Line.Generation + 1, s.Line.Nonce, newNonce()}
}

// next returns a successor, another one each time.
func (k token) next() token { return token{k.session, k.generation + 1, k.nonce, newNonce()} }

// sibling returns another successor of the token's parent.
func (k token) sibling() token { return token{k.session, k.generation, k.parent, newNonce()} }

// from presents the token with the tests' usual window.
func (k token) from(c store.Client) store.Presented {
	return store.Presented{
		Session: k.session, Generation: k.generation, Parent: k.parent, Nonce: k.nonce, From: c, Window: window,
	}
}

// must fails on any error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantFault checks a fault's code.
func wantFault(t *testing.T, call string, err error, want fault.Code) {
	t.Helper()
	if !fault.HasCode(err, want) {
		t.Errorf("%s = %v, want %s", call, err, want)
	}
}

// same compares what is with what should be.
func same(t *testing.T, what string, got, want any, options ...cmp.Option) {
	t.Helper()
	options = append(options, addresses)
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("%s, got +, want -:\n%s", what, diff)
	}
}

// addresses compares network addresses.
var addresses = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// background is for goroutines of a race: t.Context ends before its clean-up does.
var background = context.Background()
