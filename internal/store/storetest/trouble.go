package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// verb is one call of a store.
type verb struct {
	name string
	call func(context.Context) error
}

// verbs gives a call of every verb that would do something to this user and this session.
func (w *world) verbs(u store.User, k token) []verb {
	clock := func() time.Time { return w.now }
	all := store.Ending{Owner: u.ID, Reason: store.EndedByAdmin}
	change := store.PasswordChange{User: u.ID, From: u.Password, To: newHash}
	return []verb{
		{"CreateUser", func(ctx context.Context) error { return w.CreateUser(ctx, w.newUser()) }},
		{"User", func(ctx context.Context) error { _, err := w.User(ctx, u.ID); return err }},
		{"UserByEmail", func(ctx context.Context) error { _, err := w.UserByEmail(ctx, u.EmailKey); return err }},
		{"ListUsers", func(ctx context.Context) error { _, err := w.ListUsers(ctx, "", 9); return err }},
		{"RenameUser", func(ctx context.Context) error { _, err := w.RenameUser(ctx, u.ID, "x"); return err }},
		{"Rehash", func(ctx context.Context) error { _, err := w.Rehash(ctx, u.ID, u.Password, newHash); return err }},
		{"ChangePassword", func(ctx context.Context) error { _, err := w.ChangePassword(ctx, change, w.now); return err }},
		{"DisableUser", func(ctx context.Context) error { _, err := w.DisableUser(ctx, u.ID, "x", clock); return err }},
		{"SetRoles", func(ctx context.Context) error { _, err := w.SetRoles(ctx, u.ID, []string{"x"}, clock); return err }},
		{"CreateFirstAdmin", func(ctx context.Context) error { return w.CreateFirstAdmin(ctx, w.newUser()) }},
		{"DeleteUser", func(ctx context.Context) error { return w.DeleteUser(ctx, u.ID, clock) }},
		{"Begin", func(ctx context.Context) error {
			_, err := w.Begin(ctx, store.Beginning{Session: w.newSession(u.ID), Replaces: k.session}, w.now)
			return err
		}},
		{"Rotate", func(ctx context.Context) error { _, err := w.Rotate(ctx, k.from(home), w.now); return err }},
		{"Session", func(ctx context.Context) error { _, err := w.Session(ctx, k.session); return err }},
		{"LiveSessions", func(ctx context.Context) error { _, err := w.LiveSessions(ctx, u.ID, w.now); return err }},
		{"AllSessions", func(ctx context.Context) error { _, err := w.AllSessions(ctx, u.ID); return err }},
		{"EndSession", func(ctx context.Context) error {
			return w.EndSession(ctx, store.Ending{Session: k.session, Reason: store.SignedOut}, w.now)
		}},
		{"EndOtherSessions", func(ctx context.Context) error { _, err := w.EndOtherSessions(ctx, all, w.now); return err }},
		{"Sweep", func(ctx context.Context) error {
			_, err := w.Sweep(ctx, store.Sweeping{Limit: 9}, w.now.Add(100*lifetime))
			return err
		}},
		{"SigningKeys", func(ctx context.Context) error { _, err := w.SigningKeys(ctx); return err }},
		{"AddSigningKey", func(ctx context.Context) error { _, err := w.AddSigningKey(ctx, w.newKey("kid-a", 0), ""); return err }},
		{"DropSigningKeys", func(ctx context.Context) error { return w.DropSigningKeys(ctx, []string{"kid-a"}) }},
		{"CopyOut", func(ctx context.Context) error {
			for _, err := range w.CopyOut(ctx) {
				return err
			}
			return nil
		}},
		{"Head", func(ctx context.Context) error { _, _, err := w.Head(ctx); return err }},
		{"RevocationsSince", func(ctx context.Context) error { _, err := w.RevocationsSince(ctx, 0, 9); return err }},
		{"RaiseEpoch", func(ctx context.Context) error { _, err := w.RaiseEpoch(ctx, 1, 1, w.now); return err }},
		{"RevokeSigningKey", func(ctx context.Context) error {
			_, err := w.RevokeSigningKey(ctx, "kid-a", w.newKey("kid-b", 0), w.now)
			return err
		}},
		{"EndEverything", func(ctx context.Context) error { _, err := w.EndEverything(ctx, all, clock); return err }},
		{"AddService", func(ctx context.Context) error { return w.AddService(ctx, w.newService("x")) }},
		{"Service", func(ctx context.Context) error { _, err := w.Service(ctx, "svc_x"); return err }},
		{"ListServices", func(ctx context.Context) error { _, err := w.ListServices(ctx); return err }},
		{"NoteServiceUses", func(ctx context.Context) error {
			return w.NoteServiceUses(ctx, map[store.ServiceID]time.Time{"svc_x": w.now})
		}},
		{"RevokeService", func(ctx context.Context) error { return w.RevokeService(ctx, "svc_x", w.now) }},
		{"Fact", func(ctx context.Context) error { _, err := w.Fact(ctx, "x"); return err }},
		{"KeepFact", func(ctx context.Context) error { _, err := w.KeepFact(ctx, "x", []byte("x")); return err }},
	}
}

