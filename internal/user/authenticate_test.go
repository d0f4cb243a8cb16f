package user_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/user"
)

// good is a password that every policy takes.
const good = "violet teapots orbit quietly"

// desk is a manager whose work is counted.
type desk struct {
	*user.Manager
	store  store.Store
	hashes atomic.Int64 // computed since the last look
	log    bytes.Buffer
}

// openDesk makes one, with ada enabled and bea disabled.
func openDesk(t *testing.T) *desk {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d := &desk{store: db}
	d.Manager = user.New(user.Parts{
		Store: db,
		Hasher: password.NewHasher(password.Options{
			Params:             password.Params{Memory: 64, Time: 1, Threads: 1},
			TestingOnlyDerived: func(password.Params) { d.hashes.Add(1) },
		}),
		Revocations: revocation.New(revocation.Parts{
			Store: db, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		}),
		Log:    audit.New(slog.New(slog.NewTextHandler(&d.log, nil))),
		Signup: config.SignupOpen, Now: time.Now,
	})
	for _, email := range []string{"ada@example.com", "bea@example.com"} {
		if _, err := d.Create(t.Context(), audit.Operator(), user.Fresh{Email: email, Password: secret.New(good)}); err != nil {
			t.Fatal(err)
		}
	}
	bea, err := d.Find(t.Context(), audit.Operator(), "bea@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Disable(t.Context(), audit.Operator(), bea.ID); err != nil {
		t.Fatal(err)
	}
	keyless := store.User{ID: "usr_keyless", Email: "keyless@example.com", EmailKey: "keyless@example.com", CreatedAt: time.Now()}
	if err := db.CreateUser(t.Context(), keyless); err != nil {
		t.Fatal(err)
	}
	d.hashes.Store(0)
	return d
}

// attempt is a sign-in, and what only the log may know of it.
type attempt struct {
	name, email, password string
	hashes                int64
	log                   string // the reason
}

// attempts are refused alike, at the cost of one hash each.
var attempts = []attempt{
	{"wrong password", "ada@example.com", "violet teapots orbit loudly", 1, "wrong_password"},
	{"unknown address", "nobody@example.com", good, 1, "unknown_user"},
	{"unknown address, wrong password", "nobody@example.com", "violet teapots orbit loudly", 1, "unknown_user"},
	{"disabled", "bea@example.com", good, 1, "user_disabled"},
	{"disabled, wrong password", "bea@example.com", "violet teapots orbit loudly", 1, "wrong_password"},
	{"without a password", "keyless@example.com", good, 1, "unknown_user"},
	{"no address", "ada", good, 1, "unknown_user"},
	{"address too long", strings.Repeat("a", 5000) + "@example.com", good, 1, "unknown_user"},
	{"password in another case", "ada@example.com", strings.ToUpper(good), 1, "wrong_password"},
	{"password with a space behind", "ada@example.com", good + " ", 1, "wrong_password"},
	{"first half of the password", "ada@example.com", good[:14], 1, "wrong_password"},
	{"short password", "ada@example.com", "x", 1, "wrong_password"},
	{"short password, unknown address", "nobody@example.com", "x", 1, "unknown_user"},

	// What no password can be costs nothing, whoever the user is.
	{"password too long", "ada@example.com", strings.Repeat(good, 50), 0, "wrong_password"},
	{"password too long, unknown address", "nobody@example.com", strings.Repeat(good, 50), 0, "unknown_user"},
	{"password that is no text", "ada@example.com", "violet\xffteapots", 0, "wrong_password"},
	{"password that is no text, unknown address", "nobody@example.com", "violet\xffteapots", 0, "unknown_user"},
}

