package postgres

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/migration"
	"github.com/handstamp/handstamp/internal/store/records"
)

// files holds the migrations, in order of their names: 0001_what.sql. One that only adds what the
// release before need not know says so in its first line, and nodes of both releases run side by
// side: see migration.Step.
//
//go:embed migrations/*.sql
var files embed.FS

// stepTries is how often a step is tried while others are in its way: nodes that start at the same
// time, or refreshes under way on a table that it changes.
const stepTries = 60

// stepWait is how long a step waits for a table, in PostgreSQL's spelling. Whoever comes after it
// waits behind it.
const stepWait = `1s`

// migrate brings the schema up to date, one transaction a step. Where several nodes do so at
// once, each step is done by one of them.
func (db *DB) migrate(ctx context.Context, o Options) error {
	steps, err := migration.Read(o.migrations, "migrations")
	if err != nil {
		return err
	}
	for tries := 1; ; tries++ {
		done, err := db.applied(ctx, steps)
		if err != nil || done == len(steps) {
			return err
		}
		switch err := db.step(ctx, steps[done], o.Clock); {
		case err == nil:
			tries = 0
		case !inTheWay(err) || tries == stepTries:
			return fmt.Errorf("migration %s: %w", steps[done].Name, err)
		default:
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// inTheWay reports whether another node was doing the same step, or somebody held a table.
func inTheWay(err error) bool {
	switch code(err) {
	case uniqueViolation, duplicateTable, duplicateObject, notNow, deadlock, serialization:
		return true
	}
	return false
}

// step does one migration. Its row comes first: another node that is at the same step waits for
// it there, and the script may read it. However long the script takes, it is finished.
func (db *DB) step(ctx context.Context, m migration.Step, clock store.Clock) error {
	conn, err := db.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return transact(ctx, conn, func(t tx) error {
		if _, err := t.Exec(`SET LOCAL lock_timeout = '` + stepWait + `'`); err != nil {
			return err
		}
		_, err := t.Exec(`CREATE TABLE IF NOT EXISTS migrations (
			number     BIGINT NOT NULL PRIMARY KEY,
			oldest     BIGINT NOT NULL,
			applied_at BIGINT NOT NULL,
			name       TEXT   NOT NULL,
			sha256     TEXT   NOT NULL
		)`)
		if err != nil {
			return err
		}
		_, err = t.Exec(`INSERT INTO migrations (number, oldest, applied_at, name, sha256) VALUES ($1, $2, $3, $4, $5)`,
			m.Number, m.Oldest, records.Instant(clock()), m.Name, m.Sum)
		if err != nil {
			return err
		}
		_, err = t.tx.Conn().PgConn().Exec(t.ctx, m.Script).ReadAll() // several statements
		return err
	})
}

// applied returns how many of the steps the database has behind it, and refuses a database that has
// others behind it.
func (db *DB) applied(ctx context.Context, steps []migration.Step) (done int, err error) {
	err = db.use(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		var tables, ours int
		err := conn.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE tablename = 'migrations')
			FROM pg_tables WHERE schemaname = current_schema()`).Scan(&tables, &ours)
		if err != nil || tables == 0 {
			return err
		}
		if ours == 0 {
			return fmt.Errorf("%w: the database belongs to another program; give handstamp one of its own",
				migration.ErrSchema)
		}
		var found []migration.Step
		err = each(ctx, conn, func(row records.Scanner) error {
			var m migration.Step
			err := row.Scan(&m.Number, &m.Oldest, &m.Name, &m.Sum)
			found = append(found, m)
			return err
		}, `SELECT number, oldest, name, sha256 FROM migrations ORDER BY number`)
		if err != nil {
			return err
		}
		done, err = migration.Done(steps, found)
		return err
	})
	return done, err
}
