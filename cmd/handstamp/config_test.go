package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/secret"
)

// TestConfigCheck finds, before a server starts, what would keep it from starting.
func TestConfigCheck(t *testing.T) {
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	write := func(name, text string) {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("empty.key", "\n")
	write("guess.key", "letmein")
	write("good.key", secret.NewMaster().Text().Reveal())
	write("text.db", "this is no database")
	t.Chdir(folder) // where the audit file would be
	write("old.db", "SQLite format 3\x00 and more")
	if err := os.Symlink(path("nothing"), path("dangling.key")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, database, key string
		connect             bool
		want                string // a part of what is said; empty: it is good
	}{
		{"all new", "sqlite:" + path("new.db"), "new.key", false, ""},
		{"all new, reached", "sqlite:" + path("new.db"), "new.key", true, ""},
		{"good key", "sqlite:" + path("new.db"), "good.key", false, ""},
		{"no folder", "sqlite:" + path("nope/new.db"), "new.key", false, "database: no file can be made in " +
			path("nope")},
		{"no folder for the key", "sqlite:" + path("new.db"), "nope/new.key", false,
			"master_key_file: no file can be made"},
		{"garbage", "sqlite:" + path("text.db"), "good.key", false, "text.db is no database of SQLite"},
		{"a folder", "sqlite:" + folder, "good.key", false, "is a directory"},
		{"empty key", "sqlite:" + path("new.db"), "empty.key", false, "empty.key is empty; remove it"},
		{"empty key, old database", "sqlite:" + path("old.db"), "empty.key", false, "put the key back from a backup"},
		{"no key, old database", "sqlite:" + path("old.db"), "new.key", false,
			"is missing, and the database was made with it"},
		{"no key at all", "sqlite:" + path("new.db"), "guess.key", false, "guess.key: a master key begins with hsm_"},
		{"unreached", "postgres://ada@127.0.0.1:1/db", "good.key", false, ""},
		{"not understood", "postgres://ada@127.0.0.1:1/db?sslmode=letmein", "good.key", false,
			"database: open database: sslmode is none of"},
		{"unreachable", "postgres://ada@127.0.0.1:1/db", "good.key", true, "connection refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"config", "check"}
			if test.connect {
				args = append(args, "--connect")
			}
			env := []string{"HANDSTAMP_DATABASE=" + test.database, "HANDSTAMP_MASTER_KEY_FILE=" + path(test.key)}
			var stdout, stderr bytes.Buffer
			got := run(t.Context(), environment{args, env, strings.NewReader(""), &stdout, &stderr})
			if (got == 0) != (test.want == "") || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("config check = %d: %s%s, want %q", got, &stdout, &stderr, test.want)
			}
			if strings.Contains(stderr.String(), "letmein") {
				t.Errorf("it shows what the file holds: %s", &stderr)
			}
		})
	}
	if left, err := filepath.Glob(path("new*")); len(left) > 0 || err != nil {
		t.Errorf("it made %v", left)
	}
}

// TestConfigCheckPlaces finds a file of the audit that nobody can write, and a socket that nobody
// can make.
func TestConfigCheckPlaces(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, test := range []struct{ setting, want string }{
		{"AUDIT_FILE=nope/audit.log", "audit_file: no file can be made in nope"},
		{"AUDIT_FILE=.", "audit_file: open .: is a directory"},
		{"LISTEN=unix:nope/socket", "listen: no file can be made in nope"},
		{"OPS_LISTEN=unix:nope/socket", "ops_listen: no file can be made in nope"},
	} {
		var stderr bytes.Buffer
		e := environment{[]string{"config", "check"}, []string{"HANDSTAMP_" + test.setting}, strings.NewReader(""),
			&bytes.Buffer{}, &stderr}
		if got := run(t.Context(), e); got != 1 || !strings.Contains(stderr.String(), test.want) {
			t.Errorf("config check with %s = %d: %s, want %q", test.setting, got, &stderr, test.want)
		}
	}
}
