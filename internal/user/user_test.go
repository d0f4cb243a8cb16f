package user_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/user"
)

// start is when every test begins.
var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// good and better are passwords that every policy takes.
const (
	good   = "violet teapots orbit quietly"
	better = "copper lanterns hum at noon"
)

// cheap are parameters that take no time.
var cheap = password.Params{Memory: 64, Time: 1, Threads: 1}

// fixture is a manager on a real database, with a clock, a log and a count of hashes.
type fixture struct {
	*user.Manager
	parts   user.Parts
	t       *testing.T
	db      *sqlite.DB
	hashes  atomic.Int64  // computed since the last look
	audited *bytes.Buffer // event lines, without time and level
	now     time.Time
	ada     store.UserID
}

// open makes a fixture in which ada@example.com is enabled, bea@example.com is disabled and
// keyless@example.com has no password. The test runs beside others from then on: what takes time is
// waiting for the disk.
func open(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	f := openEmpty(t)
	f.ada = f.create("ada@example.com")
	f.now = start.Add(time.Millisecond) // ids are in the order of time
	bea := f.create("bea@example.com")
	f.now = start
	_, err := f.Disable(t.Context(), audit.Operator(), bea)
	f.must(err)
	const email = "keyless@example.com"
	keyless := store.User{ID: "usr_keyless", Email: email, EmailKey: email, CreatedAt: start}
	f.must(f.db.CreateUser(t.Context(), keyless))
	f.hashes.Store(0)
	f.audited.Reset()
	return f
}

// openEmpty makes a fixture without users.
func openEmpty(t *testing.T) *fixture {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	f := &fixture{t: t, db: db, audited: new(bytes.Buffer), now: start}
	handler := slog.NewTextHandler(f.audited, &slog.HandlerOptions{ReplaceAttr: bare})
	f.parts = user.Parts{
		Users: db, Changes: db, Metadata: db,
		Hasher: password.NewHasher(password.Options{
			Params: cheap, TestingOnlyDerived: func(password.Params) { f.hashes.Add(1) },
		}),
		Revocations: revocation.New(revocation.Parts{Store: db, Logger: slog.New(slog.DiscardHandler), Now: f.clock}),
		Log:         audit.New(slog.New(handler)),
		Signup:      config.SignupOpen,
		SetupKey:    secret.NewKey([]byte("a key for tests")),
		Now:         f.clock,
	}
	f.Manager = user.New(f.parts)
	return f
}

// bare leaves the time, the level and the message out of a log line.
func bare(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey {
		return slog.Attr{}
	}
	return a
}

// clock is the time of the test.
func (f *fixture) clock() time.Time { return f.now }

// must ends the test if there is an error.
func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// create makes a user as the operator.
func (f *fixture) create(email string) store.UserID {
	f.t.Helper()
	made, err := f.Create(f.t.Context(), audit.Operator(), user.Fresh{Email: email, Password: secret.New(good)})
	f.must(err)
	return made.User
}

// row reads a user as the database has it.
func (f *fixture) row(id store.UserID) store.User {
	f.t.Helper()
	u, err := f.db.User(f.t.Context(), id)
	f.must(err)
	return u
}

// signedIn is a request of ada's, with the access token of a session.
func (f *fixture) signedIn(id store.SessionID) audit.Caller {
	client := store.NewClient(netip.MustParseAddr("192.0.2.1"), "Firefox")
	return audit.Caller{User: f.ada, Session: id, Client: client, Device: func() string { return "Firefox on Linux" }}
}

// session begins a session of ada's.
func (f *fixture) session() store.SessionID {
	f.t.Helper()
	s := store.Session{
		ID: store.NewSessionID(), User: f.ada, CreatedAt: f.now, LastUsedAt: f.now, AuthTime: f.now,
		Line: store.Line{RotatedAt: f.now}, IdleLimit: time.Hour, ExpiresAt: f.now.Add(time.Hour), ACR: "aal1",
	}
	_, err := f.db.Begin(f.t.Context(), store.Beginning{Session: s}, f.now)
	f.must(err)
	return s.ID
}

// endOf returns why a session ended, and by whom; empty: it has not.
func (f *fixture) endOf(id store.SessionID) string {
	f.t.Helper()
	s, err := f.db.Session(f.t.Context(), id)
	f.must(err)
	return strings.TrimSpace(string(s.Session.EndReason) + " " + s.Session.EndedBy)
}

