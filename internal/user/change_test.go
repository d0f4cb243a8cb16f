package user_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// fromFirefox is how the log names the caller of signedIn.
const fromFirefox = "actor=ADA ip=192.0.2.1 agent=Firefox"

// TestGet returns the caller's own user.
func TestGet(t *testing.T) {
	f := open(t)
	u, err := f.Get(t.Context(), f.signedIn(store.SessionID{}))
	if u.Email != "ada@example.com" || err != nil {
		t.Errorf("Get = %q, %v, want ada", u.Email, err)
	}
	_, err = f.Get(t.Context(), audit.Caller{})
	wantFault(t, "Get by nobody", err, fault.UserNotFound)
}

// TestRename sets the caller's name, or takes it away.
func TestRename(t *testing.T) {
	f := open(t)
	by := f.signedIn(store.SessionID{})
	for _, tt := range []struct{ typed, want string }{{" Ada Lovelace\n", "Ada Lovelace"}, {" ", ""}} {
		u, err := f.Rename(t.Context(), by, tt.typed)
		if u.Name != tt.want || err != nil || f.row(f.ada).Name != tt.want {
			t.Errorf("Rename(%q) = %q, %v, want %q, and kept", tt.typed, u.Name, err, tt.want)
		}
		f.wantAudit("event=user_renamed user=ADA " + fromFirefox)
	}
	_, err := f.Rename(t.Context(), by, "A\x00")
	if diff := cmp.Diff([]string{"name invalid"}, mistakes(err)); diff != "" {
		t.Errorf("Rename(control) = %v (-want +got):\n%s", err, diff)
	}
	_, err = f.Rename(t.Context(), audit.Caller{User: "usr_nobody"}, "Nobody")
	wantFault(t, "Rename by nobody", err, fault.UserNotFound)
	f.wantAudit()
}

// TestChangePassword ends the caller's other sessions with the change. standards SE-14
func TestChangePassword(t *testing.T) {
	f := open(t)
	own, other := f.session(), f.session()
	f.must(f.ChangePassword(t.Context(), f.signedIn(own), secret.New(good), secret.New(better)))
	f.wantAudit("event=password_changed user=ADA count=1 " + fromFirefox)
	if f.endOf(own) != "" || f.endOf(other) != "password_changed Firefox on Linux" {
		t.Errorf("own session %q, other %q, want only the other ended", f.endOf(own), f.endOf(other))
	}
	if !f.parts.Revocations.Revoked().Revoked(tokenOf(other)) || f.parts.Revocations.Revoked().Revoked(tokenOf(own)) {
		t.Error("this node does not refuse the other session, or refuses the caller's own")
	}
	if _, err := f.Authenticate(t.Context(), audit.Caller{}, "ada@example.com", secret.New(better)); err != nil {
		t.Errorf("Authenticate with the new password = %v", err)
	}
	_, err := f.Authenticate(t.Context(), audit.Caller{}, "ada@example.com", secret.New(good))
	wantFault(t, "Authenticate with the old one", err, fault.InvalidCredentials)
}

// TestChangePasswordRefused changes nothing for a wrong password or a bad new one. standards SE-18
func TestChangePasswordRefused(t *testing.T) {
	f := open(t)
	own, other := f.session(), f.session()
	before := f.row(f.ada)
	tests := []struct {
		name, current, next string
		mistakes            []string // nil: invalid_credentials
		audit               string
	}{
		{"wrong current", "x", better, nil, "event=sign_in_failed user=ADA reason=wrong_password " + fromFirefox},
		{"unchanged", good, good, []string{"new_password unchanged"}, ""},
		{"weak", good, "short", []string{"new_password too_short"}, ""},
		{"the address", good, "ada@example.com ada@example.com", []string{"new_password contains_context"}, ""},
	}
	for _, tt := range tests {
		err := f.ChangePassword(t.Context(), f.signedIn(own), secret.New(tt.current), secret.New(tt.next))
		if tt.mistakes == nil {
			wantFault(t, tt.name, err, fault.InvalidCredentials)
		} else if diff := cmp.Diff(tt.mistakes, mistakes(err)); diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
		if tt.audit == "" {
			f.wantAudit()
		} else {
			f.wantAudit(tt.audit)
		}
	}
	err := f.ChangePassword(t.Context(), audit.Caller{}, secret.New(good), secret.New(better))
	wantFault(t, "by nobody", err, fault.UserNotFound)
	if diff := cmp.Diff(before, f.row(f.ada)); diff != "" || f.endOf(other) != "" {
		t.Errorf("other session %q, user changed (-before +after):\n%s", f.endOf(other), diff)
	}
}

