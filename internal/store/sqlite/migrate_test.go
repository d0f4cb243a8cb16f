package sqlite_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// firstSchema is migration 1, frozen: databases in the field began with it, and refuse to
// meet another.
const (
	firstSchema    = "0001_begin.sql"
	firstSchemaSum = "b17d268dd0d0187f0344b72fbc42f347e98e4a3a94967eed4e618577dcc0ce8a"
)

// mustRead reads a migration and gives its script and checksum.
func mustRead(t *testing.T, name string) (script, sum string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("migrations", name))
	must(t, err)
	digest := sha256.Sum256(text)
	return string(text), hex.EncodeToString(digest[:])
}

// mustBeginOld makes a database with the first schema, a user and a session of hers.
func mustBeginOld(t *testing.T, path string) {
	t.Helper()
	script, sum := mustRead(t, firstSchema)
	db := mustConnect(t, path)
	mustExec(t, db, `CREATE TABLE migrations (
			number     INTEGER NOT NULL PRIMARY KEY,
			name       TEXT    NOT NULL,
			sha256     TEXT    NOT NULL,
			applied_at INTEGER NOT NULL
		) STRICT`,
		`INSERT INTO migrations VALUES (1, '`+firstSchema+`', '`+sum+`', 1793610000000)`, script,
		`INSERT INTO users VALUES ('usr_ada', 'Ada@example.com', 'ada@example.com', NULL, 'Ada', '', '["admin"]', 1793610000000, NULL, 7)`,
		`INSERT INTO sessions VALUES ('AQAAAAAAAAAAAAAAAAAAAA', 'usr_ada', 3, x'0103000000000000', x'0102000000000000', 0, 0, 1793610000000,
			1793610000000, '192.0.2.1', 'Firefox', 1793610000000, '192.0.2.1', 'Firefox',
			7200000, 1893610000000, 1793610000000, '["pwd"]', 'aal1', 1, NULL, '', '', 1793617200000)`)
}

// TestFirstSchema brings a database of the first release up to date, without losing a row,
// and to the same schema as a new one.
func TestFirstSchema(t *testing.T) {
	if _, sum := mustRead(t, firstSchema); sum != firstSchemaSum {
		t.Fatalf("%s has changed: its SHA-256 is %s. Released migrations never change; write a new one", firstSchema, sum)
	}
	path := newPath(t)
	mustBeginOld(t, path)
	db := mustOpen(t, path)
	p := store.Presented{Session: store.SessionID{1}, Generation: 4, Parent: store.Nonce{1, 3}, Nonce: store.Nonce{1, 4}}
	mustRotate(t, db, p, store.Rotated)
	standing, err := db.Session(background, p.Session)
	must(t, err)
	if u := standing.User; u.Name != "Ada" || u.NotBefore != 7 || len(u.Roles) != 1 {
		t.Errorf("user after the upgrade = %+v, want her as she was", u)
	}

	fresh := newPath(t)
	mustOpen(t, fresh)
	if diff := cmp.Diff(mustDescribe(t, fresh), mustDescribe(t, path)); diff != "" {
		t.Errorf("upgraded schema, got +, want - as when new:\n%s", diff)
	}
}

// mustDescribe gives the schema of a database, by table and column, whatever its spelling.
func mustDescribe(t *testing.T, path string) []string {
	t.Helper()
	rows, err := mustConnect(t, path).QueryContext(background, `
		SELECT s.type, s.name, s.tbl_name, coalesce(c.name, i.name, ''), coalesce(c.type, ''), coalesce(c."notnull", 0), coalesce(c.dflt_value, '')
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
		{"changed", `UPDATE migrations SET sha256 = 'x' || substr(sha256, 2) WHERE number = 1`, firstSchema},
		{"gap", `DELETE FROM migrations WHERE number = 1`, "migration 1 is missing"},
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
			if !errors.Is(err, sqlite.ErrSchema) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), path) {
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
			if column == "only" { // what makes it one row
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
