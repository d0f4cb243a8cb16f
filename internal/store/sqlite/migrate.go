package sqlite

import (
	"context"
	"embed"
	"fmt"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/migration"
	"github.com/handstamp/handstamp/internal/store/records"
)

// ErrSchema is wrapped when a file holds a schema that this program must not touch.
var ErrSchema = migration.ErrSchema

// files holds the migrations, in order of their names: 0001_what.sql.
//
//go:embed migrations/*.sql
var files embed.FS

// migrate brings the schema up to date, one transaction a step. Where several processes
// do so at once, each step is done by one of them.
func (db *DB) migrate(ctx context.Context, o Options) error {
	steps, err := migration.Read(o.migrations, "migrations")
	if err != nil {
		return err
	}
	done, err := applied(ctx, db.writer, steps) // the usual start writes nothing
	for err == nil && done < len(steps) {
		err = db.write(ctx, func(t tx) error {
			if done, err = applied(t.ctx, t.tx, steps); err != nil || done == len(steps) {
				return err
			}
			done++
			return t.step(steps[done-1], o.Clock)
		})
	}
	return err
}

// step does one migration. Its row comes first, because the script may read it.
func (t tx) step(m migration.Step, clock store.Clock) error {
	_, err := t.Exec(`
		CREATE TABLE IF NOT EXISTS migrations (
			number     INTEGER NOT NULL PRIMARY KEY,
			name       TEXT    NOT NULL,
			sha256     TEXT    NOT NULL,
			applied_at INTEGER NOT NULL
		) STRICT`)
	if err == nil {
		_, err = t.Exec(`INSERT INTO migrations (number, name, sha256, applied_at) VALUES (?, ?, ?, ?)`,
			m.Number, m.Name, m.Sum, records.Instant(clock()))
	}
	if err == nil {
		_, err = t.Exec(m.Script)
	}
	if err != nil {
		return fmt.Errorf("migration %s: %w", m.Name, err)
	}
	return nil
}

// applied returns how many of the steps the file has behind it, and refuses a file that has
// others behind it.
func applied(ctx context.Context, q querier, steps []migration.Step) (int, error) {
	var tables, ours int
	err := q.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'migrations')
		FROM sqlite_schema WHERE type = 'table'`).Scan(&tables, &ours)
	if err != nil || tables == 0 {
		return 0, err
	}
	if ours == 0 {
		return 0, fmt.Errorf("%w: the file belongs to another program", ErrSchema)
	}
	var found []migration.Step
	err = each(func(row records.Scanner) error {
		var m migration.Step
		err := row.Scan(&m.Number, &m.Name, &m.Sum)
		m.Oldest = m.Number // one server a file: no program of an older release runs beside us
		found = append(found, m)
		return err
	})(q.QueryContext(ctx, `SELECT number, name, sha256 FROM migrations ORDER BY number`))
	if err != nil {
		return 0, err
	}
	return migration.Done(steps, found)
}
