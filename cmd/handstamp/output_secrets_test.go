package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// command is one call of the program.
type command struct {
	args  []string
	stdin string
	env   []string
	want  int // exit status
}

// TestNoSecretIsPrinted passes secrets to every command, in the right place and in wrong
// ones, and finds no piece of them in what it prints. standards LG-01, KY-07
func TestNoSecretIsPrinted(t *testing.T) {
	folder := t.TempDir()
	var canary handstamptest.Canaries
	master := secret.NewMaster().Text().Reveal()
	canary.Plant("master key", master)
	bad := "hsm_" + canary.Fresh("master key that is none")
	password := canary.Fresh("password")
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	keyFile, badFile := write("master.key", master+"\n"), write("bad.key", bad+"\n")
	rawFile := write("raw.key", base64.StdEncoding.EncodeToString([]byte(canary.Fresh("raw key"))))
	inFile := write("secret.toml", "master_key = \""+bad+"\"\n")
	misplaced := write("misplaced.toml", "master_key_file = \""+master+"\"\nsignup = \""+master+"\"\n")
	unquoted := write("unquoted.toml", "master_key = "+bad+"\n")

	database := "HANDSTAMP_DATABASE=sqlite:" + filepath.Join(folder, "test.db")
	t.Chdir(folder) // where the audit file is
	good := []string{database, "HANDSTAMP_MASTER_KEY_FILE=" + keyFile}
	serveOnce(t, append(good, "HANDSTAMP_LISTEN=127.0.0.1:0", "HANDSTAMP_OPS_LISTEN="))
	with := func(more ...string) []string { return append(good[:1:1], more...) }
	commands := []command{
		{[]string{"user", "create", "ada@example.com"}, password + "\n", good, 0},
		{[]string{"user", "create", "ada@example.com"}, password + "\n", good, 1},
		{[]string{"user", "create", "not an address"}, password, good, 1},
		{[]string{"user", "create", "bea@example.com", "--name", "Bea\x1b[2J"}, password, good, 1},
		{[]string{"user", "create", "bea@example.com"}, strings.Repeat(password, 9), good, 1},
		{[]string{"user", "create", "bea@example.com"}, password + "\xff", good, 1},
		{[]string{"user", "create", "bea@example.com", "--password", password}, "", good, 2},
		{[]string{"user", "create", "bea@example.com", "--password=" + password}, "", good, 2},
		{[]string{"user", "create", "bea@example.com", password}, "", good, 2},
		{[]string{"user", "list"}, "", good, 0},
		{[]string{"user", "list", "--json"}, "", good, 0},
		{[]string{"session", "list", "ada@example.com"}, "", good, 0},
		{[]string{"key", "list"}, "", good, 0},
		{[]string{"key", "rotate"}, "", good, 0},
		{[]string{"config", "show"}, "", good, 0},
		{[]string{"config", "show"}, "", with("HANDSTAMP_MASTER_KEY=" + master), 0},
		{[]string{"config", "check"}, "", with("HANDSTAMP_MASTER_KEY=" + bad), 1},
		{[]string{"config", "show", "--config", inFile}, "", good[:1], 1},
		{[]string{"config", "check", "--config", misplaced}, "", good[:1], 1},
		{[]string{"config", "check", "--config", unquoted}, "", good[:1], 1},
		{[]string{"config", "check", "--master-key-file", master}, "", good[:1], 1},
		{[]string{"config", "check", "--master-key", master}, "", good[:1], 2},
		{[]string{"config", "check"}, "", with("HANDSTAMP_" + master + "=1"), 1},
		{[]string{"serve"}, "", with("HANDSTAMP_MASTER_KEY_FILE=" + badFile), 1},
		{[]string{"serve"}, "", with("HANDSTAMP_MASTER_KEY_FILE=" + rawFile), 1},
		{[]string{"serve"}, "", with("HANDSTAMP_MASTER_KEY=" + secret.NewMaster().Text().Reveal()), 1},
		{[]string{"serve", "--database", "postgres://ada:" + password + "@localhost/db"}, "", good[1:], 1},
		{[]string{"serve", "--public-url", "https://ada:" + password + "@auth.example.com"}, "", good, 1},
	}
	for _, c := range commands {
		t.Run(c.args[0], func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			got := run(context.Background(), environment{c.args, c.env, strings.NewReader(c.stdin), &stdout, &stderr})
			if got != c.want {
				t.Errorf("run(%q) = %d, want %d: %s", c.args, got, c.want, &stderr)
			}
			printed := map[string]string{"standard output": stdout.String(), "standard error": stderr.String()}
			for name, text := range printed {
				if kind, piece := canary.In(text); kind != "" {
					t.Errorf("run(%q): %s holds %q of a %s: %s", c.args, name, piece, kind, text)
				}
			}
		})
	}
}

// serveOnce starts a server, which makes what is new, and stops it once it listens.
func serveOnce(t *testing.T, env []string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var stderr bytes.Buffer
	out := writerFunc(func(p []byte) (int, error) { stop(); return len(p), nil })
	if got := run(ctx, environment{[]string{"serve"}, env, strings.NewReader(""), out, &stderr}); got != 0 {
		t.Fatalf("serve = %d: %s", got, &stderr)
	}
}

// writerFunc is a function as an io.Writer.
type writerFunc func(p []byte) (int, error)

// Write calls f.
func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
