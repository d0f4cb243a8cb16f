package sqlite_test

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/store/storetest"
)

// firstSchemaSum is that of migration 1, frozen: databases in the field began with it, and refuse
// another.
const firstSchemaSum = "c4ebd84630a594c16929825f469a310073e3a3440eeefb25a63893f7a792d252"

// TestFirstSchema holds the first migration to what it was.
func TestFirstSchema(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("migrations", "0001_begin.sql"))
	must(t, err)
	if sum := fmt.Sprintf("%x", sha256.Sum256(text)); sum != firstSchemaSum {
		t.Errorf(
			"0001_begin.sql has changed: its SHA-256 is %s. Released migrations never change; write a new one",
			sum,
		)
	}
}

// TestUpgrade brings a database of the first schema up to date, without losing a row, and to the
// same schema as a new one.
func TestUpgrade(t *testing.T) {
	path := newPath(t)
	db, err := sqlite.Options{}.WithSteps().Open(background, path)
	must(t, err)
	must(t, db.CreateUser(background, ada))
	p := mustBegin(t, db, 1)
	must(t, db.Close())
	newer := sqlite.Options{Wait: time.Minute}.WithSteps(
		`ALTER TABLE users ADD COLUMN nickname TEXT NOT NULL DEFAULT ''; CREATE INDEX users_nickname ON users (nickname)`,
		`CREATE TABLE later (id TEXT NOT NULL PRIMARY KEY) STRICT`,
	)
	db = mustOpenWith(t, path, newer)
	mustRotate(t, db, p, store.Rotated)
	standing, err := db.Session(background, p.Session)
	must(t, err)
	if diff := cmp.Diff(ada, standing.User); diff != "" {
		t.Errorf("user after the upgrade, got +, want -:\n%s", diff)
	}

	fresh := newPath(t)
	mustOpenWith(t, fresh, newer)
	if diff := cmp.Diff(mustDescribe(t, fresh), mustDescribe(t, path)); diff != "" {
		t.Errorf("upgraded schema, got +, want - as when new:\n%s", diff)
	}
	if _, err := (sqlite.Options{}).WithSteps().Open(background, path); !errors.Is(err, sqlite.ErrSchema) {
		t.Errorf("Open by the older program = %v, want it refused", err)
	}
}

// mustDescribe returns the schema of a database, by table and column, whatever its spelling.
func mustDescribe(t *testing.T, path string) []string {
	t.Helper()
	rows, err := mustConnect(t, path).QueryContext(background, `
		SELECT s.type, s.name, s.tbl_name,
			coalesce(c.name, i.name, ''), coalesce(c.type, ''), coalesce(c."notnull", 0), coalesce(c.dflt_value, '')
		FROM sqlite_schema s LEFT JOIN pragma_table_info(s.name) c ON s.type = 'table' LEFT JOIN pragma_index_info(s.name) i ON s.type = 'index'
		ORDER BY 1, 2, 3, 4`)
	must(t, err)
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		line := make([]sql.NullString, 7)
		must(t, rows.Scan(&line[0], &line[1], &line[2], &line[3], &line[4], &line[5], &line[6]))
		words := make([]string, len(line))
		for i := range line {
			words[i] = line[i].String
		}
		all = append(all, strings.Join(words, " "))
	}
	must(t, rows.Err())
	if len(all) < 40 {
		t.Fatalf("schema has %d lines, want all of it", len(all))
	}
	return all
}

// TestSchemaRefused opens no file whose schema is not ours, and leaves it as it is.
func TestSchemaRefused(t *testing.T) {
	tests := []struct {
		name, change, says string
	}{
		{"newer", `WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 99)
			INSERT OR IGNORE INTO migrations SELECT v, 'later', '', 0 FROM n`, "newer handstamp"},
		{"changed", `UPDATE migrations SET sha256 = 'x' || substr(sha256, 2) WHERE number = 1`, "0001_begin.sql"},
		{"gap", `UPDATE migrations SET number = -1 WHERE number = 1`, "migration 1 is missing"},
		{"another program's", `DROP TABLE migrations`, "another program"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			db, err := sqlite.Open(background, path)
			must(t, err)
			must(t, db.CreateUser(background, ada))
			must(t, db.Close())
			other := mustConnect(t, path)
			mustExec(t, other, tt.change)
			_, err = sqlite.Open(background, path)
			if !errors.Is(err, sqlite.ErrSchema) || !strings.Contains(err.Error(), tt.says) ||
				!strings.Contains(err.Error(), path) {
				t.Errorf("Open = %v, want it refused, saying %q and the path", err, tt.says)
			}
			var users int
			must(t, other.QueryRowContext(background, `SELECT count(*) FROM users`).Scan(&users))
			if users != 1 {
				t.Errorf("users = %d, want what was there", users)
			}
		})
	}
}

// TestNotADatabase names the file that cannot be opened.
func TestNotADatabase(t *testing.T) {
	path := newPath(t)
	must(t, os.WriteFile(path, []byte(strings.Repeat("not a database\n", 1000)), 0o600))
	_, err := sqlite.Open(background, path)
	wantUnavailable(t, "Open(text)", err)
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Open(text) = %v, want it to name the file", err)
	}
}

// TestDocument holds docs/storage.md to name every table and column that there is.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "storage.md"))
	must(t, err)
	path := newPath(t)
	mustOpen(t, path)
	rows, err := mustConnect(t, path).QueryContext(background,
		`SELECT s.name, c.name FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table'`)
	must(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		_, chapter, _ := strings.Cut(string(text), "\n## "+table)
		if table == "revocation_head" {
			_, chapter, _ = strings.Cut(string(text), "`revocation_head` has one row")
			if column == "one_row" { // what makes it one row
				continue
			}
		}
		chapter, _, _ = strings.Cut(chapter, "\n## ")
		if !strings.Contains(chapter, "`"+column+"`") {
			t.Errorf("docs/storage.md says nothing of %s.%s", table, column)
		}
	}
	must(t, rows.Err())
}

// TestTables holds the schema to have those tables and columns that package records knows.
func TestTables(t *testing.T) {
	path := newPath(t)
	mustOpen(t, path)
	rows, err := mustConnect(t, path).QueryContext(background,
		`SELECT s.name, c.name FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table'`)
	must(t, err)
	defer func() { _ = rows.Close() }()
	got := map[string]bool{}
	for rows.Next() {
		var table, column string
		must(t, rows.Scan(&table, &column))
		got[table+"."+column] = true
	}
	must(t, rows.Err())
	storetest.WantColumns(t, got, "revocation_head.one_row")
}
