package password_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// cheap keeps the tests fast. Nothing but tests may hash like this.
var cheap = password.Params{Memory: 64, Time: 1}

// mustHash hashes or ends the test.
func mustHash(t *testing.T, h *password.Hasher, text string) store.PasswordHash {
	t.Helper()
	hash, err := h.Hash(t.Context(), secret.New(text))
	if err != nil {
		t.Fatalf("Hash = %v", err)
	}
	return hash
}

// mustCheck checks or ends the test.
func mustCheck(t *testing.T, h *password.Hasher, hash store.PasswordHash, text string) (ok, rehash bool) {
	t.Helper()
	ok, rehash, err := h.Check(t.Context(), hash, secret.New(text))
	if err != nil {
		t.Fatalf("Check = %v", err)
	}
	return ok, rehash
}

// TestHashIsArgon2id looks at what the default stores. Requirement PW-12
func TestHashIsArgon2id(t *testing.T) {
	h := password.NewHasher(password.Options{})
	one, other := mustHash(t, h, "correct horse"), mustHash(t, h, "correct horse")
	if !strings.HasPrefix(string(one), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("Hash = %s, want argon2id with 19 MiB and two passes", one)
	}
	if salt := strings.Split(string(one), "$")[4]; len(salt) != 22 { // 128 bits
		t.Errorf("Hash has a salt of %d characters, want 22", len(salt))
	}
	if one == other {
		t.Error("Hash gave the same salt twice")
	}
	if ok, rehash := mustCheck(t, h, one, "correct horse"); !ok || rehash {
		t.Errorf("Check = %v, %v, want true and no rehash", ok, rehash)
	}
}

// TestCheck compares passwords as received, but for the way in which accents are composed.
// Requirements PW-04 and PW-05
func TestCheck(t *testing.T) {
	h := password.NewHasher(password.Options{Params: cheap})
	tests := []struct {
		name         string
		kept, given  string
		want, wantIn bool // wantIn: Hash takes it
	}{
		{name: "same", kept: "a good long password", given: "a good long password", want: true},
		{name: "composed kept", kept: "caf\u00e9", given: "cafe\u0301", want: true},
		{name: "decomposed kept", kept: "cafe\u0301", given: "caf\u00e9", want: true},
		{name: "compatibility forms differ", kept: "ﬁne", given: "fine"},
		{name: "case", kept: "password", given: "Password"},
		{name: "leading space", kept: " x", given: "x"},
		{name: "trailing space", kept: "x ", given: "x"},
		{name: "trailing newline", kept: "x", given: "x\n"},
		{name: "NUL", kept: "x\x00y", given: "x\x00z"},
		{name: "emoji", kept: strings.Repeat("🦊", 15), given: strings.Repeat("🦊", 15), want: true},
		{name: "not UTF-8", kept: "x", given: "x\xff"},
		{name: "too long", kept: "x", given: strings.Repeat("x", 257)},
		{name: "empty", kept: "x", given: ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := mustCheck(t, h, mustHash(t, h, test.kept), test.given); got != test.want {
				t.Errorf("Check(%q against %q) = %v, want %v", test.given, test.kept, got, test.want)
			}
		})
	}
}

// TestNothingIsTruncated compares long passwords that differ only at the end. Requirement PW-02
func TestNothingIsTruncated(t *testing.T) {
	h := password.NewHasher(password.Options{Params: cheap})
	for _, length := range []int{64, 72, 73, 128, 256} {
		stem := strings.Repeat("x", length-1)
		hash := mustHash(t, h, stem+"a")
		if ok, _ := mustCheck(t, h, hash, stem+"a"); !ok {
			t.Errorf("%d characters: Check(same) = false, want true", length)
		}
		if ok, _ := mustCheck(t, h, hash, stem+"b"); ok {
			t.Errorf("%d characters: Check(other end) = true, want false", length)
		}
	}
}

// TestHashRefuses refuses what no password can be.
func TestHashRefuses(t *testing.T) {
	h := password.NewHasher(password.Options{Params: cheap})
	for name, text := range map[string]string{
		"257 code points": strings.Repeat("x", 257),
		"1025 bytes":      strings.Repeat("e\u0301", 341) + "xx",
		"not UTF-8":       "long enough but \xc3\x28",
		"surrogate":       "long enough but \xed\xa0\x80",
	} {
		if _, err := h.Hash(t.Context(), secret.New(text)); !errors.Is(err, password.ErrUnusable) {
			t.Errorf("%s: Hash = %v, want ErrUnusable", name, err)
		}
	}
	for name, text := range map[string]string{
		"256 of four bytes": strings.Repeat("🦊", 256),
		"256 decomposed":    strings.Repeat("e\u0301", 256),
	} {
		if _, err := h.Hash(t.Context(), secret.New(text)); err != nil {
			t.Errorf("%s: Hash = %v, want nil", name, err)
		}
	}
}

