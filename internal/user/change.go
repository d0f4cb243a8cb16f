package user

import (
	"context"
	"strings"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// Get returns the caller's own user.
func (m *Manager) Get(ctx context.Context, by audit.Caller) (store.User, error) {
	return m.parts.Users.User(ctx, by.User)
}

// Rename sets the caller's own name. Empty takes it away. The fault is invalid_request.
func (m *Manager) Rename(ctx context.Context, by audit.Caller, name string) (store.User, error) {
	name, mistakes := checkName(name)
	if err := invalid(mistakes); err != nil {
		return store.User{}, err
	}
	u, err := m.parts.Changes.RenameUser(ctx, by.User, name)
	if err == nil {
		m.parts.Log.Record(ctx, by, audit.Event{Name: audit.UserRenamed, User: u.ID})
	}
	return u, err
}

// ChangePassword sets the caller's password and ends the caller's other sessions.
// The faults are invalid_credentials for a wrong current password, and invalid_request.
func (m *Manager) ChangePassword(ctx context.Context, by audit.Caller, current, next secret.Text) error {
	u, err := m.parts.Users.User(ctx, by.User)
	if err != nil {
		return err
	}
	mistakes := m.judge("new_password", next, u.EmailKey, u.Name)
	if current.Reveal() == next.Reveal() {
		const detail = "This is the password you have now."
		mistakes = append(mistakes, fault.Field{Name: "new_password", Code: "unchanged", Detail: detail})
	}
	if err := invalid(mistakes); err != nil {
		return err
	}
	ok, _, err := m.parts.Hasher.Check(ctx, u.Password, current)
	if err != nil {
		return err
	}
	if !ok {
		return m.refuse(ctx, by, u.ID, "wrong_password")
	}
	return m.setPassword(ctx, by, u, next)
}

// setPassword keeps the new hash and ends the other sessions, in one transaction.
func (m *Manager) setPassword(ctx context.Context, by audit.Caller, u store.User, next secret.Text) error {
	hash, err := m.parts.Hasher.Hash(ctx, next)
	if err != nil {
		return err
	}
	change := store.PasswordChange{User: u.ID, From: u.Password, To: hash, Keep: by.Session, By: by.DeviceName()}
	n, err := m.parts.Changes.ChangePassword(ctx, change, m.parts.Now())
	if err != nil {
		return err
	}
	m.parts.Log.Record(ctx, by, audit.Event{Name: audit.PasswordChanged, User: u.ID, Count: n})
	return m.parts.Revocations.CatchUp(ctx)
}

// Disable shuts a user out: no sign-in, no refresh, every session ended, every access token
// refused. It reports whether the user was enabled.
func (m *Manager) Disable(ctx context.Context, by audit.Caller, id store.UserID) (bool, error) {
	if err := by.MustOperate(); err != nil {
		return false, err
	}
	changed, err := m.parts.Changes.DisableUser(ctx, id, by.DeviceName(), m.parts.Now)
	if err != nil || !changed {
		return false, err
	}
	m.parts.Log.Record(ctx, by, audit.Event{Name: audit.UserDisabled, User: id})
	return true, m.parts.Revocations.CatchUp(ctx)
}

// SetRoles sets a user's roles to exactly these. They count for new access tokens at once; older
// ones are refused, and their holders refresh.
func (m *Manager) SetRoles(ctx context.Context, by audit.Caller, id store.UserID, roles []string) (store.User, error) {
	if err := by.MustOperate(); err != nil {
		return store.User{}, err
	}
	roles, mistakes := checkRoles(roles)
	if err := invalid(mistakes); err != nil {
		return store.User{}, err
	}
	u, err := m.parts.Changes.SetRoles(ctx, id, roles, m.parts.Now)
	if err != nil {
		return store.User{}, err
	}
	m.parts.Log.Record(ctx, by, audit.Event{Name: audit.RolesChanged, User: id, Reason: strings.Join(roles, " ")})
	return u, m.parts.Revocations.CatchUp(ctx)
}

// Delete forgets the caller: every session ends, every access token is refused, and the
// address is free for somebody else.
func (m *Manager) Delete(ctx context.Context, by audit.Caller) error {
	if err := m.parts.Changes.DeleteUser(ctx, by.User, m.parts.Now); err != nil {
		return err
	}
	m.parts.Log.Record(ctx, by, audit.Event{Name: audit.UserDeleted, User: by.User})
	return m.parts.Revocations.CatchUp(ctx)
}

// List returns up to limit users with ids above after, for the operator.
func (m *Manager) List(ctx context.Context, by audit.Caller, after store.UserID, limit int) ([]store.User, error) {
	if err := by.MustOperate(); err != nil {
		return nil, err
	}
	return m.parts.Users.ListUsers(ctx, after, limit)
}

// Find returns the user that the operator names by id or address. The fault is user_not_found.
func (m *Manager) Find(ctx context.Context, by audit.Caller, idOrEmail string) (store.User, error) {
	if err := by.MustOperate(); err != nil {
		return store.User{}, err
	}
	u, err := m.parts.Users.User(ctx, store.UserID(idOrEmail))
	if fault.HasCode(err, fault.UserNotFound) {
		return m.find(ctx, idOrEmail)
	}
	return u, err
}
