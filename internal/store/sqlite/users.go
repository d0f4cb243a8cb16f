package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// The statements about users.
var (
	insertUserSQL  = `INSERT INTO users (` + columns("", userColumns) + `) VALUES (` + marks(len(userColumns)) + `)`
	userSQL        = `SELECT ` + columns("", userColumns) + ` FROM users WHERE id = ? AND deleted_at IS NULL`
	userByEmailSQL = `SELECT ` + columns("", userColumns) + ` FROM users WHERE email_key = ? AND deleted_at IS NULL`
	listUsersSQL   = `SELECT ` + columns("", userColumns) + ` FROM users WHERE id > ? AND deleted_at IS NULL ORDER BY id LIMIT ?`
	cutOffSQL      = `SELECT max(not_before, ?) FROM revocation_head`
	renameSQL      = `UPDATE users SET name = ? WHERE id = ? AND deleted_at IS NULL RETURNING ` + columns("", userColumns)
)

// CreateUser keeps a new user.
func (db *DB) CreateUser(ctx context.Context, u store.User) error {
	return db.together(ctx, func(a act) error { return a.createUser(u) })
}

// createUser keeps a new user.
func (a act) createUser(u store.User) error {
	if err := a.row(cutOffSQL, u.NotBefore).Scan(&u.NotBefore); err != nil {
		return err
	}
	_, err := a.exec(insertUserSQL, userFields(&u)...)
	if isTaken(err) { // email_key: the table has no other UNIQUE column
		return fault.New(fault.EmailTaken)
	}
	if err != nil {
		return err
	}
	return a.noteAdmin(u)
}

// User gives one user.
func (db *DB) User(ctx context.Context, id store.UserID) (store.User, error) {
	u, err := scanUser(db.reader.QueryRowContext(ctx, userSQL, id))
	return u, unavailable(err)
}

// UserByEmail gives the user with this EmailKey.
func (db *DB) UserByEmail(ctx context.Context, emailKey string) (store.User, error) {
	u, err := scanUser(db.reader.QueryRowContext(ctx, userByEmailSQL, emailKey))
	return u, unavailable(err)
}

// ListUsers gives up to limit users with ids above after.
func (db *DB) ListUsers(ctx context.Context, after store.UserID, limit int) ([]store.User, error) {
	var users []store.User
	err := each(func(rows *sql.Rows) error {
		var u store.User
		err := rows.Scan(userFields(&u)...)
		users = append(users, u)
		return err
	})(db.reader.QueryContext(ctx, listUsersSQL, after, limit))
	if err != nil {
		return nil, unavailable(err)
	}
	return users, nil
}

// RenameUser sets the name.
func (db *DB) RenameUser(ctx context.Context, id store.UserID, name string) (store.User, error) {
	var u store.User
	err := db.write(ctx, func(a act) (err error) {
		u, err = scanUser(a.row(renameSQL, name, id))
		return err
	})
	return u, err
}

// Rehash replaces the password's hash by another of the same password.
func (db *DB) Rehash(ctx context.Context, id store.UserID, from, to store.PasswordHash) (bool, error) {
	var n int
	err := db.write(ctx, func(a act) (err error) {
		n, err = a.exec(`UPDATE users SET password = ? WHERE id = ? AND password = ?`, to, id, from)
		return err
	})
	return n > 0 && err == nil, err
}

// ChangePassword sets the new hash and ends the user's other sessions.
func (db *DB) ChangePassword(ctx context.Context, c store.PasswordChange, now time.Time) (int, error) {
	var n int
	err := db.write(ctx, func(a act) error {
		changed, err := a.exec(`UPDATE users SET password = ? WHERE id = ? AND password = ? AND disabled_at IS NULL`, c.To, c.User, c.From)
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

// scanUser reads a user's row. The fault is user_not_found.
func scanUser(row *sql.Row) (store.User, error) {
	var u store.User
	err := row.Scan(userFields(&u)...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.User{}, fault.New(fault.UserNotFound)
	}
	return u, err
}

// cut gives a time as it is kept: whole milliseconds, UTC.
func cut(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
