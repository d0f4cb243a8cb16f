package sqlite

import (
	"context"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// CreateUser keeps a new user, as one of a batch.
func (db *DB) CreateUser(ctx context.Context, u store.User) error {
	return db.writeBatched(ctx, func(t tx) error { return records.CreateUser(t, u) })
}