// TestRehash asks for a new hash when our parameters have risen, and only of who knows the
// password. Requirement PW-12
func TestRehash(t *testing.T) {
	tests := []struct {
		name     string
		old, now password.Params
		want     bool
	}{
		{"same", password.Params{Memory: 64, Time: 2}, password.Params{Memory: 64, Time: 2}, false},
		{"memory rose", password.Params{Memory: 64, Time: 2}, password.Params{Memory: 128, Time: 2}, true},
		{"passes rose", password.Params{Memory: 64, Time: 2}, password.Params{Memory: 64, Time: 3}, true},
		{"both fell", password.Params{Memory: 64, Time: 2}, password.Params{Memory: 32, Time: 1}, false},
		{"threads rose", password.Params{Memory: 64, Time: 2}, password.Params{Memory: 64, Time: 2, Threads: 2}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hash := mustHash(t, password.NewHasher(password.Options{Params: test.old}), "secret")
			now := password.NewHasher(password.Options{Params: test.now})
			if ok, rehash := mustCheck(t, now, hash, "secret"); !ok || rehash != test.want {
				t.Errorf("Check = %v, %v, want true, %v", ok, rehash, test.want)
			}
			if ok, rehash := mustCheck(t, now, hash, "wrong"); ok || rehash {
				t.Errorf("Check(wrong) = %v, %v, want false, false", ok, rehash)
			}
		})
	}
}

// TestBadStoredHash is an error, not a wrong password, and is never computed or quoted.
func TestBadStoredHash(t *testing.T) {
	h := password.NewHasher(password.Options{Params: cheap})
	h.WatchDerivations(func(_, _ []byte, _ password.Params) { t.Error("a bad hash was computed") })
	const greedy = "$argon2id$v=19$m=4194304,t=9,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	for _, hash := range []store.PasswordHash{"plain-text-password", greedy} {
		ok, _, err := h.Check(t.Context(), hash, secret.New("plain-text-password"))
		if ok || err == nil || strings.Contains(err.Error(), string(hash)) {
			t.Errorf("Check(%q) = %v, %v, want an error without the hash", hash, ok, err)
		}
	}
}

// work is what one call computed.
type work struct {
	text  string
	saltN int
	param password.Params
}

// worked returns what do computes.
func worked(h *password.Hasher, do func()) []work {
	var done []work
	h.WatchDerivations(func(text, salt []byte, p password.Params) {
		done = append(done, work{string(text), len(salt), p})
	})
	do()
	h.WatchDerivations(nil)
	return done
}

// TestUnknownUserCostsTheSame compares what is computed, not how long it takes: for a wrong
// password, a user without one and no user at all. Requirement PW-16
func TestUnknownUserCostsTheSame(t *testing.T) {
	h := password.NewHasher(password.Options{Params: cheap})
	hash := mustHash(t, h, "the right one")
	for _, text := range []string{"wrong", "cafe\u0301", "", strings.Repeat("x", 257), "\xff"} {
		given := secret.New(text)
		ways := map[string]func() error{
			"wrong password": func() error { _, _, err := h.Check(t.Context(), hash, given); return err },
			"no password":    func() error { _, _, err := h.Check(t.Context(), "", given); return err },
			"no user":        func() error { return h.CheckNothing(t.Context(), given) },
		}
		var want string
		for name, check := range ways {
			var err error
			got := fmt.Sprintf("%+v", worked(h, func() { err = check() }))
			if err != nil {
				t.Errorf("%s: %v, want no error for %q", name, err, text)
			}
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%s computes %s for %q, want %s as the others", name, got, text, want)
			}
		}
	}
	// Each Hasher has another nobody, so that nobody's password cannot be found out once for all.
	var salts [][]byte
	for range 2 {
		h := password.NewHasher(password.Options{Params: cheap})
		h.WatchDerivations(func(_, salt []byte, _ password.Params) { salts = append(salts, bytes.Clone(salt)) })
		if err := h.CheckNothing(t.Context(), secret.New("x")); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Equal(salts[0], salts[1]) {
		t.Error("two Hashers have the same nobody")
	}
}

