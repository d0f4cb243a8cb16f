// Package test tells stories to the built program: scripts/*.txt, each with somebody who
// attacks. What a command of theirs does is said above the function that TestScripts names.
package test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// programs is the folder with the built programs; TestMain makes it.
var programs string

// TestMain builds the programs once.
func TestMain(m *testing.M) { os.Exit(runAll(m)) }

// runAll builds, runs the tests and cleans up.
func runAll(m *testing.M) int {
	folder, err := os.MkdirTemp("", "handstamp-programs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	if err := programtest.Build(folder, "cmd/handstamp", "examples/service"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	programs = folder
	return m.Run()
}

// TestScripts tells every story, on SQLite.
func TestScripts(t *testing.T) {
	tell(t, testscript.Params{Dir: "scripts", Setup: setUp})
}

// ofFiles are the stories about a database in a file.
var ofFiles = map[string]bool{ // script → whether it is one
	"backup.txt": true, "move_to_postgres.txt": true, "second_server.txt": true, "stolen_database.txt": true,
}

// TestScriptsOnPostgres tells every story on PostgreSQL that is not about a file.
func TestScriptsOnPostgres(t *testing.T) {
	all, err := filepath.Glob(filepath.Join("scripts", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(path string) bool { return ofFiles[filepath.Base(path)] })
	engine := postgrestest.Shared(t)
	onPostgres := func(env *testscript.Env) error { return setUpOn(env, engine.NewDatabase) }
	tell(t, testscript.Params{Files: all, Setup: onPostgres})
}

// tell tells stories.
func tell(t *testing.T, p testscript.Params) {
	t.Helper()
	p.RequireUniqueNames = true
	p.Cmds = map[string]func(*testscript.TestScript, bool, []string){
		"browser":  browser,
		"cookie":   cookie,
		"crash":    crash,
		"forge":    forge,
		"heard":    heard,
		"http":     callHTTP,
		"keep":     keep,
		"kid":      kid,
		"leave":    leave,
		"listen":   listen,
		"over":     over,
		"postgres": func(ts *testscript.TestScript, neg bool, args []string) { emptyDatabase(t, ts) },
		"save":     save,
		"serve":    serve,
		"server":   server,
		"service":  service,
		"stop":     stop,
		"terminal": terminal,
		"within":   within,
	}
	testscript.Run(t, p)
}

// storyKey finds the story in a script's values.
type storyKey struct{}

// story is what one script has going on.
type story struct {
	people    map[string]*handstamptest.Person // by name
	running   map[string]*programtest.Program  // by name: "service", or the server's
	addresses map[string]string                // server → its address
	current   string                           // the server that commands are about
	last      handstamptest.Answer             // of the last http

	listeners map[string]*listener // by name: who has the feed open

	databases   map[string]string      // server → its database, on PostgreSQL
	newDatabase func() (string, error) // makes one there; nil: servers have files
}

// setUp sets a script up with a server's settings and a story.
func setUp(env *testscript.Env) error { return setUpOn(env, nil) }

// setUpOn is setUp, with what makes databases; nil: servers have files.
func setUpOn(env *testscript.Env, newDatabase func() (string, error)) error {
	s := &story{
		people: map[string]*handstamptest.Person{}, running: map[string]*programtest.Program{},
		addresses: map[string]string{}, listeners: map[string]*listener{},
		databases: map[string]string{}, newDatabase: newDatabase,
	}
	env.Values[storyKey{}] = s
	env.Defer(s.end)
	env.Setenv("PATH", programs+string(filepath.ListSeparator)+env.Getenv("PATH"))
	return s.switchTo("handstamp", env.Setenv)
}

// storyOf returns the script's story.
func storyOf(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

// end stops what the script has left running.
func (s *story) end() {
	for _, p := range s.running {
		p.Kill()
	}
}

// switchTo makes name the server that commands are about: its settings are in the
// environment, its address in $URL, its files are called by its name.
func (s *story) switchTo(name string, setenv func(key, value string)) error {
	if s.addresses[name] == "" {
		address, err := programtest.FreeAddress()
		if err != nil {
			return err
		}
		s.addresses[name] = address
	}
	s.current = name
	url := (&programtest.Program{Address: s.addresses[name]}).URL()
	setenv("URL", url)
	setenv("HANDSTAMP_PUBLIC_URL", url)
	setenv("HANDSTAMP_LISTEN", s.addresses[name])
	setenv("HANDSTAMP_OPS_LISTEN", "")
	setenv("HANDSTAMP_MASTER_KEY_FILE", name+".key")
	database, err := s.database(name)
	setenv("HANDSTAMP_DATABASE", database)
	return err
}

// database returns the setting for a server's database, the same each time.
func (s *story) database(name string) (string, error) {
	if s.newDatabase == nil {
		return "sqlite:" + name + ".db", nil
	}
	if s.databases[name] == "" {
		made, err := s.newDatabase()
		if err != nil {
			return "", err
		}
		s.databases[name] = made
	}
	return s.databases[name], nil
}

// server goes on with another server: server NAME.
func server(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: server NAME")
	}
	ts.Check(storyOf(ts).switchTo(args[0], ts.Setenv))
}

// emptyDatabase sets $DATABASE to the URL of a new database in a PostgreSQL that is thrown away.
func emptyDatabase(t *testing.T, ts *testscript.TestScript) {
	database, err := postgrestest.Shared(t).NewDatabase()
	ts.Check(err)
	ts.Setenv("DATABASE", database)
}
