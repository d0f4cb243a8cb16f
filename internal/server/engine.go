package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// openEngine opens the engine that the settings name.
func openEngine(ctx context.Context, d config.Database) (store.Store, error) {
	if d.Engine == config.EnginePostgres {
		return postgres.Open(ctx, d.URL.Reveal())
	}
	return sqlite.Open(ctx, d.Path)
}

// WantDatabase returns an error unless a server has made the database: a command in the wrong
// folder must not make another, and report on that one.
func WantDatabase(ctx context.Context, d config.Database) error {
	made, err := isMade(ctx, d)
	if err != nil || made {
		return err
	}
	return fmt.Errorf("there is no database at %s; only serve and dev make one\n"+
		"hint: run this in the server's folder, or name its settings with --config or --database", d.Place())
}

// isMade reports whether there is a database. It makes none.
func isMade(ctx context.Context, d config.Database) (bool, error) {
	if d.Engine == config.EnginePostgres {
		return postgres.Made(ctx, d.URL.Reveal())
	}
	info, err := os.Stat(d.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && (info.Size() > 0 || !info.Mode().IsRegular()), err
}

// claimEngine makes this process a server of the database. The fault is database_in_use
// where the engine has room for one server and has one.
func claimEngine(d config.Database) (release func() error, err error) {
	if d.Engine == config.EnginePostgres {
		return func() error { return nil }, nil // any number of servers
	}
	return sqlite.Claim(d.Path)
}

// onlySQLite refuses what is for a file. PostgreSQL has better of its own.
func onlySQLite(d config.Database, instead string) error {
	if d.Engine == config.EngineSQLite {
		return nil
	}
	return errors.New("this is for a database in a file; yours is PostgreSQL: " + instead)
}

// Backup writes the database into a new file, while servers run. It makes no database.
func Backup(ctx context.Context, c *config.Config, to string) error {
	const instead = "use pg_dump, or its continuous archiving to come back to any moment; " +
		"the master key is in neither: keep it as well, elsewhere"
	if err := onlySQLite(c.Database, instead); err != nil {
		return err
	}
	if err := WantDatabase(ctx, c.Database); err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, c.Database.Path)
	if err != nil {
		return err
	}
	return errors.Join(db.Backup(ctx, to), db.Close())
}

// Restore makes the database out of a backup. One that is there is never overwritten.
func Restore(ctx context.Context, c *config.Config, from string) error {
	const instead = "stop every server, use pg_restore, or its point-in-time recovery, and start them again"
	if err := onlySQLite(c.Database, instead); err != nil {
		return err
	}
	return sqlite.Restore(ctx, from, c.Database.Path, time.Now)
}
