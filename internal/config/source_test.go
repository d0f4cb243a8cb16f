package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/config"
)

// TestWhiteSpace reads a value with the newline that its file ended in like the value, from every
// source.
func TestWhiteSpace(t *testing.T) {
	for _, src := range []config.Sources{
		{Environ: []string{"HANDSTAMP_DATABASE=sqlite:hs.db\n", "HANDSTAMP_MASTER_KEY=" + someKey + "\r\n"}},
		{Given: map[string]string{"database": " sqlite:hs.db", "master_key": someKey + "\n"}},
		{File: mustWrite(t, "database = \"sqlite:hs.db\\n\"\nmaster_key = \"\"\"\n"+someKey+"\n\"\"\"\n")},
		{Flags: mustFlags(t, "--config="+mustWrite(t, "database = 'sqlite:hs.db'")+"\n"),
			Environ: []string{"HANDSTAMP_MASTER_KEY=" + someKey}},
		{Flags: mustFlags(t, "--database=sqlite:hs.db\n"), Environ: []string{"HANDSTAMP_MASTER_KEY=\t" + someKey}},
	} {
		c := mustLoad(t, src)
		if c.Database.Path != "hs.db" || c.MasterKey.Reveal() != someKey {
			t.Errorf("Load(%+v) = %q and a key of %d bytes, want hs.db and the key", src, c.Database.Path,
				len(c.MasterKey.Reveal()))
		}
	}
}

