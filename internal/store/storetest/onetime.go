package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// One-time tokens are kept.
var _ = register(subject{
	name: "one-time token",
	tests: []test{
		{"take", testTakeOneTimeToken},
		{"refused", testOneTimeTokenRefused},
		{"superseded", testOneTimeTokenSuperseded},
		{"deleted user", testOneTimeTokenDeleted},
		{"sweep", testOneTimeTokenSwept},
		{"race/take", testRaceTakeOneTimeToken},
		{"race/add", testRaceAddOneTimeToken},
		{"race/delete user", testRaceOneTimeTokenDeleted},
	},
	operations: []operation{
		writing(OpAddOneTimeToken, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { return f.AddOneTimeToken(ctx, f.newOneTimeToken(u.ID, reset)) }
		}),
		writing(OpTakeOneTimeToken, func(t *testing.T, f *fixture) call {
			k := f.mustOneTimeToken(t, f.mustUser(t).ID, reset)
			return func(ctx context.Context) error {
				_, _, err := f.TakeOneTimeToken(ctx, k.Hash, reset, f.now)
				return err
			}
		}),
	},
	rows: oneTimeTokenRows,
})

// The operations on one-time tokens.
const (
	OpAddOneTimeToken  Operation = "AddOneTimeToken"
	OpTakeOneTimeToken Operation = "TakeOneTimeToken"
)

// AddOneTimeToken calls the engine, unless it shall fail.
func (fs *FaultStore) AddOneTimeToken(ctx context.Context, t store.OneTimeToken) error {
	return fs.run(OpAddOneTimeToken, func() error { return fs.engine.AddOneTimeToken(ctx, t) })
}

// TakeOneTimeToken calls the engine, unless it shall fail.
func (fs *FaultStore) TakeOneTimeToken(
	ctx context.Context, hash store.TokenHash, p store.Purpose, now time.Time,
) (t store.OneTimeToken, found bool, err error) {
	err = fs.run(OpTakeOneTimeToken, func() error {
		t, found, err = fs.engine.TakeOneTimeToken(ctx, hash, p, now)
		return err
	})
	if err != nil {
		return store.OneTimeToken{}, false, err
	}
	return t, found, nil
}

// The purposes of the tests.
const (
	reset   store.Purpose = "reset"
	confirm store.Purpose = "confirm"
)

// newOneTimeToken returns a token for an hour; nobody keeps it yet.
func (f *fixture) newOneTimeToken(user store.UserID, p store.Purpose) store.OneTimeToken {
	return store.OneTimeToken{
		Hash: store.TokenHash(random(32)), User: user, Purpose: p, Email: "Ada@example.com",
		CreatedAt: f.now, ExpiresAt: f.now.Add(time.Hour),
	}
}

// mustOneTimeToken keeps a token for an hour.
func (f *fixture) mustOneTimeToken(t *testing.T, user store.UserID, p store.Purpose) store.OneTimeToken {
	t.Helper()
	k := f.newOneTimeToken(user, p)
	must(t, f.AddOneTimeToken(t.Context(), k))
	return k
}

// wantTaken takes a token, which is there.
func (f *fixture) wantTaken(t *testing.T, what string, k store.OneTimeToken) {
	t.Helper()
	got, found, err := f.TakeOneTimeToken(t.Context(), k.Hash, k.Purpose, f.now)
	must(t, err)
	if !found || got != k {
		t.Errorf("%s: TakeOneTimeToken = %+v, %v, want %+v", what, got, found, k)
	}
}

// wantNotTaken takes no token, because there is none such.
func (f *fixture) wantNotTaken(t *testing.T, what string, k store.OneTimeToken) {
	t.Helper()
	got, found, err := f.TakeOneTimeToken(t.Context(), k.Hash, k.Purpose, f.now)
	must(t, err)
	if found || got != (store.OneTimeToken{}) {
		t.Errorf("%s: TakeOneTimeToken = %+v, %v, want none", what, got, found)
	}
}

// testTakeOneTimeToken returns each token once, up to the last moment of its life.
func testTakeOneTimeToken(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	k, other := f.mustOneTimeToken(t, u.ID, reset), f.mustOneTimeToken(t, u.ID, confirm)
	f.pass(time.Hour - moment)
	f.wantTaken(t, "first", k)
	f.wantNotTaken(t, "again", k)
	f.wantTaken(t, "another purpose's", other)
}

// testOneTimeTokenRefused takes none for another purpose, and none that has expired, and leaves the
// first.
func testOneTimeTokenRefused(t *testing.T, f *fixture) {
	k := f.mustOneTimeToken(t, f.mustUser(t).ID, reset)
	mistaken := k
	mistaken.Purpose = confirm
	f.wantNotTaken(t, "for another purpose", mistaken)
	f.wantNotTaken(t, "that nobody made", f.newOneTimeToken(k.User, reset))
	f.pass(time.Hour)
	f.wantNotTaken(t, "expired", k)
	f.pass(-moment)
	f.wantTaken(t, "as it was made", k)
	wantFault(t, "AddOneTimeToken(nobody)",
		f.AddOneTimeToken(t.Context(), f.newOneTimeToken("usr_nobody", reset)), fault.UserNotFound)
}

