package storetest

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// clock gives the world's time.
func (w *world) clock() time.Time { return w.now }

// testRoles gives roles to a user: the row says so, older access tokens are refused by one
// entry, sessions live on, and the same roles again change nothing.
func testRoles(t *testing.T, w *world) {
	u := w.mustUser(t)
	k := w.mustBegin(t, u.ID)
	seq := w.mustHead(t)
	got, err := w.SetRoles(t.Context(), u.ID, []string{"admin", "editor"}, w.clock)
	must(t, err)
	entries := w.mustEntries(t, seq)
	if len(entries) != 1 || entries[0].Kind != revoked.User || entries[0].ID != string(u.ID) || entries[0].NotBefore <= w.now.Unix() {
		t.Errorf("log = %+v, want one entry for the user, later than now", entries)
	}
	u.Roles, u.NotBefore = []string{"admin", "editor"}, entries[0].NotBefore
	same(t, "answer", got, u)
	kept, err := w.User(t.Context(), u.ID)
	must(t, err)
	same(t, "row", kept, u)
	if o := w.mustRotate(t, k, store.Rotated); o.Standing.User.NotBefore != u.NotBefore {
		t.Errorf("NotBefore of the next token = %d, want %d", o.Standing.User.NotBefore, u.NotBefore)
	}
	_, err = w.SetRoles(t.Context(), u.ID, []string{"admin", "editor"}, w.clock)
	must(t, err)
	if n := w.mustHead(t); n != seq+1 {
		t.Errorf("the same roles again wrote %d entries, want none", n-seq-1)
	}
	_, err = w.SetRoles(t.Context(), "usr_nobody", nil, w.clock)
	wantFault(t, "SetRoles(nobody)", err, fault.UserNotFound)
}

// testFirstAdmin makes one admin, and no second one in that way, however the first was made.
func testFirstAdmin(t *testing.T, w *world) {
	first, second := w.newUser(), w.newUser()
	first.Roles, second.Roles = []string{store.RoleAdmin}, []string{store.RoleAdmin}
	must(t, w.CreateUser(t.Context(), w.newUser())) // no admin
	var made atomic.Int32
	race(8, func(int) {
		u := w.newUser()
		u.Roles = []string{store.RoleAdmin}
		switch err := w.CreateFirstAdmin(background, u); {
		case err == nil:
			made.Add(1)
		case !fault.HasCode(err, fault.SetupDone):
			t.Errorf("CreateFirstAdmin = %v, want setup_done", err)
		}
	})
	if made.Load() != 1 {
		t.Errorf("first admins = %d, want 1", made.Load())
	}
	wantFault(t, "CreateFirstAdmin(second)", w.CreateFirstAdmin(t.Context(), second), fault.SetupDone)
	fact, err := w.Fact(t.Context(), store.FirstAdmin)
	must(t, err)
	if len(fact) == 0 {
		t.Error("the fact first_admin is not kept")
	}
}

// testFirstAdminByRole closes the way of the first admin when a user is given the role.
func testFirstAdminByRole(t *testing.T, w *world) {
	u, late := w.mustUser(t), w.newUser()
	taken := w.newUser()
	taken.EmailKey = u.EmailKey
	wantFault(t, "CreateFirstAdmin(address taken)", w.CreateFirstAdmin(t.Context(), taken), fault.EmailTaken)
	_, err := w.SetRoles(t.Context(), u.ID, []string{store.RoleAdmin}, w.clock)
	must(t, err)
	wantFault(t, "CreateFirstAdmin after SetRoles", w.CreateFirstAdmin(t.Context(), late), fault.SetupDone)
}