// TestDatabaseFile reads the database from a file, as places that mount secrets have it.
func TestDatabaseFile(t *testing.T) {
	const password = "hunter2hunter2"
	path := filepath.Join(t.TempDir(), "database")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	write("postgres://ada:" + password + "@db.example.com/handstamp\n")
	src := config.Sources{Environ: []string{"HANDSTAMP_DATABASE_FILE=" + path}}
	c := mustLoad(t, src)
	if got := c.Database.String(); got != "postgres://ada:(secret)@db.example.com/handstamp" {
		t.Errorf("database = %s", got)
	}
	if got := valueOf(t, c, "database"); got.Source != "the file of database_file" {
		t.Errorf("config show says that it comes from %s", got.Source)
	}
	src.Given = map[string]string{"database": "sqlite:other.db", "database_file": ""} // as db copy does
	if c := mustLoad(t, src); c.Database.Path != "other.db" {
		t.Errorf("database = %s, want what the program names", c.Database)
	}
	for name, src := range map[string]config.Sources{
		"both":    {Environ: []string{"HANDSTAMP_DATABASE_FILE=" + path, "HANDSTAMP_DATABASE=sqlite:x.db"}},
		"missing": {Environ: []string{"HANDSTAMP_DATABASE_FILE=" + path + "x"}},
	} {
		if _, err := config.Load(src); err == nil || !strings.Contains(err.Error(), "database_file") {
			t.Errorf("%s: Load = %v, want a mistake of database_file", name, err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	write("postgress://ada:" + password + "@db.example.com/handstamp")
	if _, err := config.Load(config.Sources{Flags: mustFlags(t, "--database-file", path)}); err == nil ||
		strings.Contains(err.Error(), password) {
		t.Errorf("a mistyped URL: Load = %v, want a mistake without the password", err)
	}
}

// TestNoValueIsShown sets every setting to a value that nobody would know for a secret, and finds
// no trace of it in what is said.
func TestNoValueIsShown(t *testing.T) {
	const word = "xyzzy7plugh"
	for _, value := range []string{word, word + "://" + word + "@" + word, "https://" + word + ".example/?" + word,
		"sqlite://" + word, "postgres://" + word, "postgres://" + word + ":%" + word + "@h/d", word + ":" + word, word +
			" "} {
		if _, err := config.Load(config.Sources{Environ: []string{"HANDSTAMP_CONFIG=" + value}}); err == nil ||
			strings.Contains(err.Error(), word) {
			t.Errorf("HANDSTAMP_CONFIG = %s: %v", value, err)
		}
		for _, names := range config.Names() {
			for _, src := range []config.Sources{
				{Environ: []string{names[2] + "=" + value}},
				{File: mustWrite(t, tomlLine(names[0], value))},
				{File: mustWrite(t, strings.ReplaceAll(tomlLine(names[0], value), `"`, ""))},
			} {
				if _, err := config.Load(src); err != nil && strings.Contains(err.Error(), word) {
					t.Errorf("%s = %s: %v", names[0], value, err)
				}
			}
		}
	}
}

// TestURLsAreNoPaths refuses a URL where the path of a file belongs: it would be shown, and may
// hold a password.
func TestURLsAreNoPaths(t *testing.T) {
	for _, name := range []string{"DATABASE_FILE", "MASTER_KEY_FILE", "AUDIT_FILE"} {
		_, err := config.Load(config.Sources{Environ: []string{"HANDSTAMP_" + name + "=postgres://ada:pw@h/d"}})
		if err == nil || !strings.Contains(err.Error(), "is a URL, not the path of a file") {
			t.Errorf("%s: Load = %v", name, err)
		}
	}
}

// TestServiceLinks passes over exactly what Kubernetes sets for a service named handstamp, and for
// one named handstamp-postgres.
func TestServiceLinks(t *testing.T) {
	good := []string{
		"HANDSTAMP_SERVICE_HOST=10.96.0.17", "HANDSTAMP_SERVICE_PORT=8787", "HANDSTAMP_SERVICE_PORT_HTTP=8787",
		"HANDSTAMP_PORT=tcp://10.96.0.17:8787", "HANDSTAMP_PORT_8787_TCP=tcp://10.96.0.17:8787",
		"HANDSTAMP_PORT_8787_TCP_PROTO=tcp", "HANDSTAMP_PORT_8787_TCP_PORT=8787",
		"HANDSTAMP_PORT_8787_TCP_ADDR=10.96.0.17", "HANDSTAMP_POSTGRES_SERVICE_HOST=fd00::17",
		"HANDSTAMP_POSTGRES_PORT=tcp://[fd00::17]:5432", "HANDSTAMP_POSTGRES_PORT_5432_TCP_ADDR=fd00::17",
		"HANDSTAMP_SERVICE_KEY=hsk_x", "HANDSTAMP_SERVICE_KEY_FILE=/run/secrets/key",
	}
	mustLoad(t, config.Sources{Environ: good})
	for _, bad := range []string{
		"HANDSTAMP_PORT=8787", "HANDSTAMP_SERVICE_HOST=id.example.com", "HANDSTAMP_SERVICE_PORT=http",
		"HANDSTAMP_PORT_8787_TCP_PROTO=http", "HANDSTAMP_PORTS=tcp://10.96.0.17:8787", "HANDSTAMP_SERVICE=10.96.0.17",
		"HANDSTAMP_LISTEN_PORT=8787", "HANDSTAMP_PORT_HTTP=tcp://10.96.0.17:8787",
	} {
		if _, err := config.Load(config.Sources{Environ: []string{bad}}); err == nil {
			t.Errorf("Load(%s) = nil, want a mistake", bad)
		}
	}
}

// TestSockets takes a unix socket to listen on, and one of PostgreSQL as libpq writes it.
func TestSockets(t *testing.T) {
	c := mustLoad(t, config.Sources{Environ: []string{"HANDSTAMP_LISTEN=unix:/run/handstamp/front.sock",
		"HANDSTAMP_OPS_LISTEN=unix:ops.sock", "HANDSTAMP_DATABASE=postgres://ada:s%2Fx@%2Frun%2Fpostgresql/handstamp"}})
	if c.Listen != "unix:/run/handstamp/front.sock" || c.OpsListen != "unix:ops.sock" {
		t.Errorf("listen = %s and %s", c.Listen, c.OpsListen)
	}
	if got := c.Database.URL.Reveal(); got != "postgres://ada:s%2Fx@/handstamp?host=%2Frun%2Fpostgresql" {
		t.Errorf("the URL is %s", got)
	}
	for _, bad := range []string{"unix:", "unix://run/x", "unix:/" + strings.Repeat("x", 100)} {
		if _, err := config.Load(config.Sources{Environ: []string{"HANDSTAMP_LISTEN=" + bad}}); err == nil {
			t.Errorf("listen = %s is taken", bad)
		}
	}
}