// TestFlood sends 200 sign-ins at once at two lanes and eight places to wait: no more than
// two are ever computed together, ten get through, the others are told at once, and
// nobody is left behind. Requirement PW-15
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := password.NewHasher(password.Options{Params: cheap, Lanes: 2, Queue: 8})
		release := make(chan struct{})
		var busy, most atomic.Int64
		h.WatchDerivations(func(_, _ []byte, _ password.Params) {
			if now := busy.Add(1); now > most.Load() {
				most.Store(now)
			}
			<-release
			busy.Add(-1)
		})
		var refused, served atomic.Int64
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				switch err := h.CheckNothing(t.Context(), secret.New("x")); {
				case err == nil:
					served.Add(1)
				case fault.HasCode(err, fault.Overloaded):
					refused.Add(1)
				default:
					t.Errorf("CheckNothing = %v, want nil or overloaded", err)
				}
			})
		}
		synctest.Wait() // two compute, eight wait, and the others have been told already
		if refused.Load() != 190 || h.Waiting() != 8 {
			t.Errorf("%d refused at once, %d wait, want 190 and 8", refused.Load(), h.Waiting())
		}
		if err := h.Ready(); !fault.HasCode(err, fault.Overloaded) {
			t.Errorf("Ready when the queue is full = %v, want overloaded", err)
		}
		close(release)
		all.Wait()
		if err := h.Ready(); err != nil {
			t.Errorf("Ready after the flood = %v, want nil", err)
		}
		if served.Load() != 10 || most.Load() != 2 || h.Waiting() != 0 {
			t.Errorf("%d served, %d at once, %d still wait, want 10, 2, 0", served.Load(), most.Load(), h.Waiting())
		}
	}) // synctest fails the test when a goroutine is left
}

// TestWaitEnds lets callers wait too long, or give up: they do no work and leave the lane free.
func TestWaitEnds(t *testing.T) {
	tests := []struct {
		name  string
		give  func(context.Context) (context.Context, context.CancelFunc)
		cause error
		after time.Duration
	}{
		{"too long", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithCancel(ctx)
		}, nil, 5 * time.Second},
		{"given up", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, context.DeadlineExceeded, time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := password.NewHasher(password.Options{Params: cheap, Lanes: 1})
				release := make(chan struct{})
				var computed atomic.Int64
				h.WatchDerivations(func(_, _ []byte, _ password.Params) { computed.Add(1); <-release })
				go h.CheckNothing(t.Context(), secret.New("first")) // holds the lane
				synctest.Wait()

				ctx, cancel := test.give(t.Context())
				defer cancel()
				began := time.Now()
				err := h.CheckNothing(ctx, secret.New("second"))
				if !fault.HasCode(err, fault.Overloaded) || (test.cause != nil && !errors.Is(err, test.cause)) {
					t.Errorf("CheckNothing = %v, want overloaded", err)
				}
				if waited := time.Since(began); waited != test.after || computed.Load() != 1 || h.Waiting() != 0 {
					t.Errorf("waited %v, %d computed, %d still wait, want %v, 1, 0",
						waited, computed.Load(), h.Waiting(), test.after)
				}
				close(release)
				synctest.Wait()
				if err := h.CheckNothing(t.Context(), secret.New("third")); err != nil {
					t.Errorf("CheckNothing after it = %v, want nil", err)
				}
			})
		})
	}
}

// TestCancelledDoesNothing computes nothing for a caller that has already left.
func TestCancelledDoesNothing(t *testing.T) {
	h := password.NewHasher(password.Options{Params: cheap})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := worked(h, func() {
		if err := h.CheckNothing(ctx, secret.New("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("CheckNothing(cancelled) = %v, want context.Canceled inside", err)
		}
	})
	if len(done) != 0 {
		t.Errorf("CheckNothing(cancelled) computed %d hashes, want 0", len(done))
	}
}

// TestNewHasherRefusesItsOwnHashes is about parameters that Check would not compute.
func TestNewHasherRefusesItsOwnHashes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("NewHasher(1 GiB) did not panic")
		}
	}()
	password.NewHasher(password.Options{Params: password.Params{Memory: 1 << 20}})
}

// BenchmarkCheck measures a sign-in with the default parameters.
func BenchmarkCheck(b *testing.B) {
	h := password.NewHasher(password.Options{})
	for b.Loop() {
		if err := h.CheckNothing(b.Context(), secret.New("a password of some length")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewHasher measures what it adds to the start of the server.
func BenchmarkNewHasher(b *testing.B) {
	for b.Loop() {
		password.NewHasher(password.Options{})
	}
}

// TestBefore calls the hook before each computation, and what the hook returns after it.
func TestBefore(t *testing.T) {
	began, ended := 0, 0
	h := password.NewHasher(password.Options{Params: cheap, Before: func() func() {
		began++
		return func() { ended++ }
	}})
	hash := mustHash(t, h, "secret")
	if _, _, err := h.Check(t.Context(), hash, secret.New("secret")); err != nil {
		t.Fatal(err)
	}
	if began != 2 || ended != 2 {
		t.Errorf("called %d times before and %d after, want 2", began, ended)
	}
}
