package sqlite

import (
	"context"
	"slices"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// CreateFirstAdmin keeps a new admin unless there has been one.
func (db *DB) CreateFirstAdmin(ctx context.Context, u store.User) error {
	return db.write(ctx, func(a act) error {
		var admins int
		if err := a.row(`SELECT count(*) FROM metadata WHERE name = ?`, store.FirstAdmin).Scan(&admins); err != nil {
			return err
		}
		if admins > 0 {
			return fault.New(fault.SetupDone)
		}
		return a.createUser(u)
	})
}

// noteAdmin notes that there is an admin, if u is one.
func (a act) noteAdmin(u store.User) error {
	if !slices.Contains(u.Roles, store.RoleAdmin) {
		return nil
	}
	_, err := a.exec(`INSERT OR IGNORE INTO metadata (name, value) VALUES (?, ?)`, store.FirstAdmin, []byte(u.ID))
	return err
}

// SetRoles gives the user exactly these roles.
func (db *DB) SetRoles(ctx context.Context, id store.UserID, roles []string, clock store.Clock) (store.User, error) {
	var u store.User
	err := db.write(ctx, func(a act) (err error) {
		if u, err = scanUser(a.row(userSQL, id)); err != nil || slices.Equal(u.Roles, roles) {
			return err
		}
		u.Roles = roles
		if _, err := a.exec(`UPDATE users SET roles = ? WHERE id = ?`, list(roles), id); err != nil {
			return err
		}
		if err := a.noteAdmin(u); err != nil {
			return err
		}
		return a.refuseTokens(&u, cut(clock()))
	})
	if err != nil {
		return store.User{}, err
	}
	return u, nil
}

// DisableUser refuses the user from now on.
func (db *DB) DisableUser(ctx context.Context, id store.UserID, by string, clock store.Clock) (bool, error) {
	disabled := false
	err := db.write(ctx, func(a act) error {
		u, err := scanUser(a.row(userSQL, id))
		if err != nil || u.Disabled() {
			return err
		}
		now := cut(clock())
		if _, err := a.exec(`UPDATE users SET disabled_at = ? WHERE id = ?`, instant(now), id); err != nil {
			return err
		}
		disabled = true
		return a.shutOut(&u, store.Ending{Reason: store.UserDisabled, By: by}, now)
	})
	return disabled && err == nil, err
}

// DeleteUser forgets the person. The row stays, empty, for as long as its sessions' rows do:
// they still have to say why they ended. It is disabled, so that nothing begins from it.
func (db *DB) DeleteUser(ctx context.Context, id store.UserID, clock store.Clock) error {
	return db.write(ctx, func(a act) error {
		u, err := scanUser(a.row(userSQL, id))
		if err != nil {
			return err
		}
		now := cut(clock())
		if err := a.shutOut(&u, store.Ending{Reason: store.UserDeleted}, now); err != nil {
			return err
		}
		_, err = a.exec(`UPDATE sessions SET created_ip = '', created_agent = '', last_used_ip = '', last_used_agent = '',
			ended_by = '' WHERE user_id = ?`, id)
		if err != nil {
			return err
		}
		_, err = a.exec(`UPDATE users SET email = '', email_key = 'deleted ' || id, email_verified_at = NULL, name = '',
			password = '', roles = '[]', disabled_at = ?, deleted_at = ? WHERE id = ?`, instant(now), instant(now), id)
		return err
	})
}

// shutOut ends every session of a user and refuses every access token.
func (a act) shutOut(u *store.User, e store.Ending, now time.Time) error {
	e.Owner = u.ID
	if _, err := a.end(otherThan, e, now); err != nil {
		return err
	}
	return a.refuseTokens(u, now)
}

// refuseTokens refuses every access token of a user that was issued so far. now was read
// under the lock: whatever was granted before took its iat earlier, or it is one more than
// the last NotBefore, which may lie ahead of the clock. protocol.md §2, R6
func (a act) refuseTokens(u *store.User, now time.Time) error {
	u.NotBefore = max(u.NotBefore, now.Unix()) + 1
	if _, err := a.exec(`UPDATE users SET not_before = ? WHERE id = ?`, u.NotBefore, u.ID); err != nil {
		return err
	}
	return a.log(now, revoked.Entry{Kind: revoked.User, ID: string(u.ID), NotBefore: u.NotBefore})
}

// EndEverything ends every session and refuses every access token. No row is read on the way: there
// may be millions.
func (db *DB) EndEverything(ctx context.Context, e store.Ending, clock store.Clock) (int, error) {
	var live int
	err := db.write(ctx, func(a act) error {
		now := cut(clock())
		var last int64 // of all cut-offs there have been
		err := a.row(`SELECT max(not_before, coalesce((SELECT max(not_before) FROM users), 0)) FROM revocation_head`).Scan(&last)
		if err != nil {
			return err
		}
		if live, err = a.endAll(e, now); err != nil {
			return err
		}
		notBefore := max(last, now.Unix()) + 1
		for _, table := range []string{"users", "revocation_head"} {
			if _, err := a.exec(`UPDATE `+table+` SET not_before = ?`, notBefore); err != nil {
				return err
			}
		}
		return a.log(now, revoked.Entry{Kind: revoked.All, NotBefore: notBefore})
	})
	if err != nil {
		return 0, err
	}
	return live, nil
}
