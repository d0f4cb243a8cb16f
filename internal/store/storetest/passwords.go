package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// A password is changed, or hashed anew.
var _ = register(subject{
	name: "user",
	tests: []test{
		{"rehash", testRehash},
		{"change password", testChangePassword},
		{"change password refused", testChangePasswordRefused},
		{"race/change password", testRaceChangePassword},
		{"race/change password and sign in", testRaceChangePasswordSignIn},
	},
	operations: []operation{
		writing(OpRehash, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { _, err := f.Rehash(ctx, u.ID, u.Password, newHash); return err }
		}),
		writing(OpChangePassword, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			change := store.PasswordChange{User: u.ID, From: u.Password, To: newHash}
			return func(ctx context.Context) error { _, err := f.ChangePassword(ctx, change, f.now); return err }
		}),
	},
})

// Its operations.
const (
	OpRehash         Operation = "Rehash"
	OpChangePassword Operation = "ChangePassword"
)

// testRehash replaces the hash only while it is the old one, and ends nothing.
func testRehash(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	k := f.mustBegin(t, u.ID)
	tests := []struct {
		name     string
		user     store.UserID
		from, to store.PasswordHash
		want     bool
	}{
		{"another from", u.ID, "x", newHash, false},
		{"nobody", "usr_nobody", oldHash, newHash, false},
		{"the old one", u.ID, oldHash, newHash, true},
		{"the old one again", u.ID, oldHash, "x", false},
	}
	for _, tt := range tests {
		if got, err := f.Rehash(t.Context(), tt.user, tt.from, tt.to); got != tt.want || err != nil {
			t.Errorf("Rehash(%s) = %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
	u.Password = newHash
	for _, want := range []store.User{u, other} {
		got, err := f.User(t.Context(), want.ID)
		must(t, err)
		same(t, "User", got, want)
	}
	f.mustRotate(t, k, store.Rotated)
	f.wantLogged(t, 0)
}

// testChangePassword ends the user's other live sessions, each with an entry, and counts them.
func testChangePassword(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	keep, lost, lost2 := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
	gone, strangers := f.mustBegin(t, u.ID), f.mustBegin(t, other.ID)
	f.mustEnd(t, gone.session)
	seq := f.mustHead(t)

	n, err := f.ChangePassword(t.Context(),
		store.PasswordChange{User: u.ID, From: oldHash, To: newHash, Keep: keep.session, By: "Firefox on Linux"}, f.now)
	if n != 2 || err != nil {
		t.Fatalf("ChangePassword = %d, %v, want 2 ended", n, err)
	}
	f.wantEnded(t, lost.session, store.PasswordChanged, "Firefox on Linux")
	f.wantEnded(t, lost2.session, store.PasswordChanged, "Firefox on Linux")
	f.wantEnded(t, gone.session, store.SignedOut, "")
	f.wantLogged(t, seq, lost.session, lost2.session)
	f.mustRotate(t, keep, store.Rotated)
	f.mustRotate(t, strangers, store.Rotated)
	f.mustRotate(t, lost, store.Ended)
	if got := f.mustStanding(t, keep.session).User; got.Password != newHash || got.NotBefore != 0 {
		t.Errorf("user = password %q, not before %d, want the new one and 0", got.Password, got.NotBefore)
	}

	n, err = f.ChangePassword(t.Context(), store.PasswordChange{User: u.ID, From: newHash, To: oldHash}, f.now)
	if n != 1 || err != nil {
		t.Fatalf("ChangePassword(keep none) = %d, %v, want 1 ended", n, err)
	}
	f.wantEnded(t, keep.session, store.PasswordChanged, "")
}

// testChangePasswordRefused changes nothing when the row has another hash, or the user is
// disabled or gone.
func testChangePasswordRefused(t *testing.T, f *fixture) {
	u, off := f.mustUser(t), f.newUser()
	off.DisabledAt = f.now
	must(t, f.CreateUser(t.Context(), off))
	k := f.mustBegin(t, u.ID)

	for _, c := range []store.PasswordChange{
		{User: u.ID, From: newHash, To: newHash},
		{User: u.ID, From: "", To: newHash},
		{User: off.ID, From: oldHash, To: newHash},
		{User: "usr_nobody", From: oldHash, To: newHash},
		{User: "usr_nobody", From: "", To: newHash},
	} {
		n, err := f.ChangePassword(t.Context(), c, f.now)
		wantFault(t, "ChangePassword", err, fault.InvalidCredentials)
		if n != 0 {
			t.Errorf("ChangePassword(refused) = %d ended, want 0", n)
		}
	}
	for _, want := range []store.User{u, off} {
		got, err := f.User(t.Context(), want.ID)
		must(t, err)
		same(t, "User", got, want)
	}
	f.wantLogged(t, 0)
	f.mustRotate(t, k, store.Rotated)
}

// testRaceChangePassword lets one of several changes from one password through.
func testRaceChangePassword(t *testing.T, f *fixture) {
	for range rounds {
		u := f.mustUser(t)
		f.mustBegin(t, u.ID)
		seq := f.mustHead(t)
		won := make([]bool, 8)
		race(len(won), func(i int) {
			to := store.PasswordHash(fmt.Sprintf("%s%d", newHash, i))
			n, err := f.ChangePassword(background, store.PasswordChange{User: u.ID, From: oldHash, To: to}, f.now)
			if won[i] = err == nil; !won[i] {
				wantFault(t, "ChangePassword", err, fault.InvalidCredentials)
			} else if n != 1 {
				t.Errorf("ChangePassword = %d ended, want 1", n)
			}
		})
		got, err := f.User(t.Context(), u.ID)
		must(t, err)
		wins := 0
		for i, did := range won {
			if did {
				wins++
				if want := store.PasswordHash(fmt.Sprintf("%s%d", newHash, i)); got.Password != want {
					t.Errorf("password = %q, want the winner's %q", got.Password, want)
				}
			}
		}
		if wins != 1 || len(f.mustEntries(t, seq)) != 1 {
			t.Errorf("%d of 8 changes won with %d entries, want one", wins, len(f.mustEntries(t, seq)))
		}
	}
}

// testRaceChangePasswordSignIn leaves no session of the old password behind.
func testRaceChangePasswordSignIn(t *testing.T, f *fixture) {
	for range rounds {
		u := f.mustUser(t)
		race(8, func(i int) {
			if i == 0 {
				change := store.PasswordChange{User: u.ID, From: oldHash, To: newHash}
				if _, err := f.ChangePassword(background, change, f.now); err != nil {
					t.Error(err)
				}
				return
			}
			for range 3 {
				b := store.Beginning{Session: f.newSession(u.ID), Password: oldHash}
				if _, err := f.Begin(background, b, f.now); err != nil {
					wantFault(t, "Begin", err, fault.InvalidCredentials)
				}
			}
		})
		live, err := f.LiveSessions(t.Context(), u.ID, f.now)
		if len(live) != 0 || err != nil {
			t.Errorf("LiveSessions = %d, %v, want none from the old password", len(live), err)
		}
	}
}

// Rehash calls the engine, unless it shall fail.
func (fs *FaultStore) Rehash(ctx context.Context, id store.UserID, from, to store.PasswordHash) (bool, error) {
	return through(fs, OpRehash, func() (bool, error) { return fs.engine.Rehash(ctx, id, from, to) })
}

// ChangePassword calls the engine, unless it shall fail.
func (fs *FaultStore) ChangePassword(ctx context.Context, c store.PasswordChange, now time.Time) (int, error) {
	return through(fs, OpChangePassword, func() (int, error) { return fs.engine.ChangePassword(ctx, c, now) })
}
