package pages_test

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// breakable is a store whose sessions and users cannot be had while its place is broken.
type breakable struct {
	store.Store
	place *place
}

// trouble is the fault of a place that is broken, or nil.
func (b *breakable) trouble() error {
	if b.place.broken.Load() {
		return fault.New(fault.StorageUnavailable)
	}
	return nil
}

// interrupt lets happen what happens meanwhile.
func (b *breakable) interrupt() {
	if happen := b.place.meanwhile; happen != nil {
		b.place.meanwhile = nil
		happen()
	}
}

// Rotate answers unless the store is broken.
func (b *breakable) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	if err := b.trouble(); err != nil {
		return store.Outcome{}, err
	}
	return b.Store.Rotate(ctx, p, now)
}

// UserByEmail answers unless the store is broken.
func (b *breakable) UserByEmail(ctx context.Context, key string) (store.User, error) {
	if err := b.trouble(); err != nil {
		return store.User{}, err
	}
	return b.Store.UserByEmail(ctx, key)
}

// CreateUser answers unless the store is broken.
func (b *breakable) CreateUser(ctx context.Context, u store.User) error {
	if err := b.trouble(); err != nil {
		return err
	}
	return b.Store.CreateUser(ctx, u)
}

// EndSession answers unless the store is broken.
func (b *breakable) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	if err := b.trouble(); err != nil {
		return err
	}
	return b.Store.EndSession(ctx, e, now)
}

// RenameUser answers unless the store is broken.
func (b *breakable) RenameUser(ctx context.Context, id store.UserID, name string) (store.User, error) {
	if err := b.trouble(); err != nil {
		return store.User{}, err
	}
	return b.Store.RenameUser(ctx, id, name)
}

// ChangePassword answers unless the store is broken.
func (b *breakable) ChangePassword(ctx context.Context, c store.PasswordChange, now time.Time) (int, error) {
	if err := b.trouble(); err != nil {
		return 0, err
	}
	b.interrupt()
	return b.Store.ChangePassword(ctx, c, now)
}

// DeleteUser answers unless the store is broken.
func (b *breakable) DeleteUser(ctx context.Context, id store.UserID, clock store.Clock) error {
	if err := b.trouble(); err != nil {
		return err
	}
	b.interrupt()
	return b.Store.DeleteUser(ctx, id, clock)
}

// CreateFirstAdmin answers unless the store is broken.
func (b *breakable) CreateFirstAdmin(ctx context.Context, u store.User) error {
	if err := b.trouble(); err != nil {
		return err
	}
	return b.Store.CreateFirstAdmin(ctx, u)
}
