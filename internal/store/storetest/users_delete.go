package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// A user is deleted.
var _ = register(subject{
	name: "user",
	tests: []test{
		{"delete", testDelete},
		{"delete and sweep", testDeleteSwept},
		{"delete forgets in every table", testDeleteForgets},
	},
	operations: []operation{
		writing(OpDeleteUser, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { return f.DeleteUser(ctx, u.ID, f.clock) }
		}),
	},
})

// OpDeleteUser is its operation.
const OpDeleteUser Operation = "DeleteUser"

// testDelete forgets a person: nothing is found, nothing goes on, the address is free, and
// what is left of the sessions knows only why it ended.
func testDelete(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	k := f.mustBegin(t, u.ID)
	seq := f.mustHead(t)
	must(t, f.DeleteUser(t.Context(), u.ID, f.clock))

	entries := f.mustEntries(t, seq)
	if len(entries) != 1 || entries[0].Kind != revoked.User || entries[0].NotBefore <= f.now.Unix() {
		t.Errorf("log = %+v, want one entry for the user", entries)
	}
	_, err := f.User(t.Context(), u.ID)
	wantFault(t, "User", err, fault.UserNotFound)
	_, err = f.UserByEmail(t.Context(), u.EmailKey)
	wantFault(t, "UserByEmail", err, fault.UserNotFound)
	_, err = f.RenameUser(t.Context(), u.ID, "x")
	wantFault(t, "RenameUser", err, fault.UserNotFound)
	_, err = f.SetRoles(t.Context(), u.ID, []string{"admin"}, f.clock)
	wantFault(t, "SetRoles", err, fault.UserNotFound)
	wantFault(t, "DeleteUser again", f.DeleteUser(t.Context(), u.ID, f.clock), fault.UserNotFound)
	_, err = f.Begin(t.Context(), store.Beginning{Session: f.newSession(u.ID)}, f.now)
	wantFault(t, "Begin", err, fault.InvalidCredentials)

	o := f.mustRotate(t, k, store.Ended)
	left := o.Standing.Session
	if left.EndReason != store.UserDeleted || left.CreatedBy != (store.Client{}) ||
		left.LastUsedBy != (store.Client{}) {
		t.Errorf("session = %q by %v, want user_deleted, by nobody known", left.EndReason, left.LastUsedBy)
	}
	if text := o.Standing.User; text.Email+text.Name+string(text.Password) != "" ||
		strings.Contains(text.EmailKey, "@") {
		t.Errorf("user = %+v, want nothing of the person", text)
	}
	again := f.newUser()
	again.EmailKey = u.EmailKey
	must(t, f.CreateUser(t.Context(), again))
	users, err := f.ListUsers(t.Context(), "", 10_000)
	must(t, err)
	for _, listed := range users {
		if listed.ID == u.ID {
			t.Error("the deleted user is listed")
		}
	}
}

// testDeleteSwept drops the empty row when its last session's row goes.
func testDeleteSwept(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	k := f.mustBegin(t, u.ID)
	must(t, f.DeleteUser(t.Context(), u.ID, f.clock))
	f.pass(2 * lifetime)
	dropped, err := f.Sweep(t.Context(), store.Sweeping{Keep: time.Hour, Limit: 100}, f.now)
	must(t, err)
	if dropped != 3 { // session, user, log entry
		t.Errorf("Sweep = %d rows, want 3", dropped)
	}
	_, err = f.Session(t.Context(), k.session)
	wantFault(t, "Session", err, fault.SessionNotFound)
}

// testDeleteForgets deletes every user there is: no table keeps a row of theirs that has an owner,
// unless it says what it forgets, and no row says who they were or where they came from.
func testDeleteForgets(t *testing.T, f *fixture) {
	f.fill(t)
	users, err := f.ListUsers(t.Context(), "", 100)
	must(t, err)
	for _, u := range users {
		must(t, f.DeleteUser(t.Context(), u.ID, f.clock))
	}
	for _, row := range dump(t, f) {
		table, err := records.TableOf(row)
		must(t, err)
		text := fmt.Sprintf("%+v", row)
		if table.Owner != "" && table.Forget == "" {
			t.Errorf("%s still has %s", table.Name, text)
		}
		for _, person := range []string{"@", "🦊", "Mozilla", "192.0.2.", "2001:db8:", "the operator"} {
			if strings.Contains(text, person) {
				t.Errorf("%s still says %q: %s", table.Name, person, text)
			}
		}
	}
}

// DeleteUser calls the engine, unless it shall fail.
func (fs *FaultStore) DeleteUser(ctx context.Context, id store.UserID, clock store.Clock) error {
	return fs.run(OpDeleteUser, func() error { return fs.engine.DeleteUser(ctx, id, clock) })
}
