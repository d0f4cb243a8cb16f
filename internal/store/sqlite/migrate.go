package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/handstamp/handstamp/internal/store"
)

// ErrSchema is wrapped when a file holds a schema that this program must not touch: a newer
// one, one whose history is not ours, or that of another program.
var ErrSchema = errors.New("schema refused")

// files holds the migrations, in order of their names: 0001_what.sql.
//
//go:embed migrations/*.sql
var files embed.FS

// migration is one step of the schema. It is never changed once released.
type migration struct {
	number int
	name   string // the file's
	script string
	sum    string // SHA-256 of the script, in hex
}

// migrations gives all steps there are.
func migrations() ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]migration, len(names))
	for i, name := range names {
		script, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(script)
		steps[i] = migration{i + 1, strings.TrimPrefix(name, "migrations/"), string(script), hex.EncodeToString(sum[:])}
		if !strings.HasPrefix(steps[i].name, fmt.Sprintf("%04d_", steps[i].number)) {
			return nil, fmt.Errorf("%w: migration %s is not number %d", ErrSchema, name, i+1)
		}
	}
	return steps, nil
}

// migrate brings the schema up to date, one transaction a step. Where several processes
// do so at once, each step is done by one of them.
func (db *DB) migrate(ctx context.Context, clock store.Clock) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	done, err := applied(ctx, db.writer, steps) // the usual start writes nothing
	for err == nil && done < len(steps) {
		err = db.write(ctx, func(a act) error {
			if done, err = applied(a.ctx, a.tx, steps); err != nil || done == len(steps) {
				return err
			}
			done++
			return a.step(steps[done-1], clock)
		})
	}
	return err
}

// step does one migration. Its row comes first, because the script may read it.
func (a act) step(m migration, clock store.Clock) error {
	_, err := a.exec(`
		CREATE TABLE IF NOT EXISTS migrations (
			number     INTEGER NOT NULL PRIMARY KEY,
			name       TEXT    NOT NULL,
			sha256     TEXT    NOT NULL,
			applied_at INTEGER NOT NULL
		) STRICT`)
	if err == nil {
		_, err = a.exec(`INSERT INTO migrations (number, name, sha256, applied_at) VALUES (?, ?, ?, ?)`,
			m.number, m.name, m.sum, instant(clock()))
	}
	if err == nil {
		_, err = a.exec(m.script)
	}
	if err != nil {
		return fmt.Errorf("migration %s: %w", m.name, err)
	}
	return nil
}

// querier is a connection or a transaction, to read from.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// applied gives how many of the steps the file has behind it, and refuses a file that has
// others behind it.
func applied(ctx context.Context, q querier, steps []migration) (int, error) {
	var tables, ours int
	err := q.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'migrations')
		FROM sqlite_schema WHERE type = 'table'`).Scan(&tables, &ours)
	if err != nil || tables == 0 {
		return 0, err
	}
	if ours == 0 {
		return 0, fmt.Errorf("%w: the file belongs to another program", ErrSchema)
	}
	done := 0
	err = each(func(rows *sql.Rows) error {
		var m migration
		if err := rows.Scan(&m.number, &m.name, &m.sum); err != nil {
			return err
		}
		if done++; m.number != done {
			return fmt.Errorf("%w: migration %d is missing", ErrSchema, done)
		}
		return m.known(steps)
	})(q.QueryContext(ctx, `SELECT number, name, sha256 FROM migrations ORDER BY number`))
	return done, err
}

// known tells whether a step that the file has behind it is one of ours.
func (m migration) known(steps []migration) error {
	if m.number > len(steps) {
		return fmt.Errorf("%w: the file has schema %d (%s), this program knows %d: use a newer handstamp",
			ErrSchema, m.number, m.name, len(steps))
	}
	if m.sum != steps[m.number-1].sum {
		return fmt.Errorf("%w: migration %s of the file is not the one of this program", ErrSchema, m.name)
	}
	return nil
}
