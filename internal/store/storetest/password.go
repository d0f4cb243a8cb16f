package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// testChangePassword ends the user's other live sessions, each with an entry, and counts them.
func testChangePassword(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	keep, lost, lost2 := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
	gone, strangers := w.mustBegin(t, u.ID), w.mustBegin(t, other.ID)
	w.mustEnd(t, gone.session)
	seq := w.mustHead(t)

	n, err := w.ChangePassword(t.Context(), store.PasswordChange{User: u.ID, From: oldHash, To: newHash, Keep: keep.session, By: "Firefox on Linux"}, w.now)
	if n != 2 || err != nil {
		t.Fatalf("ChangePassword = %d, %v, want 2 ended", n, err)
	}
	w.wantEnded(t, lost.session, store.PasswordChanged, "Firefox on Linux")
	w.wantEnded(t, lost2.session, store.PasswordChanged, "Firefox on Linux")
	w.wantEnded(t, gone.session, store.SignedOut, "")
	w.wantLogged(t, seq, lost.session, lost2.session)
	w.mustRotate(t, keep, store.Rotated)
	w.mustRotate(t, strangers, store.Rotated)
	w.mustRotate(t, lost, store.Ended)
	if got := w.mustStanding(t, keep.session).User; got.Password != newHash || got.NotBefore != 0 {
		t.Errorf("user = password %q, not before %d, want the new one and 0", got.Password, got.NotBefore)
	}

	n, err = w.ChangePassword(t.Context(), store.PasswordChange{User: u.ID, From: newHash, To: oldHash}, w.now)
	if n != 1 || err != nil {
		t.Fatalf("ChangePassword(keep none) = %d, %v, want 1 ended", n, err)
	}
	w.wantEnded(t, keep.session, store.PasswordChanged, "")
}

// testChangePasswordRefused changes nothing when the row has another hash, or the user is
// disabled or gone.
func testChangePasswordRefused(t *testing.T, w *world) {
	u, off := w.mustUser(t), w.newUser()
	off.DisabledAt = w.now
	must(t, w.CreateUser(t.Context(), off))
	k := w.mustBegin(t, u.ID)

	for _, c := range []store.PasswordChange{
		{User: u.ID, From: newHash, To: newHash},
		{User: u.ID, From: "", To: newHash},
		{User: off.ID, From: oldHash, To: newHash},
		{User: "usr_nobody", From: oldHash, To: newHash},
		{User: "usr_nobody", From: "", To: newHash},
	} {
		n, err := w.ChangePassword(t.Context(), c, w.now)
		wantFault(t, "ChangePassword", err, fault.InvalidCredentials)
		if n != 0 {
			t.Errorf("ChangePassword(refused) = %d ended, want 0", n)
		}
	}
	for _, want := range []store.User{u, off} {
		got, err := w.User(t.Context(), want.ID)
		must(t, err)
		same(t, "User", got, want)
	}
	w.wantLogged(t, 0)
	w.mustRotate(t, k, store.Rotated)
}

// testDisable ends everything of a user under one entry, and is done once.
func testDisable(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	a, b, strangers := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID), w.mustBegin(t, other.ID)
	w.pass(1500 * moment)
	clock := func() time.Time { return w.now }

	did, err := w.DisableUser(t.Context(), u.ID, "an administrator", clock)
	if !did || err != nil {
		t.Fatalf("DisableUser = %v, %v, want true", did, err)
	}
	disabledAt, notBefore := w.now, w.now.Unix()+1
	same(t, "log", w.mustEntries(t, 0),
		[]revoked.Entry{{Seq: 1, At: w.now.UnixMilli(), Kind: revoked.User, ID: string(u.ID), NotBefore: notBefore}},
		cmpopts.IgnoreFields(revoked.Entry{}, "Epoch", "Expires"))
	for _, k := range []token{a, b} {
		w.wantEnded(t, k.session, store.UserDisabled, "an administrator")
		o := w.mustRotate(t, k, store.Ended)
		if got := o.Standing.User; !got.DisabledAt.Equal(disabledAt) || got.NotBefore != notBefore {
			t.Errorf("user = disabled at %v, not before %d, want %v, %d", got.DisabledAt, got.NotBefore, disabledAt, notBefore)
		}
	}
	w.mustRotate(t, strangers, store.Rotated)
	_, err = w.Begin(t.Context(), store.Beginning{Session: w.newSession(u.ID)}, w.now)
	wantFault(t, "Begin(disabled)", err, fault.InvalidCredentials)

	w.pass(time.Hour)
	if did, err = w.DisableUser(t.Context(), u.ID, "another", clock); did || err != nil {
		t.Errorf("DisableUser(again) = %v, %v, want false", did, err)
	}
	got, err := w.User(t.Context(), u.ID)
	must(t, err)
	if !got.DisabledAt.Equal(disabledAt) || got.NotBefore != notBefore || w.mustHead(t) != 1 {
		t.Errorf("after a second DisableUser: at %v, not before %d, head %d, want nothing changed", got.DisabledAt, got.NotBefore, w.mustHead(t))
	}
}

// testDisableNotBefore moves NotBefore past what it was, because tokens minted since carry an
// iat above it however far the clock stepped back. protocol.md §2
func testDisableNotBefore(t *testing.T, w *world) {
	for _, ahead := range []int64{0, 1, 2, 7200} { // the row's NotBefore, seconds ahead of the clock
		u := w.newUser()
		u.NotBefore = w.now.Unix() + ahead
		must(t, w.CreateUser(t.Context(), u))
		seq := w.mustHead(t)
		_, err := w.DisableUser(t.Context(), u.ID, "", func() time.Time { return w.now })
		must(t, err)
		e := w.mustEntry(t, seq)
		if e.NotBefore != u.NotBefore+1 {
			t.Errorf("DisableUser(NotBefore %d s ahead): NotBefore = %d s ahead, want one more", ahead, e.NotBefore-w.now.Unix())
		}
		if least := e.NotBefore + int64(store.RevocationLife.Seconds()); e.Expires < least {
			t.Errorf("DisableUser(NotBefore %d s ahead): entry expires at %d, want %d or later", ahead, e.Expires, least)
		}
		if got, _ := w.User(t.Context(), u.ID); got.NotBefore != e.NotBefore {
			t.Errorf("user's NotBefore = %d, want the entry's %d", got.NotBefore, e.NotBefore)
		}
	}
}
