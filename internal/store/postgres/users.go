package postgres

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// The statements about users. A new one begins with the cut-off of the last "end everything",
// read by the statement that inserts: it waits for that act, and then sees it.
var (
	insertUserSQL = `INSERT INTO users (` + columns("", userColumns) + `)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, greatest($10, not_before) FROM revocation_head`
	userSQL        = userSQLOf(1)
	userByEmailSQL = `SELECT ` + columns("", userColumns) + ` FROM users WHERE email_key = $1 AND deleted_at IS NULL`
	listUsersSQL   = `SELECT ` + columns("", userColumns) + ` FROM users WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2`
	renameSQL      = `UPDATE users SET name = $1 WHERE id = $2 AND deleted_at IS NULL RETURNING ` + columns("", userColumns)
)

// userSQLOf reads the user whose id is the nth value of a statement.
func userSQLOf(nth int) string {
	return `SELECT ` + columns("", userColumns) + ` FROM users WHERE id = $` + strconv.Itoa(nth) + ` AND deleted_at IS NULL`
}

// CreateUser keeps a new user.
func (db *DB) CreateUser(ctx context.Context, u store.User) error {
	return db.write(ctx, func(a act) error { return a.createUser(u) })
}

// createUser keeps a new user.
func (a act) createUser(u store.User) error {
	_, err := a.exec(insertUserSQL, userFields(&u)...)
	if isTaken(err, "users_email_key") {
		return fault.New(fault.EmailTaken)
	}
	if err != nil {
		return err
	}
	return a.noteAdmin(u)
}

// lockUser reads one user under a lock.
func (a act) lockUser(id store.UserID) (store.User, error) {
	if !keepable(id) {
		return store.User{}, fault.New(fault.UserNotFound)
	}
	return scanUser(a.row(userSQL+` FOR UPDATE`, id))
}

// User gives one user.
func (db *DB) User(ctx context.Context, id store.UserID) (store.User, error) {
	return db.user(ctx, userSQL, string(id))
}

// UserByEmail gives the user with this EmailKey.
func (db *DB) UserByEmail(ctx context.Context, emailKey string) (store.User, error) {
	return db.user(ctx, userByEmailSQL, emailKey)
}

// user gives the user that a statement finds by a key.
func (db *DB) user(ctx context.Context, query, key string) (u store.User, err error) {
	if !keepable(key) {
		return store.User{}, fault.New(fault.UserNotFound)
	}
	err = db.row(ctx, func(row pgx.Row) (err error) {
		u, err = scanUser(row)
		return err
	}, query, key)
	return u, err
}

// scanUser reads a user's row. The fault is user_not_found.
func scanUser(row pgx.Row) (store.User, error) {
	var u store.User
	err := row.Scan(userFields(&u)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.User{}, fault.New(fault.UserNotFound)
	}
	return u, err
}

// ListUsers gives up to limit users with ids above after.
func (db *DB) ListUsers(ctx context.Context, after store.UserID, limit int) ([]store.User, error) {
	return list(ctx, db, scanUser, listUsersSQL, after, limit)
}

// RenameUser sets the name.
func (db *DB) RenameUser(ctx context.Context, id store.UserID, name string) (store.User, error) {
	if !keepable(id) {
		return store.User{}, fault.New(fault.UserNotFound)
	}
	var u store.User
	err := db.write(ctx, func(a act) (err error) {
		u, err = scanUser(a.row(renameSQL, name, id))
		return err
	})
	if err != nil {
		return store.User{}, err
	}
	return u, nil
}

// Rehash replaces the password's hash by another of the same password.
func (db *DB) Rehash(ctx context.Context, id store.UserID, from, to store.PasswordHash) (bool, error) {
	var n int
	err := db.write(ctx, func(a act) (err error) {
		n, err = a.exec(`UPDATE users SET password = $1 WHERE id = $2 AND password = $3`, to, id, from)
		return err
	})
	return n > 0 && err == nil, err
}

// ChangePassword sets the new hash and ends the user's other sessions.
func (db *DB) ChangePassword(ctx context.Context, c store.PasswordChange, now time.Time) (int, error) {
	var n int
	err := db.write(ctx, func(a act) error {
		changed, err := a.exec(`UPDATE users SET password = $1 WHERE id = $2 AND password = $3 AND disabled_at IS NULL`, c.To, c.User, c.From)
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.InvalidCredentials)
		}
		others := store.Ending{Session: c.Keep, Owner: c.User, Reason: store.PasswordChanged, By: c.By}
		n, err = a.endLogged(otherThan, others, cut(now))
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
