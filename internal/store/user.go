package store

import (
	"context"
	"slices"
	"time"
)

// UserID names a user: "usr_" and 22 base64url characters. It is never used for another person.
type UserID string

// PasswordHash is a PHC string, never a password.
type PasswordHash string

// User is a person who signs in.
type User struct {
	ID              UserID
	Email           string       // as the person wrote it
	EmailKey        string       // the canonical form; unique
	EmailVerifiedAt time.Time    // zero: never
	Name            string       // empty: not given
	Password        PasswordHash // empty: has no password
	Roles           []string     // sorted; nil: none
	CreatedAt       time.Time
	DisabledAt      time.Time // zero: enabled

	// NotBefore refuses every access token of this user with iat <= NotBefore.
	// Unix seconds; 0 refuses none. protocol.md §6
	NotBefore int64
}

// Disabled reports whether the user may not sign in.
func (u User) Disabled() bool { return !u.DisabledAt.IsZero() }

// Admin reports whether the user has the role admin. An engine that keeps such a user for the
// first time notes it as FirstAdmin.
func (u User) Admin() bool { return slices.Contains(u.Roles, RoleAdmin) }

// RaiseNotBefore returns the NotBefore that refuses every token issued so far, where the last one
// was last. now was read with the rows locked, so that whatever was issued before took its iat no
// later, or it is one more than last, which may lie ahead of the clock. protocol.md §2, R6
func RaiseNotBefore(last int64, now time.Time) int64 { return max(last, now.Unix()) + 1 }

// PasswordChange is a new password for a user, and what it ends.
type PasswordChange struct {
	User UserID
	From PasswordHash // what the row must still hold
	To   PasswordHash
	Keep SessionID // the session that goes on; zero: none does
	By   string    // who did it, for the ended sessions' people, such as "Firefox on Linux"
}

// Users keeps the people who sign in.
type Users interface {
	// CreateUser keeps a new user. The fault is email_taken when another user has the EmailKey.
	CreateUser(ctx context.Context, u User) error

	// CreateFirstAdmin keeps a new user who has the role admin, unless there has been an admin
	// before, however made: the fault is then setup_done. Of any number of concurrent calls one
	// succeeds. Otherwise it is CreateUser.
	CreateFirstAdmin(ctx context.Context, u User) error

	// User returns one user. The fault is user_not_found.
	User(ctx context.Context, id UserID) (User, error)

	// UserByEmail returns the user with this EmailKey. The fault is user_not_found.
	UserByEmail(ctx context.Context, emailKey string) (User, error)

	// ListUsers returns up to limit users with ids above after, in order of id.
	ListUsers(ctx context.Context, after UserID, limit int) ([]User, error)
}

// UserChanges changes users, and ends what a change ends.
type UserChanges interface {
	// RenameUser sets the name and returns the user as now kept. The fault is user_not_found.
	RenameUser(ctx context.Context, id UserID, name string) (User, error)

	// Rehash replaces the password's hash by another of the same password, unless the hash is
	// no longer from; it reports whether it did. Nothing ends.
	Rehash(ctx context.Context, id UserID, from, to PasswordHash) (bool, error)

	// ChangePassword sets the new hash and ends every other live session of the user as
	// password_changed, each with its entry in the log, all or nothing. The fault is
	// invalid_credentials when the row no longer holds From (somebody else was first), or the
	// user is disabled or gone. It returns the number of sessions ended.
	ChangePassword(ctx context.Context, c PasswordChange, now time.Time) (int, error)

	// SetRoles sets the user's roles to exactly these, sorted, and refuses all access tokens that
	// say otherwise, by one entry of kind user as DisableUser writes; sessions live on. Roles that
	// are the same already change nothing. It returns the user as now kept. The fault is
	// user_not_found.
	SetRoles(ctx context.Context, id UserID, roles []string, clock Clock) (User, error)

	// DisableUser refuses the user from now on: no sign-in, no refresh, all live sessions
	// ended as user_disabled, all access tokens refused by one entry of kind user. The entry's
	// NotBefore, also kept on the row, is RaiseNotBefore of the row's last and of the clock after
	// the rows are locked (protocol.md §2, R6). It reports whether the user was enabled; a second
	// call changes nothing. The fault is user_not_found.
	DisableUser(ctx context.Context, id UserID, by string, clock Clock) (bool, error)

	// DeleteUser forgets the person: every live session ends as user_deleted, all access tokens
	// are refused as by DisableUser, and address, name, password, roles and what sessions know of
	// devices are gone when it returns. The address is free for another user; the id is not used
	// again. The fault is user_not_found.
	DeleteUser(ctx context.Context, id UserID, clock Clock) error
}

// RoleAdmin is the role that may administer the server.
const RoleAdmin = "admin"

// FirstAdmin names the metadata that says there is or was an admin: CreateUser, CreateFirstAdmin
// and SetRoles keep it with the first.
const FirstAdmin = "first_admin"
