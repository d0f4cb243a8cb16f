package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// openEngine opens the engine that the settings name.
func openEngine(ctx context.Context, d config.Database) (store.Store, error) {
	return sqlite.Open(ctx, d.Path)
}

// claimEngine makes this process a server of the database. The fault is database_in_use
// where the engine has room for one server and has one.
func claimEngine(d config.Database) (release func() error, err error) {
	return sqlite.Claim(d.Path)
}

// Backup writes the database into a new file, while servers run. It makes no database.
func Backup(ctx context.Context, c *config.Config, to string) error {
	if _, err := os.Stat(c.Database.Path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database at %s", c.Database.Path)
	}
	db, err := sqlite.Open(ctx, c.Database.Path)
	if err != nil {
		return err
	}
	return errors.Join(db.Backup(ctx, to), db.Close())
}

// Restore makes the database out of a backup. One that is there is never overwritten.
func Restore(ctx context.Context, c *config.Config, from string, clock store.Clock) error {
	return sqlite.Restore(ctx, from, c.Database.Path, clock)
}
