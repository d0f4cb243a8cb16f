package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// A user has roles, and one is the first admin.
var _ = register(subject{
	name: "user",
	tests: []test{
		{"roles", testRoles},
		{"first admin", testFirstAdmin},
		{"first admin by role", testFirstAdminByRole},
		{"race/roles", testRaceRoles},
	},
	operations: []operation{
		writing(OpSetRoles, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error {
				_, err := f.SetRoles(ctx, u.ID, []string{"x"}, f.clock)
				return err
			}
		}),
		writing(OpCreateFirstAdmin, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { return f.CreateFirstAdmin(ctx, f.newUser()) }
		}),
	},
})

// Its operations.
const (
	OpSetRoles         Operation = "SetRoles"
	OpCreateFirstAdmin Operation = "CreateFirstAdmin"
)

// testRoles sets a user's roles: the row says so, older access tokens are refused by one
// entry, sessions live on, and the same roles again change nothing.
func testRoles(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	k := f.mustBegin(t, u.ID)
	seq := f.mustHead(t)
	got, err := f.SetRoles(t.Context(), u.ID, []string{"admin", "editor"}, f.clock)
	must(t, err)
	entries := f.mustEntries(t, seq)
	if len(entries) != 1 || entries[0].Kind != revoked.User || entries[0].ID != string(u.ID) ||
		entries[0].NotBefore <= f.now.Unix() {
		t.Errorf("log = %+v, want one entry for the user, later than now", entries)
	}
	u.Roles, u.NotBefore = []string{"admin", "editor"}, entries[0].NotBefore
	same(t, "answer", got, u)
	kept, err := f.User(t.Context(), u.ID)
	must(t, err)
	same(t, "row", kept, u)
	if o := f.mustRotate(t, k, store.Rotated); o.Standing.User.NotBefore != u.NotBefore {
		t.Errorf("NotBefore of the next token = %d, want %d", o.Standing.User.NotBefore, u.NotBefore)
	}
	_, err = f.SetRoles(t.Context(), u.ID, []string{"admin", "editor"}, f.clock)
	must(t, err)
	if n := f.mustHead(t); n != seq+1 {
		t.Errorf("the same roles again wrote %d entries, want none", n-seq-1)
	}
	_, err = f.SetRoles(t.Context(), "usr_nobody", nil, f.clock)
	wantFault(t, "SetRoles(nobody)", err, fault.UserNotFound)
}

// testFirstAdmin makes one admin, and no second one in that way, however the first was made.
func testFirstAdmin(t *testing.T, f *fixture) {
	first, second := f.newUser(), f.newUser()
	first.Roles, second.Roles = []string{store.RoleAdmin}, []string{store.RoleAdmin}
	must(t, f.CreateUser(t.Context(), f.newUser())) // no admin
	var made atomic.Int32
	race(8, func(int) {
		u := f.newUser()
		u.Roles = []string{store.RoleAdmin}
		switch err := f.CreateFirstAdmin(background, u); {
		case err == nil:
			made.Add(1)
		case !fault.HasCode(err, fault.SetupDone):
			t.Errorf("CreateFirstAdmin = %v, want setup_done", err)
		}
	})
	if made.Load() != 1 {
		t.Errorf("first admins = %d, want 1", made.Load())
	}
	wantFault(t, "CreateFirstAdmin(second)", f.CreateFirstAdmin(t.Context(), second), fault.SetupDone)
	noted, err := f.ReadMetadata(t.Context(), store.FirstAdmin)
	must(t, err)
	if len(noted) == 0 {
		t.Error("first_admin is not kept")
	}
}

// testFirstAdminByRole closes the way of the first admin when a user is given the role.
func testFirstAdminByRole(t *testing.T, f *fixture) {
	u, late := f.mustUser(t), f.newUser()
	taken := f.newUser()
	taken.EmailKey = u.EmailKey
	wantFault(t, "CreateFirstAdmin(address taken)", f.CreateFirstAdmin(t.Context(), taken), fault.EmailTaken)
	_, err := f.SetRoles(t.Context(), u.ID, []string{store.RoleAdmin}, f.clock)
	must(t, err)
	wantFault(t, "CreateFirstAdmin after SetRoles", f.CreateFirstAdmin(t.Context(), late), fault.SetupDone)
}

// testRaceRoles changes roles while the session is being refreshed: no token that says the
// old roles carries an iat that escapes the cut-off. protocol.md R6
func testRaceRoles(t *testing.T, f *fixture) {
	for range rounds {
		u := f.mustUser(t)
		k := f.mustBegin(t, u.ID)
		var before, after int64 // iat of the token that a rotate would mint with the old roles; the cut-off
		race(2, func(i int) {
			if i == 0 {
				now := time.Now()
				o, err := f.Rotate(background, k.from(home), now)
				if err != nil {
					t.Error(err)
				} else if len(o.Standing.User.Roles) == 0 {
					before = max(now.Unix(), o.Standing.User.NotBefore+1)
				}
				return
			}
			got, err := f.SetRoles(background, u.ID, []string{"admin"}, time.Now)
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

// SetRoles calls the engine, unless it shall fail.
func (fs *FaultStore) SetRoles(
	ctx context.Context, id store.UserID, roles []string, clock store.Clock,
) (store.User, error) {
	return through(fs, OpSetRoles, func() (store.User, error) { return fs.engine.SetRoles(ctx, id, roles, clock) })
}

// CreateFirstAdmin calls the engine, unless it shall fail.
func (fs *FaultStore) CreateFirstAdmin(ctx context.Context, u store.User) error {
	return fs.run(OpCreateFirstAdmin, func() error { return fs.engine.CreateFirstAdmin(ctx, u) })
}
