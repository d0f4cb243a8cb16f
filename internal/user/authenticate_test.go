package user_test

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/user"
)

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
// neither the answer nor its time tells who is a user. standards PW-16
func TestAuthenticateAlike(t *testing.T) {
	f := open(t)
	by := audit.Caller{Client: store.NewClient(netip.MustParseAddr("192.0.2.1"), "curl")}
	want := fault.New(fault.InvalidCredentials)
	for _, tt := range attempts {
		t.Run(tt.name, func(t *testing.T) {
			f.audited.Reset()
			f.hashes.Store(0)
			proof, err := f.Authenticate(t.Context(), by, tt.email, secret.New(tt.password))
			got, ok := err.(*fault.Fault)
			same := ok && got.Code == want.Code && got.Say == want.Say && got.RetryAfter == want.RetryAfter
			if !same || got.Reason != "" || len(got.Fields) > 0 {
				t.Errorf("Authenticate() = %+v, want %+v and nothing more", err, want)
			}
			if proof != (user.Proof{}) {
				t.Errorf("Authenticate() proves %+v, want nothing", proof)
			}
			if n := f.hashes.Load(); n != tt.hashes {
				t.Errorf("Authenticate() computed %d hashes, want %d", n, tt.hashes)
			}
			if !strings.Contains(f.audited.String(), "reason="+tt.log) {
				t.Errorf("log = %s, want the reason %s", f.audited, tt.log)
			}
		})
	}
}

// TestAuthenticate takes the right password, however the address and its accents are
// written. standards PW-04
func TestAuthenticate(t *testing.T) {
	f := open(t)
	const accented = "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e s'il vous pla\u00eet"
	fresh := user.Fresh{Email: "Zo\u00eb@Example.com", Password: secret.New(accented)}
	if _, err := f.SignUp(t.Context(), audit.Caller{}, fresh); err != nil {
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
			if _, err := f.Authenticate(t.Context(), audit.Caller{}, tt.email, secret.New(tt.password)); err != nil {
				t.Errorf("Authenticate(%q) = %v, want a proof", tt.email, err)
			}
		})
	}
}

// TestAuthenticateRehashes keeps the password under today's parameters, and proves with that hash.
func TestAuthenticateRehashes(t *testing.T) {
	f := open(t)
	before := f.row(f.ada).Password
	f.parts.Hasher = password.NewHasher(password.Options{Params: password.Params{Memory: 128, Time: 1, Threads: 1}})
	f.Manager = user.New(f.parts)
	proof, err := f.Authenticate(t.Context(), audit.Caller{}, "ada@example.com", secret.New(good))
	f.must(err)
	after := f.row(f.ada).Password
	if after == before || proof != (user.Proof{User: f.ada, Password: after}) {
		t.Errorf("proof %+v, hash %s then %s, want another hash, kept and proved", proof, before, after)
	}
	again, err := f.Authenticate(t.Context(), audit.Caller{}, "ada@example.com", secret.New(good))
	if again != proof || err != nil {
		t.Errorf("Authenticate = %+v, %v, want %+v", again, err, proof)
	}
}

// TestAuthenticateUnavailable returns the fault of a database that does not answer, and hashes
// nothing.
func TestAuthenticateUnavailable(t *testing.T) {
	f := open(t)
	f.must(f.db.Close())
	_, err := f.Authenticate(t.Context(), audit.Caller{}, "ada@example.com", secret.New(good))
	wantFault(t, "Authenticate", err, fault.StorageUnavailable)
	if n := f.hashes.Load(); n > 0 {
		t.Errorf("Authenticate computed %d hashes, want none", n)
	}
	f.wantAudit()
}

// TestAuthenticateOverloaded turns a caller away before it asks the database, while the queue for
// the hasher is full.
func TestAuthenticateOverloaded(t *testing.T) {
	f := open(t)
	computing, release := make(chan struct{}, 2), make(chan struct{})
	f.parts.Hasher = password.NewHasher(password.Options{
		Params: cheap, Lanes: 1, Queue: 1, Wait: time.Minute,
		Before: func() func() { computing <- struct{}{}; <-release; return func() {} },
	})
	f.Manager = user.New(f.parts)
	var all sync.WaitGroup
	authenticate := func() {
		if _, err := f.Authenticate(t.Context(), audit.Caller{}, "ada@example.com", secret.New(good)); err != nil {
			t.Errorf("Authenticate of those who came first = %v", err)
		}
	}
	all.Go(authenticate)
	<-computing
	all.Go(authenticate) // waits
	for end := time.Now().Add(time.Minute); f.parts.Hasher.Ready() == nil && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	f.must(f.db.Close())
	_, err := f.Authenticate(t.Context(), audit.Caller{}, "ada@example.com", secret.New(good))
	wantFault(t, "Authenticate", err, fault.Overloaded)
	close(release)
	all.Wait()
}
