package storetest

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Users are found, listed and renamed.
var _ = register(subject{
	name: "user",
	tests: []test{
		{"round trip", testUserRoundTrip},
		{"hostile text", testUserHostileText},
		{"e-mail taken", testEmailTaken},
		{"not found", testUserNotFound},
		{"list", testListUsers},
		{"rename", testRename},
		{"race/e-mail", testRaceEmail},
	},
	operations: []operation{
		writing(OpCreateUser, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { return f.CreateUser(ctx, f.newUser()) }
		}),
		reading(OpUser, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { _, err := f.User(ctx, u.ID); return err }
		}),
		reading(OpUserByEmail, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { _, err := f.UserByEmail(ctx, u.EmailKey); return err }
		}),
		reading(OpListUsers, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, err := f.ListUsers(ctx, "", 9); return err }
		}),
		writing(OpRenameUser, func(t *testing.T, f *fixture) call {
			u := f.mustUser(t)
			return func(ctx context.Context) error { _, err := f.RenameUser(ctx, u.ID, "x"); return err }
		}),
	},
	rows: userRows,
})

// Its operations.
const (
	OpCreateUser  Operation = "CreateUser"
	OpUser        Operation = "User"
	OpUserByEmail Operation = "UserByEmail"
	OpListUsers   Operation = "ListUsers"
	OpRenameUser  Operation = "RenameUser"
)

// testUserRoundTrip reads back what was kept, field by field, to the millisecond and in UTC.
func testUserRoundTrip(t *testing.T, f *fixture) {
	full := f.newUser()
	full.Name, full.Roles = "Ada Lovelace", []string{"admin", "staff of the house"}
	full.EmailVerifiedAt = start.Add(1234 * time.Microsecond).In(time.FixedZone("UTC+2", 7200))
	full.CreatedAt, full.DisabledAt = start.Add(-time.Hour+5*moment), start.Add(time.Minute)
	full.NotBefore = start.Unix() + 7
	least := f.newUser()
	least.Password = ""

	for _, u := range []store.User{full, least} {
		must(t, f.CreateUser(t.Context(), u))
		want := u
		if !u.EmailVerifiedAt.IsZero() {
			want.EmailVerifiedAt = start.Add(moment)
		}
		got, err := f.User(t.Context(), u.ID)
		must(t, err)
		same(t, "User", got, want)
		got, err = f.UserByEmail(t.Context(), u.EmailKey)
		must(t, err)
		same(t, "UserByEmail", got, want)
		if zone := got.CreatedAt.Location(); zone != time.UTC {
			t.Errorf("CreatedAt is in %v, want UTC", zone)
		}
	}
}

