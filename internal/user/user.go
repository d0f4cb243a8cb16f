// Package user owns users: how they sign up, prove who they are, change their name and password,
// and are shut out. It knows nothing of sessions but that a changed password and a disabled user
// end them, in one transaction of the store.
package user

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// Manager makes, proves, changes and deletes users.
type Manager struct{ parts Parts }

// Parts are what a Manager works with.
type Parts struct {
	Users       store.Users
	Changes     store.UserChanges
	Metadata    store.Metadata // where it says whether there was an admin
	Hasher      *password.Hasher
	Policy      password.Policy
	Revocations *revocation.Log
	Log         *audit.Log
	Signup      config.Signup // who may sign up; empty: nobody
	SetupKey    secret.Key    // signs the link that makes the first admin
	Now         func() time.Time
}

// New makes a Manager.
func New(p Parts) *Manager { return &Manager{p} }

// SignupOpen reports whether anybody may sign up.
func (m *Manager) SignupOpen() bool { return m.parts.Signup == config.SignupOpen }

// MinPasswordLength returns how many characters a password has at least, for a page to say so.
func (m *Manager) MinPasswordLength() int {
	return cmp.Or(m.parts.Policy.MinLength, password.MinLengthAlone)
}

// Proof says that somebody knew a user's password, and which one.
type Proof struct {
	User     store.UserID
	Password store.PasswordHash
}

// Fresh is what a new user is made of.
type Fresh struct {
	Email    string
	Name     string // empty: not given
	Password secret.Text
	Roles    []string // only the operator and the first admin's link give any; nil: none
}

// SignUp makes a user for the caller, whose password is thereby proved. The faults are
// signup_closed, invalid_request and email_taken.
func (m *Manager) SignUp(ctx context.Context, by audit.Caller, f Fresh) (Proof, error) {
	if !m.SignupOpen() {
		return Proof{}, fault.New(fault.SignupClosed)
	}
	f.Roles = nil
	return m.create(ctx, by, f, m.parts.Users.CreateUser)
}

// Create makes a user for the operator, whatever the sign-up mode.
func (m *Manager) Create(ctx context.Context, by audit.Caller, f Fresh) (Proof, error) {
	if err := by.MustOperate(); err != nil {
		return Proof{}, err
	}
	return m.create(ctx, by, f, m.parts.Users.CreateUser)
}

// keeper is a method of store.Users that keeps a new user.
type keeper func(context.Context, store.User) error

// create checks everything, reports all mistakes at once, and keeps the user.
func (m *Manager) create(ctx context.Context, by audit.Caller, f Fresh, keep keeper) (Proof, error) {
	email, mistakes := checkEmail(f.Email)
	name, wrong := checkName(f.Name)
	mistakes = append(mistakes, wrong...)
	roles, wrong := checkRoles(f.Roles)
	mistakes = append(mistakes, wrong...)
	mistakes = append(mistakes, m.judge("password", f.Password, email.Key, name)...)
	if err := invalid(mistakes); err != nil {
		return Proof{}, err
	}
	hash, err := m.parts.Hasher.Hash(ctx, f.Password)
	if err != nil {
		return Proof{}, err
	}
	now := m.parts.Now()
	u := store.User{
		ID: newID(now), Email: email.Shown, EmailKey: email.Key, Name: name,
		Password: hash, Roles: roles, CreatedAt: now,
	}
	if err := keep(ctx, u); err != nil {
		return Proof{}, err
	}
	m.parts.Log.Record(ctx, by, audit.Event{Name: audit.UserCreated, User: u.ID})
	return Proof{u.ID, hash}, nil
}

// judge returns what is wrong with a password, under the member's name.
func (m *Manager) judge(member string, given secret.Text, emailKey, name string) []fault.Field {
	return m.parts.Policy.Judge(given, password.About{Member: member, Email: emailKey, Name: name})
}

// invalid returns the fault that lists mistakes, or nil if there are none.
func invalid(mistakes []fault.Field) error {
	if len(mistakes) == 0 {
		return nil
	}
	f := fault.New(fault.InvalidRequest)
	f.Fields = mistakes
	return f
}

// Authenticate checks a password. Every refusal is the same fault, invalid_credentials, and costs
// the same work: an unknown address, a wrong password and a disabled user must not be told apart.
// Only the log says which it was. The fault is overloaded, before anything is looked up, while too
// many wait to be checked.
func (m *Manager) Authenticate(ctx context.Context, by audit.Caller, email string, given secret.Text) (Proof, error) {
	if err := m.parts.Hasher.Ready(); err != nil {
		return Proof{}, err
	}
	u, err := m.find(ctx, email)
	if err != nil && !fault.HasCode(err, fault.UserNotFound) {
		return Proof{}, err
	}
	if err != nil || u.Password == "" {
		if err := m.parts.Hasher.CheckNothing(ctx, given); err != nil {
			return Proof{}, err
		}
		return Proof{}, m.refuse(ctx, by, u.ID, "unknown_user")
	}
	ok, rehash, err := m.parts.Hasher.Check(ctx, u.Password, given)
	switch {
	case err != nil:
		return Proof{}, err
	case !ok:
		return Proof{}, m.refuse(ctx, by, u.ID, "wrong_password")
	case u.Disabled():
		return Proof{}, m.refuse(ctx, by, u.ID, "user_disabled")
	case rehash:
		return m.rehash(ctx, u, given)
	}
	return Proof{u.ID, u.Password}, nil
}

// find returns the user of an address as it was typed.
func (m *Manager) find(ctx context.Context, typed string) (store.User, error) {
	email, mistakes := checkEmail(typed)
	if len(mistakes) > 0 {
		return store.User{}, fault.New(fault.UserNotFound)
	}
	return m.parts.Users.UserByEmail(ctx, email.Key)
}

// refuse logs the reason, which the returned fault does not tell.
func (m *Manager) refuse(ctx context.Context, by audit.Caller, id store.UserID, reason string) error {
	m.parts.Log.Record(ctx, by, audit.Event{Name: audit.SignInFailed, User: id, Reason: reason})
	return fault.New(fault.InvalidCredentials)
}

// rehash keeps the password's hash under today's parameters.
func (m *Manager) rehash(ctx context.Context, u store.User, given secret.Text) (Proof, error) {
	hash, err := m.parts.Hasher.Hash(ctx, given)
	if err != nil {
		return Proof{}, err
	}
	done, err := m.parts.Changes.Rehash(ctx, u.ID, u.Password, hash)
	if err != nil || !done {
		return Proof{u.ID, u.Password}, err
	}
	return Proof{u.ID, hash}, nil
}

// newID returns a new user's id: "usr_" and a UUIDv7 (RFC 9562 §5.7) as 22 base64url characters.
// The time in front keeps new rows together.
func newID(now time.Time) store.UserID {
	raw := secret.Random(16)
	binary.BigEndian.PutUint16(raw[0:], uint16(now.UnixMilli()>>32))
	binary.BigEndian.PutUint32(raw[2:], uint32(now.UnixMilli()))
	raw[6] = raw[6]&0x0f | 0x70
	raw[8] = raw[8]&0x3f | 0x80
	return store.UserID("usr_" + base64.RawURLEncoding.EncodeToString(raw))
}