// TestDisable shuts a user out, once. standards SE-15
func TestDisable(t *testing.T) {
	f := open(t)
	id := f.session()
	changed, err := f.Disable(t.Context(), audit.Operator(), f.ada)
	if !changed || err != nil || !f.row(f.ada).Disabled() {
		t.Errorf("Disable = %v, %v, want true, and kept", changed, err)
	}
	if f.endOf(id) != "user_disabled the operator" || !f.refuses() {
		t.Errorf("session %q, refused here %v, want it ended by the operator and refused", f.endOf(id), f.refuses())
	}
	f.wantAudit("event=user_disabled user=ADA actor=operator")
	if changed, err = f.Disable(t.Context(), audit.Operator(), f.ada); changed || err != nil {
		t.Errorf("Disable twice = %v, %v, want false", changed, err)
	}
	_, err = f.Disable(t.Context(), audit.Operator(), "usr_nobody")
	wantFault(t, "Disable nobody", err, fault.UserNotFound)
	f.wantAudit()
}

// TestSetRoles sets exactly these roles, and refuses access tokens that say otherwise.
func TestSetRoles(t *testing.T) {
	f := open(t)
	id := f.session()
	u, err := f.SetRoles(t.Context(), audit.Operator(), f.ada, []string{"editor", "admin", "editor"})
	want := []string{"admin", "editor"}
	if err != nil || !cmp.Equal(u.Roles, want) || !cmp.Equal(f.row(f.ada).Roles, want) {
		t.Errorf("SetRoles = %v, %v, want %v, and kept", u.Roles, err, want)
	}
	if f.endOf(id) != "" || !f.refuses() {
		t.Errorf("session %q, tokens refused here %v, want it live and older tokens refused", f.endOf(id), f.refuses())
	}
	f.wantAudit(`event=roles_changed user=ADA reason="admin editor" actor=operator`)
	_, err = f.SetRoles(t.Context(), audit.Operator(), f.ada, []string{"a b"})
	if diff := cmp.Diff([]string{"roles invalid"}, mistakes(err)); diff != "" {
		t.Errorf("SetRoles(a b) = %v (-want +got):\n%s", err, diff)
	}
	_, err = f.SetRoles(t.Context(), audit.Operator(), "usr_nobody", nil)
	wantFault(t, "SetRoles of nobody", err, fault.UserNotFound)
	f.wantAudit()
}

// TestDelete forgets the caller, and the address is free. standards SE-15
func TestDelete(t *testing.T) {
	f := open(t)
	id := f.session()
	f.must(f.Delete(t.Context(), f.signedIn(id)))
	if !f.refuses() {
		t.Error("access tokens are not refused here")
	}
	f.wantAudit("event=user_deleted user=ADA " + fromFirefox)
	_, err := f.db.User(t.Context(), f.ada)
	wantFault(t, "the user", err, fault.UserNotFound)
	if again := f.create("ada@example.com"); again == f.ada {
		t.Error("the id was given again")
	}
	wantFault(t, "Delete by nobody", f.Delete(t.Context(), audit.Caller{}), fault.UserNotFound)
}

// TestList returns users in order of id, a page at a time.
func TestList(t *testing.T) {
	f := open(t)
	var got []string
	var after store.UserID
	for {
		page, err := f.List(t.Context(), audit.Operator(), after, 2)
		f.must(err)
		if len(page) == 0 {
			break
		}
		for _, u := range page {
			got, after = append(got, u.Email), u.ID
		}
	}
	if want := []string{"ada@example.com", "bea@example.com", "keyless@example.com"}; !cmp.Equal(got, want) {
		t.Errorf("List = %v, want %v", got, want)
	}
}

// TestFind finds a user by id and by every spelling of the address.
func TestFind(t *testing.T) {
	f := open(t)
	for _, named := range []string{string(f.ada), "ada@example.com", "ADA@Example.com"} {
		if u, err := f.Find(t.Context(), audit.Operator(), named); u.ID != f.ada || err != nil {
			t.Errorf("Find(%q) = %s, %v, want ada", named, u.ID, err)
		}
	}
	for _, named := range []string{"", "usr_nobody", "nobody@example.com", "ada"} {
		_, err := f.Find(t.Context(), audit.Operator(), named)
		wantFault(t, "Find("+named+")", err, fault.UserNotFound)
	}
}

// TestIDsInOrder makes greater ids for later users, so that new rows stay together.
func TestIDsInOrder(t *testing.T) {
	f := open(t)
	before := f.ada
	for range 3 {
		f.now = f.now.Add(24 * time.Hour)
		id := f.create(f.now.Format("d2006-01-02") + "@example.com")
		if id <= before {
			t.Errorf("id %s of %v is not above %s", id, f.now, before)
		}
		before = id
	}
}

// tokenOf is an access token of a session, as the set of what is refused sees it.
func tokenOf(id store.SessionID) revoked.Token {
	return revoked.Token{Session: id.String(), Subject: "usr_somebody", IssuedAt: start.Unix()}
}
