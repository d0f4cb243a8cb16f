package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestErrorsNameTheirCause holds the words for what goes wrong on somebody's first day to naming
// the cause first, and to saying what to do about it.
func TestErrorsNameTheirCause(t *testing.T) {
	folder := t.TempDir()
	path := func(name string) string { return filepath.Join(folder, name) }
	if err := os.WriteFile(path("text.db"), bytes.Repeat([]byte("no database\n"), 500), 0o600); err != nil {
		t.Fatal(err)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	env := func(database string) []string {
		return []string{"HANDSTAMP_DATABASE=" + database, "HANDSTAMP_MASTER_KEY_FILE=" + path("handstamp.key"),
			"HANDSTAMP_LISTEN=" + busy.Addr().String(), "HANDSTAMP_OPS_LISTEN="}
	}
	for _, test := range []struct {
		name, database string
		args           []string
		want           []string // a part of each line
	}{
		{"no such folder", "sqlite:" + path("nope/x.db"), []string{"serve"},
			[]string{"no such file or directory", "hint: there is no folder " + path("nope") + ": make it"}},
		{"a folder", "sqlite:" + folder, []string{"serve"}, []string{"open database", "hint: "}},
		{"no database", "sqlite:" + path("text.db"), []string{"serve"},
			[]string{"file is not a database", "hint: the file is no database of Handstamp"}},
		{"address in use", "sqlite:" + path("a.db"), []string{"serve"},
			[]string{"address already in use", "hint: another program listens there"}},
		{"no backup", "sqlite:" + path("b.db"), []string{"db", "restore", path("nope.db")},
			[]string{"restore: open", "hint: there is no file " + path("nope.db")}},
		{"nobody listens", "postgres://ada@127.0.0.1:1/db", []string{"user", "list"},
			[]string{"connection refused", "hint: nothing listens there: is PostgreSQL running"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stderr bytes.Buffer
			e := environment{test.args, env(test.database), strings.NewReader(""), &bytes.Buffer{}, &stderr}
			if got := run(t.Context(), e); got != 1 {
				t.Errorf("run(%q) = %d, want 1", test.args, got)
			}
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			said := lines[max(0, len(lines)-len(test.want)):]
			for i, part := range test.want {
				if len(said) <= i || !strings.Contains(said[i], part) {
					t.Errorf("it says\n%s\nwant %q in line %d of the end", &stderr, part, i+1)
				}
			}
			if strings.Contains(stderr.String(), "right now") {
				t.Errorf("it speaks of a moment, not of the cause: %s", &stderr)
			}
		})
	}
}