// TestAuthenticateAlike refuses every failure with the same fault and the same work, so that
// neither the answer nor its time tells who is a user. requirements PW-16
func TestAuthenticateAlike(t *testing.T) {
	d := openDesk(t)
	by := audit.Caller{Client: store.NewClient(netip.MustParseAddr("192.0.2.1"), "curl")}
	want := fault.New(fault.InvalidCredentials)
	for _, tt := range attempts {
		t.Run(tt.name, func(t *testing.T) {
			d.log.Reset()
			d.hashes.Store(0)
			proof, err := d.Authenticate(t.Context(), by, tt.email, secret.New(tt.password))
			got, ok := err.(*fault.Fault)
			if !ok || got.Code != want.Code || got.Say != want.Say || got.Reason != "" || len(got.Fields) > 0 || got.RetryAfter != want.RetryAfter {
				t.Errorf("Authenticate() = %+v, want %+v and nothing more", err, want)
			}
			if proof != (user.Proof{}) {
				t.Errorf("Authenticate() proves %+v, want nothing", proof)
			}
			if n := d.hashes.Load(); n != tt.hashes {
				t.Errorf("Authenticate() computed %d hashes, want %d", n, tt.hashes)
			}
			if !strings.Contains(d.log.String(), "reason="+tt.log) {
				t.Errorf("log = %s, want the reason %s", &d.log, tt.log)
			}
		})
	}
}

// TestAuthenticate takes the right password, however the address and its accents are
// written. requirements PW-04
func TestAuthenticate(t *testing.T) {
	d := openDesk(t)
	const accented = "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e s'il vous pla\u00eet"
	if _, err := d.SignUp(t.Context(), audit.Caller{}, user.Fresh{Email: "Zo\u00eb@Example.com", Password: secret.New(accented)}); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, email, password string }{
		{"as signed up", "ada@example.com", good},
		{"in capitals", "ADA@EXAMPLE.COM", good},
		{"full width", "\uff41\uff44\uff41\uff20example.com", good},
		{"accents composed", "zo\u00eb@example.com", accented},
		{"accents apart", "zoe\u0308@example.com", "cafe\u0301 cre\u0300me bru\u0302le\u0301e s'il vous plai\u0302t"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := d.Authenticate(t.Context(), audit.Caller{}, tt.email, secret.New(tt.password)); err != nil {
				t.Errorf("Authenticate(%q) = %v, want a proof", tt.email, err)
			}
		})
	}
}

// TestOneUser makes one user of all spellings of an address that are the same person's.
func TestOneUser(t *testing.T) {
	d := openDesk(t)
	for _, email := range []string{"ada@example.com", "ADA@example.com", "Ada@EXAMPLE.COM", "\uff41da@example.com", "ada\uff20example.com"} {
		_, err := d.SignUp(t.Context(), audit.Caller{}, user.Fresh{Email: email, Password: secret.New(good)})
		if !fault.HasCode(err, fault.EmailTaken) {
			t.Errorf("SignUp(%q) = %v, want email_taken", email, err)
		}
	}
}

// TestOnlyTheOperator refuses to callers what only the operator may do, whoever they are.
func TestOnlyTheOperator(t *testing.T) {
	d := openDesk(t)
	ada, err := d.Find(t.Context(), audit.Operator(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, by := range []audit.Caller{{}, {User: ada.ID}, {User: "operator"}, {Device: audit.Operator().Device}} {
		acts := map[string]func() error{
			"Create": func() error {
				_, err := d.Create(ctx, by, user.Fresh{Email: "new@example.com", Password: secret.New(good)})
				return err
			},
			"Disable":  func() error { _, err := d.Disable(ctx, by, ada.ID); return err },
			"SetRoles": func() error { _, err := d.SetRoles(ctx, by, ada.ID, []string{"admin"}); return err },
			"List":     func() error { _, err := d.List(ctx, by, "", 10); return err },
			"Find":     func() error { _, err := d.Find(ctx, by, "ada@example.com"); return err },
		}
		for name, act := range acts {
			if err := act(); !fault.HasCode(err, fault.InsufficientRole) {
				t.Errorf("%s by %+v = %v, want insufficient_role", name, by, err)
			}
		}
	}
	proof, err := d.SignUp(ctx, audit.Caller{}, user.Fresh{Email: "carl@example.com", Password: secret.New(good), Roles: []string{"admin"}})
	if err != nil {
		t.Fatal(err)
	}
	if carl, err := d.Get(ctx, audit.Caller{User: proof.User}); err != nil || len(carl.Roles) > 0 {
		t.Errorf("who signs up has roles %v, %v, want none", carl.Roles, err)
	}
}