// refuses reports whether this node refuses an access token of ada's that was issued now.
func (f *fixture) refuses() bool {
	token := revoked.Token{Session: store.NewSessionID().String(), Subject: string(f.ada), IssuedAt: f.now.Unix()}
	return f.parts.Revocations.Revoked().Revoked(token)
}

// anyUser is the id of a user in a log line.
var anyUser = regexp.MustCompile(`usr_[A-Za-z0-9_-]{22}`)

// wantAudit compares the lines in the log since the last look with what they should be. Ada's id
// stands there as ADA, every other one as SOMEBODY.
func (f *fixture) wantAudit(lines ...string) {
	f.t.Helper()
	text := strings.ReplaceAll(f.audited.String(), string(f.ada), "ADA")
	text = anyUser.ReplaceAllString(text, "SOMEBODY")
	var got []string
	for line := range strings.Lines(text) {
		got = append(got, strings.TrimSpace(line))
	}
	f.audited.Reset()
	if diff := cmp.Diff(lines, got); diff != "" {
		f.t.Errorf("audit log (-want +got):\n%s", diff)
	}
}

// wantFault fails unless err carries the fault with this code.
func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if !fault.HasCode(err, code) {
		t.Errorf("%s = %v, want %s", what, err, code)
	}
}

// mistakes returns the fields of an invalid_request, as "name code"; nil: it is none.
func mistakes(err error) []string {
	if !fault.HasCode(err, fault.InvalidRequest) {
		return nil
	}
	var all []string
	for _, f := range fault.From(err).Fields {
		all = append(all, f.Name+" "+f.Code)
	}
	return all
}

