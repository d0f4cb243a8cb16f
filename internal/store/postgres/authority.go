package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// CreateFirstAdmin keeps a new admin unless there has been one. The metadata comes first: of several
// calls at once, all but one wait there.
func (db *DB) CreateFirstAdmin(ctx context.Context, u store.User) error {
	return db.write(ctx, func(a act) error {
		n, err := a.exec(`INSERT INTO metadata (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, store.FirstAdmin, []byte(u.ID))
		if err != nil {
			return err
		}
		if n == 0 {
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
	_, err := a.exec(`INSERT INTO metadata (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, store.FirstAdmin, []byte(u.ID))
	return err
}

// aboutUser does an act that refuses a user's tokens. It reads her row and the clock with her
// row and those of her sessions locked: no token of hers is minted by what was there before, with an
// iat of later than that. protocol.md R6
func (db *DB) aboutUser(ctx context.Context, id store.UserID, clock store.Clock, do func(a act, u store.User, now time.Time) error) error {
	return db.write(ctx, func(a act) error {
		u, err := a.lockUser(id)
		if err != nil {
			return err
		}
		if err := a.lockSessions(id); err != nil {
			return err
		}
		return do(a, u, cut(clock()))
	})
}

// SetRoles gives the user exactly these roles.
func (db *DB) SetRoles(ctx context.Context, id store.UserID, roles []string, clock store.Clock) (store.User, error) {
	var changed store.User
	err := db.aboutUser(ctx, id, clock, func(a act, u store.User, now time.Time) error {
		changed = u
		if slices.Equal(u.Roles, roles) {
			return nil
		}
		changed.Roles = roles
		if _, err := a.exec(`UPDATE users SET roles = $1 WHERE id = $2`, words(roles), id); err != nil {
			return err
		}
		if err := a.noteAdmin(changed); err != nil {
			return err
		}
		return a.refuseTokens(&changed, now)
	})
	if err != nil {
		return store.User{}, err
	}
	return changed, nil
}

// DisableUser refuses the user from now on.
func (db *DB) DisableUser(ctx context.Context, id store.UserID, by string, clock store.Clock) (bool, error) {
	disabled := false
	err := db.aboutUser(ctx, id, clock, func(a act, u store.User, now time.Time) error {
		if disabled = !u.Disabled(); !disabled {
			return nil
		}
		if _, err := a.exec(`UPDATE users SET disabled_at = $1 WHERE id = $2`, instant(now), id); err != nil {
			return err
		}
		return a.shutOut(&u, store.Ending{Reason: store.UserDisabled, By: by}, now)
	})
	return disabled && err == nil, err
}

// DeleteUser forgets the person. The row stays, empty, for as long as its sessions' rows do:
// they still have to say why they ended. It is disabled, so that nothing begins from it.
func (db *DB) DeleteUser(ctx context.Context, id store.UserID, clock store.Clock) error {
	return db.aboutUser(ctx, id, clock, func(a act, u store.User, now time.Time) error {
		_, err := a.exec(`UPDATE users SET email = '', email_key = 'deleted ' || id, email_verified_at = NULL, name = '',
			password = '', roles = '{}', disabled_at = $1, deleted_at = $1 WHERE id = $2`, instant(now), id)
		if err != nil {
			return err
		}
		if _, err := a.end(otherThan, store.Ending{Owner: id, Reason: store.UserDeleted}, now); err != nil {
			return err
		}
		_, err = a.exec(`UPDATE sessions SET created_ip = '', created_agent = '', last_used_ip = '', last_used_agent = '',
			ended_by = '' WHERE user_id = $1`, id)
		if err != nil {
			return err
		}
		return a.refuseTokens(&u, now)
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
// under the locks: whatever was granted before took its iat earlier, or it is one more than
// the last NotBefore, which may lie ahead of the clock. protocol.md §2, R6
func (a act) refuseTokens(u *store.User, now time.Time) error {
	u.NotBefore = max(u.NotBefore, now.Unix()) + 1
	if _, err := a.exec(`UPDATE users SET not_before = $1 WHERE id = $2`, u.NotBefore, u.ID); err != nil {
		return err
	}
	// A refresh that waits for us has read the user before us: see rotateSQL.
	if _, err := a.exec(`UPDATE sessions SET not_before = $1 WHERE user_id = $2 AND ended_at IS NULL`, u.NotBefore, u.ID); err != nil {
		return err
	}
	return a.log(now, revoked.Entry{Kind: revoked.User, ID: string(u.ID), NotBefore: u.NotBefore})
}

// endEverythingLimit is how long EndEverything may take: it writes every row there is.
const endEverythingLimit = 10 * time.Minute

// EndEverything ends every session and refuses every access token. Nobody else writes users or
// sessions meanwhile: who waits too long is told to come again.
func (db *DB) EndEverything(ctx context.Context, e store.Ending, clock store.Clock) (int, error) {
	var live int
	err := db.useFor(ctx, endEverythingLimit, func(ctx context.Context, conn *pgxpool.Conn) error {
		return transact(ctx, conn, func(a act) (err error) {
			live, err = a.endEverything(e, clock)
			return err
		})
	})
	if err != nil {
		return 0, err
	}
	return live, nil
}

// endEverything is EndEverything in its transaction.
func (a act) endEverything(e store.Ending, clock store.Clock) (int, error) {
	// In the order in which everybody locks their rows.
	for _, table := range []string{"users", "sessions"} {
		if _, err := a.exec(`LOCK TABLE ` + table + ` IN EXCLUSIVE MODE`); err != nil {
			return 0, err
		}
	}
	now := cut(clock())
	var last int64 // of all cut-offs there have been
	err := a.row(`SELECT greatest(not_before, (SELECT max(not_before) FROM users)) FROM revocation_head`).Scan(&last)
	if err != nil {
		return 0, err
	}
	live, err := a.endAll(e, now)
	if err != nil {
		return 0, err
	}
	notBefore := max(last, now.Unix()) + 1
	for _, table := range []string{"users", "revocation_head"} {
		if _, err := a.exec(`UPDATE `+table+` SET not_before = $1`, notBefore); err != nil {
			return 0, err
		}
	}
	return live, a.log(now, revoked.Entry{Kind: revoked.All, NotBefore: notBefore})
}
