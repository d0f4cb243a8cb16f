package records

import (
	"context"
	"slices"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// UserColumns are a user's, in the order of UserFields.
var UserColumns = []string{
	"id", "email", "email_key", "email_verified_at", "name", "password", "roles",
	"created_at", "disabled_at", "not_before",
}

// UserFields returns a user's columns.
func UserFields(u *store.User) []any {
	return []any{
		&u.ID, &u.Email, &u.EmailKey, (*Instant)(&u.EmailVerifiedAt), &u.Name, &u.Password, (*Words)(&u.Roles),
		(*Instant)(&u.CreatedAt), (*Instant)(&u.DisabledAt), &u.NotBefore,
	}
}

// users is the table of users. The row of one who was deleted stays, empty, for as long as its
// sessions' rows do: they still have to say why they ended. See DeleteUser.
var users = Table{
	Name: "users", Order: "id", Columns: append(slices.Clip(UserColumns), "deleted_at"),
	New:   func() store.Row { return new(UserRow) },
	Owner: "id",
	Forget: `email = '', email_key = 'deleted ' || id, email_verified_at = NULL, name = '', password = '',
		roles = '[]'`,
}

// UserRow is a user, deleted ones too.
type UserRow struct {
	store.User
	DeletedAt time.Time // zero: not deleted
}

// Table names the row's table.
func (r *UserRow) Table() string { return users.Name }

// Fields returns the row's columns.
func (r *UserRow) Fields() []any { return append(UserFields(&r.User), (*Instant)(&r.DeletedAt)) }

// The statements about users. A new one begins with the NotBefore of the last "end everything",
// read by the statement that inserts: it waits for that transaction, and then sees it.
var (
	selectUsers    = `SELECT ` + Columns("", UserColumns) + ` FROM users WHERE deleted_at IS NULL`
	UserSQL        = selectUsers + ` AND id = $1`
	UserByEmailSQL = selectUsers + ` AND email_key = $1`
	InsertUserSQL  = `INSERT INTO users (` + Columns("", UserColumns) + `)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN not_before > $10 THEN not_before ELSE $10 END
		FROM revocation_head WHERE true ON CONFLICT (email_key) DO NOTHING`
)

// CreateUser keeps a new user.
func (db Records) CreateUser(ctx context.Context, u store.User) error {
	return db.db.Write(ctx, func(tx Tx) error { return CreateUser(tx, u) })
}

// CreateUser keeps a new user. If it returns a fault, it has written nothing.
func CreateUser(tx Tx, u store.User) error {
	n, err := tx.Exec(InsertUserSQL, UserFields(&u)...)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.EmailTaken)
	}
	return noteAdmin(tx, u)
}

// CreateFirstAdmin keeps a new admin unless there has been one. The metadata comes first: of
// several calls at once, all but one wait there.
func (db Records) CreateFirstAdmin(ctx context.Context, u store.User) error {
	return db.db.Write(ctx, func(tx Tx) error {
		first, err := addMetadata(tx, store.FirstAdmin, []byte(u.ID))
		if err != nil {
			return err
		}
		if !first {
			return fault.New(fault.SetupDone)
		}
		return CreateUser(tx, u)
	})
}

// noteAdmin notes that there is an admin, if u is one.
func noteAdmin(tx Tx, u store.User) error {
	if !u.Admin() {
		return nil
	}
	_, err := addMetadata(tx, store.FirstAdmin, []byte(u.ID))
	return err
}

// User returns one user.
func (db Records) User(ctx context.Context, id store.UserID) (store.User, error) {
	return db.user(ctx, UserSQL, string(id))
}

// UserByEmail returns the user with this EmailKey.
func (db Records) UserByEmail(ctx context.Context, emailKey string) (store.User, error) {
	return db.user(ctx, UserByEmailSQL, emailKey)
}

// user returns the user that a statement finds by a key.
func (db Records) user(ctx context.Context, query, key string) (u store.User, err error) {
	err = db.db.Read(ctx, func(r Reader) error {
		u, err = ReadUser(r, query, key)
		return err
	})
	return u, err
}

// ReadUser reads the user that a statement finds. The fault is user_not_found.
func ReadUser(r Reader, query string, args ...any) (u store.User, err error) {
	found, err := one(r, UserFields(&u), query, args...)
	if err != nil {
		return store.User{}, err
	}
	if !found {
		return store.User{}, fault.New(fault.UserNotFound)
	}
	return u, nil
}

// ListUsers returns up to limit users with ids above after.
func (db Records) ListUsers(ctx context.Context, after store.UserID, limit int) ([]store.User, error) {
	return list(ctx, db.db, UserFields, selectUsers+` AND id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// RenameUser sets the name.
func (db Records) RenameUser(ctx context.Context, id store.UserID, name string) (u store.User, err error) {
	err = db.db.Write(ctx, func(tx Tx) error {
		u, err = ReadUser(tx, `UPDATE users SET name = $1 WHERE id = $2 AND deleted_at IS NULL
			RETURNING `+Columns("", UserColumns), name, id)
		return err
	})
	return u, err
}

// Rehash replaces the password's hash by another of the same password.
func (db Records) Rehash(ctx context.Context, id store.UserID, from, to store.PasswordHash) (bool, error) {
	var n int
	err := db.db.Write(ctx, func(tx Tx) (err error) {
		n, err = tx.Exec(`UPDATE users SET password = $1 WHERE id = $2 AND password = $3`, to, id, from)
		return err
	})
	return n > 0 && err == nil, err
}

// ChangePassword sets the new hash and ends the user's other sessions.
func (db Records) ChangePassword(ctx context.Context, c store.PasswordChange, now time.Time) (live int, err error) {
	err = db.db.Write(ctx, func(tx Tx) error {
		changed, err := tx.Exec(`UPDATE users SET password = $1 WHERE id = $2 AND password = $3 AND disabled_at IS NULL`,
			c.To, c.User, c.From)
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.InvalidCredentials)
		}
		others := store.Ending{Session: c.Keep, Owner: c.User, Reason: store.PasswordChanged, By: c.By}
		live, err = EndLogged(tx, OtherThan, others, store.Truncate(now))
		return err
	})
	if err != nil {
		return 0, err
	}
	return live, nil
}