// TestSignUp keeps a user as typed, with a key that all spellings share, and proves the password.
func TestSignUp(t *testing.T) {
	f := open(t)
	by := audit.Caller{RequestID: "req1"}
	fresh := user.Fresh{
		Email: "Carl@Example.com", Name: " Carl  Sagan ", Password: secret.New(good), Roles: []string{"admin"},
	}
	proof, err := f.SignUp(t.Context(), by, fresh)
	f.must(err)
	got := f.row(proof.User)
	want := store.User{
		ID: proof.User, Email: "Carl@Example.com", EmailKey: "carl@example.com", Name: "Carl  Sagan",
		Password: proof.Password, CreatedAt: start, // and no roles, whatever was asked for
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if !anyUser.MatchString(string(got.ID)) || !strings.HasPrefix(string(got.Password), "$argon2id$") {
		t.Errorf("id %s, password %s, want usr_ and a hash", got.ID, got.Password)
	}
	f.wantAudit("event=user_created user=SOMEBODY request_id=req1")
	again, err := f.Authenticate(t.Context(), by, "carl@example.com", secret.New(good))
	if again != proof || err != nil {
		t.Errorf("Authenticate = %+v, %v, want %+v", again, err, proof)
	}
}

// TestSignUpRefused keeps nobody, and names all mistakes at once.
func TestSignUpRefused(t *testing.T) {
	f := open(t)
	bad := user.Fresh{Email: "ada", Name: "A\x00", Password: secret.New("short")}
	_, err := f.SignUp(t.Context(), audit.Caller{}, bad)
	want := []string{"email invalid", "name invalid", "password too_short"}
	if diff := cmp.Diff(want, mistakes(err)); diff != "" {
		t.Errorf("SignUp = %v (-want +got):\n%s", err, diff)
	}
	_, err = f.SignUp(t.Context(), audit.Caller{}, user.Fresh{Email: "ADA@example.com", Password: secret.New(good)})
	wantFault(t, "SignUp of a user who is there", err, fault.EmailTaken)
	f.parts.Signup = config.SignupClosed
	f.Manager = user.New(f.parts)
	_, err = f.SignUp(t.Context(), audit.Caller{}, user.Fresh{Email: "carl@example.com", Password: secret.New(good)})
	wantFault(t, "SignUp while it is closed", err, fault.SignupClosed)
	f.wantAudit()
	if all, err := f.List(t.Context(), audit.Operator(), "", 10); len(all) != 3 || err != nil {
		t.Errorf("%d users, %v, want the three of before", len(all), err)
	}
}

// TestSignupOpen reports what the setting says. Nothing set is closed.
func TestSignupOpen(t *testing.T) {
	for mode, want := range map[config.Signup]bool{config.SignupOpen: true, config.SignupClosed: false, "": false} {
		if got := user.New(user.Parts{Signup: mode}).SignupOpen(); got != want {
			t.Errorf("SignupOpen() with %q = %v, want %v", mode, got, want)
		}
	}
}

// TestMinPasswordLength returns the policy's number, or the default.
func TestMinPasswordLength(t *testing.T) {
	for set, want := range map[int]int{0: password.MinLengthAlone, 20: 20} {
		if got := user.New(user.Parts{Policy: password.Policy{MinLength: set}}).MinPasswordLength(); got != want {
			t.Errorf("MinPasswordLength() of %d = %d, want %d", set, got, want)
		}
	}
}

// TestCreate makes users for the operator, with roles, also while sign-up is closed.
func TestCreate(t *testing.T) {
	f := open(t)
	f.parts.Signup = config.SignupClosed
	f.Manager = user.New(f.parts)
	fresh := user.Fresh{
		Email: "carl@example.com", Password: secret.New(good), Roles: []string{"editor", "admin", "editor"},
	}
	proof, err := f.Create(t.Context(), audit.Operator(), fresh)
	f.must(err)
	if got := f.row(proof.User).Roles; !cmp.Equal(got, []string{"admin", "editor"}) {
		t.Errorf("roles = %v, want admin and editor", got)
	}
	f.wantAudit("event=user_created user=SOMEBODY actor=operator")
	_, err = f.Create(t.Context(), audit.Operator(), fresh)
	wantFault(t, "Create twice", err, fault.EmailTaken)
}

// TestOneUser makes one user of all spellings of an address that are the same person's.
func TestOneUser(t *testing.T) {
	f := open(t)
	spellings := []string{
		"ada@example.com", "ADA@example.com", "Ada@EXAMPLE.COM", "\uff41da@example.com", "ada\uff20example.com",
		" ada@example.com\t", "ad\uff41@ex\uff41mple.com", "ada@example\u3002com",
	}
	for _, email := range spellings {
		_, err := f.SignUp(t.Context(), audit.Caller{}, user.Fresh{Email: email, Password: secret.New(good)})
		wantFault(t, "SignUp("+email+")", err, fault.EmailTaken)
	}
}

// TestOneUserAbroad is TestOneUser for letters and domains beyond ASCII.
func TestOneUserAbroad(t *testing.T) {
	f := open(t)
	id := f.create("οδυσσευς@bücher.example") // with a final sigma
	spellings := []string{
		"ΟΔΥΣΣΕΥΣ@BÜCHER.EXAMPLE",         // in capitals there is no final sigma
		"οδυσσευς@xn--bcher-kva.example",  // the domain in ASCII
		"Οδυσσευς@Xn--Bcher-Kva.Example",  // the same in another case
		"οδυσσευς@bu\u0308cher.example\n", // decomposed
		"οδυσσευς@ｂüｃher．example",         // in full width
	}
	for _, email := range spellings {
		proof, err := f.Authenticate(t.Context(), audit.Caller{}, email, secret.New(good))
		if proof.User != id || err != nil {
			t.Errorf("Authenticate(%q) = %q, %v, want %s", email, proof.User, err, id)
		}
		_, err = f.SignUp(t.Context(), audit.Caller{}, user.Fresh{Email: email, Password: secret.New(good)})
		wantFault(t, "SignUp("+email+")", err, fault.EmailTaken)
	}
}

// TestOnlyTheOperator refuses what concerns others to everybody else, and does nothing.
func TestOnlyTheOperator(t *testing.T) {
	f := open(t)
	ctx, before := t.Context(), f.row(f.ada)
	for _, by := range []audit.Caller{{}, {User: f.ada}, {User: "operator"}, {Service: "svc_1"}} {
		operations := map[string]func() error{
			"Create": func() error {
				_, err := f.Create(ctx, by, user.Fresh{Email: "new@example.com", Password: secret.New(good)})
				return err
			},
			"Disable":  func() error { _, err := f.Disable(ctx, by, f.ada); return err },
			"SetRoles": func() error { _, err := f.SetRoles(ctx, by, f.ada, []string{"admin"}); return err },
			"List":     func() error { _, err := f.List(ctx, by, "", 10); return err },
			"Find":     func() error { _, err := f.Find(ctx, by, "ada@example.com"); return err },
		}
		for name, operation := range operations {
			wantFault(t, name, operation(), fault.InsufficientRole)
		}
	}
	if diff := cmp.Diff(before, f.row(f.ada)); diff != "" {
		t.Errorf("the user changed (-before +after):\n%s", diff)
	}
	f.wantAudit()
}