// testDelete forgets a person: nothing is found, nothing goes on, the address is free, and
// what is left of the sessions knows only why it ended.
func testDelete(t *testing.T, w *world) {
	u := w.mustUser(t)
	k := w.mustBegin(t, u.ID)
	seq := w.mustHead(t)
	must(t, w.DeleteUser(t.Context(), u.ID, w.clock))

	entries := w.mustEntries(t, seq)
	if len(entries) != 1 || entries[0].Kind != revoked.User || entries[0].NotBefore <= w.now.Unix() {
		t.Errorf("log = %+v, want one entry for the user", entries)
	}
	_, err := w.User(t.Context(), u.ID)
	wantFault(t, "User", err, fault.UserNotFound)
	_, err = w.UserByEmail(t.Context(), u.EmailKey)
	wantFault(t, "UserByEmail", err, fault.UserNotFound)
	_, err = w.RenameUser(t.Context(), u.ID, "x")
	wantFault(t, "RenameUser", err, fault.UserNotFound)
	_, err = w.SetRoles(t.Context(), u.ID, []string{"admin"}, w.clock)
	wantFault(t, "SetRoles", err, fault.UserNotFound)
	wantFault(t, "DeleteUser again", w.DeleteUser(t.Context(), u.ID, w.clock), fault.UserNotFound)
	_, err = w.Begin(t.Context(), store.Beginning{Session: w.newSession(u.ID)}, w.now)
	wantFault(t, "Begin", err, fault.InvalidCredentials)

	o := w.mustRotate(t, k, store.Ended)
	left := o.Standing.Session
	if left.EndReason != store.UserDeleted || left.CreatedBy != (store.Client{}) || left.LastUsedBy != (store.Client{}) {
		t.Errorf("session = %q by %v, want user_deleted, by nobody known", left.EndReason, left.LastUsedBy)
	}
	if text := o.Standing.User; text.Email+text.Name+string(text.Password) != "" || strings.Contains(text.EmailKey, "@") {
		t.Errorf("user = %+v, want nothing of the person", text)
	}
	again := w.newUser()
	again.EmailKey = u.EmailKey
	must(t, w.CreateUser(t.Context(), again))
	users, err := w.ListUsers(t.Context(), "", 10_000)
	must(t, err)
	for _, listed := range users {
		if listed.ID == u.ID {
			t.Error("the deleted user is listed")
		}
	}
}

// testDeleteSwept drops the empty row when its last session's row goes.
func testDeleteSwept(t *testing.T, w *world) {
	u := w.mustUser(t)
	k := w.mustBegin(t, u.ID)
	must(t, w.DeleteUser(t.Context(), u.ID, w.clock))
	w.pass(2 * lifetime)
	dropped, err := w.Sweep(t.Context(), store.Sweeping{Keep: time.Hour, Limit: 100}, w.now)
	must(t, err)
	if dropped != 3 { // session, user, log entry
		t.Errorf("Sweep = %d rows, want 3", dropped)
	}
	_, err = w.Session(t.Context(), k.session)
	wantFault(t, "Session", err, fault.SessionNotFound)
}

// testAllSessions gives live and ended ones of one user, newest first.
func testAllSessions(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	w.mustBegin(t, other.ID)
	old := w.mustBegin(t, u.ID)
	w.pass(time.Minute)
	young := w.mustBegin(t, u.ID)
	w.mustEnd(t, old.session)
	all, err := w.AllSessions(t.Context(), u.ID)
	must(t, err)
	if len(all) != 2 || all[0].ID != young.session || all[1].ID != old.session || all[1].EndReason != store.SignedOut {
		t.Errorf("AllSessions = %+v, want the young one and the ended old one", all)
	}
}

// testRaceRoles changes roles while the session is being refreshed: no token that says the
// old roles carries an iat that escapes the cut-off. protocol.md R6
func testRaceRoles(t *testing.T, w *world) {
	for range rounds {
		u := w.mustUser(t)
		k := w.mustBegin(t, u.ID)
		var before, after int64 // iat of the token that a rotate would mint with the old roles; the cut-off
		race(2, func(i int) {
			if i == 0 {
				now := time.Now()
				o, err := w.Rotate(background, k.from(home), now)
				if err != nil {
					t.Error(err)
				} else if len(o.Standing.User.Roles) == 0 {
					before = max(now.Unix(), o.Standing.User.NotBefore+1)
				}
				return
			}
			got, err := w.SetRoles(background, u.ID, []string{"admin"}, time.Now)
			if err != nil {
				t.Error(errors.Join(err))
			}
			after = got.NotBefore
		})
		if before > after {
			t.Fatalf("a token with the old roles has iat %d, the cut-off is %d", before, after)
		}
	}
}
