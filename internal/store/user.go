package store

import (
	"context"
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

// Disabled tells whether the user may not sign in.
func (u User) Disabled() bool { return !u.DisabledAt.IsZero() }

// PasswordChange is a new password for a user, and what it ends.
type PasswordChange struct {
	User UserID
	From PasswordHash // what the row must still hold
	To   PasswordHash
	Keep SessionID // the session that goes on; zero: none does
	By   string    // who did it, for the ended sessions' people, such as "Firefox on Linux"
}

// Users keeps people.
type Users interface {
	// CreateUser keeps a new user. The fault is email_taken when another user has the EmailKey.
	CreateUser(ctx context.Context, u User) error

	// User gives one user. The fault is user_not_found.
	User(ctx context.Context, id UserID) (User, error)

	// UserByEmail gives the user with this EmailKey. The fault is user_not_found.
	UserByEmail(ctx context.Context, emailKey string) (User, error)

	// ListUsers gives up to limit users with ids above after, in order of id.
	ListUsers(ctx context.Context, after UserID, limit int) ([]User, error)

	// RenameUser sets the name and gives the user as now kept. The fault is user_not_found.
	RenameUser(ctx context.Context, id UserID, name string) (User, error)

	// Rehash replaces the password's hash by another of the same password, unless the hash is
	// no longer from; it tells whether it did. Nothing ends.
	Rehash(ctx context.Context, id UserID, from, to PasswordHash) (bool, error)

	// ChangePassword sets the new hash and ends every other live session of the user as
	// password_changed, each with its entry in the log, all or nothing. The fault is
	// invalid_credentials when the row no longer holds From (somebody else was first), or the
	// user is disabled or gone. It gives the number of sessions ended.
	ChangePassword(ctx context.Context, c PasswordChange, now time.Time) (int, error)

	// DisableUser refuses the user from now on: no sign-in, no refresh, all live sessions
	// ended as user_disabled, all access tokens refused by one entry of kind user. The entry's
	// NotBefore, also kept on the row, is the clock's second after the rows are locked or the
	// row's last NotBefore, whichever is later, plus one: tokens minted since the last carry an
	// iat of at least one more than it, whatever the clock says (protocol.md §2, R6). It tells
	// whether the user was enabled; a second call changes nothing. The fault is user_not_found.
	DisableUser(ctx context.Context, id UserID, by string, clock Clock) (bool, error)
}
