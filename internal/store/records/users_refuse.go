package records

import (
	"context"
	"slices"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// withUserLocked calls do with a user's row and those of its sessions locked, and with the time
// that the clock shows under these locks: no token of the user that was minted before carries a
// later iat. protocol.md R6
func (db Records) withUserLocked(
	ctx context.Context, id store.UserID, clock store.Clock, do func(tx Tx, u store.User, now time.Time) error,
) error {
	return db.db.Write(ctx, func(tx Tx) error {
		u, err := tx.LockUser(id)
		if err != nil {
			return err
		}
		return do(tx, u, store.Truncate(clock()))
	})
}

// SetRoles sets the user's roles to exactly these.
func (db Records) SetRoles(
	ctx context.Context, id store.UserID, roles []string, clock store.Clock,
) (changed store.User, err error) {
	err = db.withUserLocked(ctx, id, clock, func(tx Tx, u store.User, now time.Time) error {
		changed = u
		if slices.Equal(u.Roles, roles) {
			return nil
		}
		changed.Roles = roles
		if _, err := tx.Exec(`UPDATE users SET roles = $1 WHERE id = $2`, Words(roles), id); err != nil {
			return err
		}
		if err := noteAdmin(tx, changed); err != nil {
			return err
		}
		return refuseTokens(tx, &changed, now)
	})
	if err != nil {
		return store.User{}, err
	}
	return changed, nil
}

// DisableUser refuses the user from now on.
func (db Records) DisableUser(ctx context.Context, id store.UserID, by string, clock store.Clock) (bool, error) {
	disabled := false
	err := db.withUserLocked(ctx, id, clock, func(tx Tx, u store.User, now time.Time) error {
		if disabled = !u.Disabled(); !disabled {
			return nil
		}
		if _, err := tx.Exec(`UPDATE users SET disabled_at = $1 WHERE id = $2`, Instant(now), id); err != nil {
			return err
		}
		e := store.Ending{Owner: id, Reason: store.UserDisabled, By: by}
		if _, err := End(tx, OtherThan, e, now); err != nil {
			return err
		}
		return refuseTokens(tx, &u, now)
	})
	return disabled && err == nil, err
}

// DeleteUser forgets the person. The row is disabled, so that nothing begins from it.
func (db Records) DeleteUser(ctx context.Context, id store.UserID, clock store.Clock) error {
	return db.withUserLocked(ctx, id, clock, func(tx Tx, u store.User, now time.Time) error {
		_, err := tx.Exec(`UPDATE users SET disabled_at = $1, deleted_at = $1 WHERE id = $2`, Instant(now), id)
		if err != nil {
			return err
		}
		e := store.Ending{Owner: id, Reason: store.UserDeleted}
		if _, err := End(tx, OtherThan, e, now); err != nil {
			return err
		}
		if err := forget(tx, id); err != nil {
			return err
		}
		return refuseTokens(tx, &u, now)
	})
}

// refuseTokens refuses every access token of a user that was issued so far. now was read under
// the locks.
func refuseTokens(tx Tx, u *store.User, now time.Time) error {
	u.NotBefore = store.RaiseNotBefore(u.NotBefore, now)
	if err := tx.SetNotBefore(u.ID, u.NotBefore); err != nil {
		return err
	}
	return tx.Log(now, revoked.Entry{Kind: revoked.User, ID: string(u.ID), NotBefore: u.NotBefore})
}
