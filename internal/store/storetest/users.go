package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// testUserRoundTrip gives back what was kept, field by field, to the millisecond and in UTC.
func testUserRoundTrip(t *testing.T, w *world) {
	full := w.newUser()
	full.Name, full.Roles = "Ada Lovelace", []string{"admin", "staff of the house"}
	full.EmailVerifiedAt = start.Add(1234 * time.Microsecond).In(time.FixedZone("UTC+2", 7200))
	full.CreatedAt, full.DisabledAt = start.Add(-time.Hour+5*moment), start.Add(time.Minute)
	full.NotBefore = start.Unix() + 7
	least := w.newUser()
	least.Password = ""

	for _, u := range []store.User{full, least} {
		must(t, w.CreateUser(t.Context(), u))
		want := u
		if !u.EmailVerifiedAt.IsZero() {
			want.EmailVerifiedAt = start.Add(moment)
		}
		got, err := w.User(t.Context(), u.ID)
		must(t, err)
		same(t, "User", got, want)
		got, err = w.UserByEmail(t.Context(), u.EmailKey)
		must(t, err)
		same(t, "UserByEmail", got, want)
		if zone := got.CreatedAt.Location(); zone != time.UTC {
			t.Errorf("CreatedAt is in %v, want UTC", zone)
		}
	}
}

// testUserHostileText keeps text that breaks careless statements.
func testUserHostileText(t *testing.T, w *world) {
	for _, text := range []string{"Robert'); --", `"`, `\`, "%_", "$1 ?1 :id @x", "Zoë 🦊 \u202e", strings.Repeat("ü", 5000), "line\r\nline"} {
		u := w.newUser()
		u.Name, u.Email, u.EmailKey = text, text, text
		u.Roles = []string{text, text + "2"}
		must(t, w.CreateUser(t.Context(), u))
		got, err := w.UserByEmail(t.Context(), text)
		must(t, err)
		same(t, "UserByEmail", got, u)
	}
}

// testEmailTaken refuses a second user with an EmailKey, and keeps the first as it is.
func testEmailTaken(t *testing.T, w *world) {
	u := w.mustUser(t)
	other := w.newUser()
	other.EmailKey = u.EmailKey
	wantFault(t, "CreateUser(same address)", w.CreateUser(t.Context(), other), fault.EmailTaken)
	got, err := w.UserByEmail(t.Context(), u.EmailKey)
	must(t, err)
	same(t, "UserByEmail", got, u)
	_, err = w.User(t.Context(), other.ID)
	wantFault(t, "User(refused)", err, fault.UserNotFound)

	other.EmailKey, other.Email = strings.ToUpper(u.EmailKey), u.Email // only EmailKey counts, byte by byte
	must(t, w.CreateUser(t.Context(), other))
}

// testUserNotFound names the fault, and finds nobody by another spelling.
func testUserNotFound(t *testing.T, w *world) {
	u := w.mustUser(t)
	clock := func() time.Time { return w.now }
	for _, id := range []store.UserID{"", "usr_nobody", store.UserID(strings.ToUpper(string(u.ID))), u.ID + " "} {
		got, err := w.User(t.Context(), id)
		wantFault(t, "User", err, fault.UserNotFound)
		same(t, "User without a user", got, store.User{})
		_, err = w.RenameUser(t.Context(), id, "x")
		wantFault(t, "RenameUser", err, fault.UserNotFound)
		_, err = w.DisableUser(t.Context(), id, "x", clock)
		wantFault(t, "DisableUser", err, fault.UserNotFound)
	}
	for _, key := range []string{"", "nobody@example.com", strings.ToUpper(u.EmailKey), u.Email, u.EmailKey + " ", "%"} {
		_, err := w.UserByEmail(t.Context(), key)
		wantFault(t, "UserByEmail", err, fault.UserNotFound)
	}
	live, err := w.LiveSessions(t.Context(), "usr_nobody", w.now)
	if err != nil || len(live) != 0 {
		t.Errorf("LiveSessions(nobody) = %v, %v, want none", live, err)
	}
}

// testListUsers goes through all users by id, byte by byte, page by page.
func testListUsers(t *testing.T, w *world) {
	want := []store.UserID{"usr_-", "usr_0", "usr_A", "usr_Z", "usr__", "usr_a", "usr_b", "usr_z"}
	for _, i := range []int{5, 2, 7, 0, 3, 6, 1, 4} {
		u := w.newUser()
		u.ID = want[i]
		must(t, w.CreateUser(t.Context(), u))
	}
	var got []store.UserID
	for after := store.UserID(""); ; after = got[len(got)-1] {
		page, err := w.ListUsers(t.Context(), after, 3)
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
func testRename(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	for _, name := range []string{"Ada", ""} {
		u.Name = name
		got, err := w.RenameUser(t.Context(), u.ID, name)
		must(t, err)
		same(t, "RenameUser", got, u)
		got, err = w.User(t.Context(), u.ID)
		must(t, err)
		same(t, "User", got, u)
	}
	got, err := w.User(t.Context(), other.ID)
	must(t, err)
	same(t, "other user", got, other)
}

// testRehash replaces the hash only while it is the old one, and ends nothing.
func testRehash(t *testing.T, w *world) {
	u, other := w.mustUser(t), w.mustUser(t)
	k := w.mustBegin(t, u.ID)
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
		if got, err := w.Rehash(t.Context(), tt.user, tt.from, tt.to); got != tt.want || err != nil {
			t.Errorf("Rehash(%s) = %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
	u.Password = newHash
	for _, want := range []store.User{u, other} {
		got, err := w.User(t.Context(), want.ID)
		must(t, err)
		same(t, "User", got, want)
	}
	w.mustRotate(t, k, store.Rotated)
	w.wantLogged(t, 0)
}