// testOneTimeTokenSuperseded replaces a token of the same user and purpose, and no other.
func testOneTimeTokenSuperseded(t *testing.T, f *fixture) {
	u, somebody := f.mustUser(t), f.mustUser(t)
	old, other := f.mustOneTimeToken(t, u.ID, reset), f.mustOneTimeToken(t, u.ID, confirm)
	theirs := f.mustOneTimeToken(t, somebody.ID, reset)
	f.pass(time.Minute)
	k := f.newOneTimeToken(u.ID, reset)
	k.Email = "new@example.com"
	must(t, f.AddOneTimeToken(t.Context(), k))
	f.wantNotTaken(t, "superseded", old)
	f.wantTaken(t, "the new one", k)
	f.wantTaken(t, "for another purpose", other)
	f.wantTaken(t, "somebody else's", theirs)
}

// testOneTimeTokenDeleted takes none of a user who was deleted, for whom none can be made.
func testOneTimeTokenDeleted(t *testing.T, f *fixture) {
	k := f.mustOneTimeToken(t, f.mustUser(t).ID, reset)
	must(t, f.DeleteUser(t.Context(), k.User, f.clock))
	f.wantNotTaken(t, "a deleted user's", k)
	wantFault(t, "AddOneTimeToken(deleted)",
		f.AddOneTimeToken(t.Context(), f.newOneTimeToken(k.User, reset)), fault.UserNotFound)
}

// testOneTimeTokenSwept drops tokens at the moment at which they expire, at most so many at once.
func testOneTimeTokenSwept(t *testing.T, f *fixture) {
	for range 3 {
		f.mustOneTimeToken(t, f.mustUser(t).ID, reset)
	}
	f.pass(moment)
	k := f.mustOneTimeToken(t, f.mustUser(t).ID, reset)
	f.pass(time.Hour - moment)
	for _, want := range []int{2, 1, 0} {
		n, err := f.Sweep(t.Context(), store.Sweeping{Limit: 2}, f.now)
		must(t, err)
		if n != want {
			t.Errorf("Sweep = %d rows, want %d", n, want)
		}
	}
	f.wantTaken(t, "not expired", k)
}

// testRaceTakeOneTimeToken lets one of those who want a token have it.
func testRaceTakeOneTimeToken(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range rounds {
		k := f.mustOneTimeToken(t, u.ID, reset)
		var taken atomic.Int32
		race(8, func(int) {
			_, found, err := f.TakeOneTimeToken(background, k.Hash, reset, f.now)
			if err != nil {
				t.Error(err)
			}
			if found {
				taken.Add(1)
			}
		})
		if taken.Load() != 1 {
			t.Fatalf("one token was taken %d times, want once", taken.Load())
		}
	}
}

// testRaceAddOneTimeToken leaves one of several tokens.
func testRaceAddOneTimeToken(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range rounds {
		tokens := make([]store.OneTimeToken, 8)
		race(len(tokens), func(i int) {
			tokens[i] = f.newOneTimeToken(u.ID, reset)
			if err := f.AddOneTimeToken(background, tokens[i]); err != nil {
				t.Error(err)
			}
		})
		left := 0
		for _, k := range tokens {
			if _, found, err := f.TakeOneTimeToken(t.Context(), k.Hash, reset, f.now); err != nil || found {
				must(t, err)
				left++
			}
		}
		if left != 1 {
			t.Fatalf("of 8 tokens for one purpose %d are left, want 1", left)
		}
	}
}

// testRaceOneTimeTokenDeleted leaves none where a user is deleted while tokens are made.
func testRaceOneTimeTokenDeleted(t *testing.T, f *fixture) {
	for range rounds {
		u := f.mustUser(t)
		tokens := make([]store.OneTimeToken, 4)
		race(len(tokens)+1, func(i int) {
			if i == len(tokens) {
				if err := f.DeleteUser(background, u.ID, f.clock); err != nil {
					t.Error(err)
				}
				return
			}
			tokens[i] = f.newOneTimeToken(u.ID, reset)
			if err := f.AddOneTimeToken(background, tokens[i]); err != nil {
				wantFault(t, "AddOneTimeToken", err, fault.UserNotFound)
			}
		})
		for _, k := range tokens {
			f.wantNotTaken(t, "a deleted user's", k)
		}
	}
}

// oneTimeTokenRows keeps two of one user.
func oneTimeTokenRows(t *testing.T, f *fixture) rowCount {
	u := f.mustUser(t)
	f.mustOneTimeToken(t, u.ID, reset)
	f.mustOneTimeToken(t, u.ID, confirm)
	return rowCount{"users": 1, "one_time_tokens": 2}
}