// testUserHostileText keeps text that breaks careless statements.
func testUserHostileText(t *testing.T, f *fixture) {
	for _, text := range []string{
		"Robert'); --", `"`, `\`, "%_", "$1 ?1 :id @x", "Zoë 🦊 \u202e", strings.Repeat("ü", 5000), "line\r\nline",
	} {
		u := f.newUser()
		u.Name, u.Email, u.EmailKey = text, text, text
		u.Roles = []string{text, text + "2"}
		must(t, f.CreateUser(t.Context(), u))
		got, err := f.UserByEmail(t.Context(), text)
		must(t, err)
		same(t, "UserByEmail", got, u)
	}
}

// testEmailTaken refuses a second user with an EmailKey, and keeps the first as it is.
func testEmailTaken(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	other := f.newUser()
	other.EmailKey = u.EmailKey
	wantFault(t, "CreateUser(same address)", f.CreateUser(t.Context(), other), fault.EmailTaken)
	got, err := f.UserByEmail(t.Context(), u.EmailKey)
	must(t, err)
	same(t, "UserByEmail", got, u)
	_, err = f.User(t.Context(), other.ID)
	wantFault(t, "User(refused)", err, fault.UserNotFound)

	other.EmailKey, other.Email = strings.ToUpper(u.EmailKey), u.Email // only EmailKey counts, byte by byte
	must(t, f.CreateUser(t.Context(), other))
}

// testUserNotFound names the fault, and finds nobody by another spelling.
func testUserNotFound(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	clock := func() time.Time { return f.now }
	for _, id := range []store.UserID{"", "usr_nobody", store.UserID(strings.ToUpper(string(u.ID))), u.ID + " "} {
		got, err := f.User(t.Context(), id)
		wantFault(t, "User", err, fault.UserNotFound)
		same(t, "User without a user", got, store.User{})
		_, err = f.RenameUser(t.Context(), id, "x")
		wantFault(t, "RenameUser", err, fault.UserNotFound)
		_, err = f.DisableUser(t.Context(), id, "x", clock)
		wantFault(t, "DisableUser", err, fault.UserNotFound)
	}
	for _, key := range []string{
		"", "nobody@example.com", strings.ToUpper(u.EmailKey), u.Email, u.EmailKey + " ", "%",
	} {
		_, err := f.UserByEmail(t.Context(), key)
		wantFault(t, "UserByEmail", err, fault.UserNotFound)
	}
	live, err := f.LiveSessions(t.Context(), "usr_nobody", f.now)
	if err != nil || len(live) != 0 {
		t.Errorf("LiveSessions(nobody) = %v, %v, want none", live, err)
	}
}

// testListUsers goes through all users by id, byte by byte, page by page.
func testListUsers(t *testing.T, f *fixture) {
	want := []store.UserID{"usr_-", "usr_0", "usr_A", "usr_Z", "usr__", "usr_a", "usr_b", "usr_z"}
	for _, i := range []int{5, 2, 7, 0, 3, 6, 1, 4} {
		u := f.newUser()
		u.ID = want[i]
		must(t, f.CreateUser(t.Context(), u))
	}
	var got []store.UserID
	for after := store.UserID(""); ; after = got[len(got)-1] {
		page, err := f.ListUsers(t.Context(), after, 3)
		must(t, err)
		if len(page) > 3 {
			t.Fatalf("ListUsers(3) = %d users, want at most 3", len(page))
		}
		if len(page) == 0 {
			break
		}
		for _, u := range page {
			got = append(got, u.ID)
		}
	}
	same(t, "ListUsers", got, want)
}

// testRename changes the name of one user and nothing else.
func testRename(t *testing.T, f *fixture) {
	u, other := f.mustUser(t), f.mustUser(t)
	for _, name := range []string{"Ada", ""} {
		u.Name = name
		got, err := f.RenameUser(t.Context(), u.ID, name)
		must(t, err)
		same(t, "RenameUser", got, u)
		got, err = f.User(t.Context(), u.ID)
		must(t, err)
		same(t, "User", got, u)
	}
	got, err := f.User(t.Context(), other.ID)
	must(t, err)
	same(t, "other user", got, other)
}

// testRaceEmail lets one of several users have an address.
func testRaceEmail(t *testing.T, f *fixture) {
	for range rounds {
		u := f.newUser()
		var kept atomic.Int32
		race(8, func(int) {
			mine := f.newUser()
			mine.EmailKey = u.EmailKey
			if err := f.CreateUser(background, mine); err != nil {
				wantFault(t, "CreateUser", err, fault.EmailTaken)
				return
			}
			kept.Add(1)
		})
		if kept.Load() != 1 {
			t.Errorf("%d users with one address, want 1", kept.Load())
		}
	}
}

// userRows keeps the first admin, one who was disabled and one who was deleted while signed in.
func userRows(t *testing.T, f *fixture) rowCount {
	admin := f.newUser()
	admin.Name, admin.Roles, admin.EmailVerifiedAt = "Zoë 🦊", []string{"admin", "staff"}, f.now.Add(7*moment)
	must(t, f.CreateFirstAdmin(t.Context(), admin))
	shut, gone := f.mustUser(t), f.mustUser(t)
	for _, id := range []store.UserID{shut.ID, gone.ID} {
		f.mustBegin(t, id)
	}
	_, err := f.DisableUser(t.Context(), shut.ID, "an admin", f.clock)
	must(t, err)
	must(t, f.DeleteUser(t.Context(), gone.ID, f.clock))
	return rowCount{"users": 3, "sessions": 2, "revocations": 2, "metadata": 1}
}

// CreateUser calls the engine, unless it shall fail.
func (fs *FaultStore) CreateUser(ctx context.Context, u store.User) error {
	return fs.run(OpCreateUser, func() error { return fs.engine.CreateUser(ctx, u) })
}

// User calls the engine, unless it shall fail.
func (fs *FaultStore) User(ctx context.Context, id store.UserID) (store.User, error) {
	return through(fs, OpUser, func() (store.User, error) { return fs.engine.User(ctx, id) })
}

// UserByEmail calls the engine, unless it shall fail.
func (fs *FaultStore) UserByEmail(ctx context.Context, emailKey string) (store.User, error) {
	return through(fs, OpUserByEmail, func() (store.User, error) { return fs.engine.UserByEmail(ctx, emailKey) })
}

// ListUsers calls the engine, unless it shall fail.
func (fs *FaultStore) ListUsers(ctx context.Context, after store.UserID, limit int) ([]store.User, error) {
	return through(fs, OpListUsers, func() ([]store.User, error) { return fs.engine.ListUsers(ctx, after, limit) })
}

// RenameUser calls the engine, unless it shall fail.
func (fs *FaultStore) RenameUser(ctx context.Context, id store.UserID, name string) (store.User, error) {
	return through(fs, OpRenameUser, func() (store.User, error) { return fs.engine.RenameUser(ctx, id, name) })
}