// testCancelled answers storage_unavailable to a caller who has given up, and does nothing.
func testCancelled(t *testing.T, w *world) {
	u := w.mustUser(t)
	k := w.mustBegin(t, u.ID)
	before := w.mustStanding(t, k.session)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, late} {
		for _, v := range w.verbs(u, k) {
			wantFault(t, v.name, v.call(ctx), fault.StorageUnavailable)
		}
	}
	same(t, "session", w.mustStanding(t, k.session), before)
	w.wantKeys(t)
	w.wantLogged(t, 0)
	users, err := w.ListUsers(t.Context(), "", 9)
	if len(users) != 1 || err != nil {
		t.Errorf("ListUsers = %d users, %v, want the one", len(users), err)
	}
	if value, err := w.Fact(t.Context(), "x"); value != nil || err != nil {
		t.Errorf("Fact = %v, %v, want nil", value, err)
	}
	w.mustRotate(t, k, store.Rotated)
}

// testCancelledMidway does the whole of an act or nothing when its caller gives up at any moment
// of it, and leaves the token good.
func testCancelledMidway(t *testing.T, w *world) {
	given := 0
	for i := range 150 {
		u := w.mustUser(t)
		k, other := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
		before, seq := w.mustStanding(t, k.session).Session, w.mustHead(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Duration(i*10)*time.Microsecond, cancel)
		_, err := w.Rotate(ctx, k.from(home), w.now)
		_, err2 := w.EndOtherSessions(ctx, store.Ending{Session: k.session, Owner: u.ID, Reason: store.EndedByUser}, w.now)
		cancel()
		for _, err := range []error{err, err2} {
			if err != nil {
				given++
				wantFault(t, "cancelled", err, fault.StorageUnavailable)
			}
		}
		after := w.mustStanding(t, k.session).Session
		if after.Line == before.Line {
			if err == nil {
				t.Fatal("Rotate was answered and did nothing")
			}
			w.mustRotate(t, k, store.Rotated)
		} else {
			w.mustRotate(t, k, store.Repeated)
		}
		if reason := w.mustStanding(t, other.session).Session.EndReason; reason == "" {
			w.wantLogged(t, seq)
		} else {
			w.wantLogged(t, seq, other.session)
		}
	}
	if given == 0 {
		t.Error("no call was cancelled in time")
	}
}

// testClosed answers storage_unavailable from every verb, and closes twice.
func testClosed(t *testing.T, w *world) {
	u := w.mustUser(t)
	k := w.mustBegin(t, u.ID)
	must(t, w.Close())
	for _, v := range w.verbs(u, k) {
		wantFault(t, v.name, v.call(t.Context()), fault.StorageUnavailable)
	}
	must(t, w.Close())
}
