package server_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// place is where a server keeps its things.
type place struct {
	t      *testing.T
	folder string
	log    logtest.Log
}

// keyFile is where the master key is.
func (p *place) keyFile() string { return filepath.Join(p.folder, "test.key") }

// open opens a server there with more settings, and closes it again.
func (p *place) open(more map[string]string) error {
	p.t.Helper()
	given := map[string]string{"database": "sqlite:" + filepath.Join(p.folder, "test.db"),
		"master_key_file": p.keyFile()}
	for name, value := range more {
		if given[name] = value; value == "" {
			delete(given, name)
		}
	}
	c, err := config.Load(config.Sources{Given: given})
	if err != nil {
		return err
	}
	s, err := server.Open(p.t.Context(), c, server.Options{Log: slog.New(slog.NewTextHandler(&p.log, nil))})
	if err != nil {
		return err
	}
	return s.Close()
}

// write puts text where the master key is kept.
func (p *place) write(text string) {
	p.t.Helper()
	if err := os.WriteFile(p.keyFile(), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// TestMasterKey makes the key with a new database, for its owner alone, and goes on with an
// old one under the same key or not at all.
func TestMasterKey(t *testing.T) {
	p := &place{t: t, folder: t.TempDir()}
	if err := p.open(nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(p.keyFile())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v, want mode 0600", info, err)
	}
	text, err := os.ReadFile(p.keyFile())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.log.String(), string(text[4:20])) || !strings.Contains(p.log.String(), "back it up") {
		t.Errorf("log = %s, want the advice and not the key", &p.log)
	}
	if left, _ := filepath.Glob(filepath.Join(p.folder, ".handstamp-key-*")); len(left) > 0 {
		t.Errorf("drafts of the key are left: %v", left)
	}
	steps := []struct {
		name   string
		change func()
		more   map[string]string
		want   string // in the error; empty: it opens
	}{
		{"again", func() {}, nil, ""},
		{"given as a value", func() {},
			map[string]string{"master_key_file": "", "master_key": strings.TrimSpace(string(text))}, ""},
		{"another value", func() {},
			map[string]string{"master_key_file": "", "master_key": secret.NewMaster().Text().Reveal()},
			"made with another master key"},
		{"another file", func() { p.write(secret.NewMaster().Text().Reveal()) }, nil, "made with another master key"},
		{"empty file", func() { p.write("") }, nil, "begins with hsm_"},
		{"half a file", func() { p.write(string(text[:20])) }, nil, "43 base64url characters"},
		{"no file", func() { os.Remove(p.keyFile()) }, nil, "is missing, and the database was made with it"},
		{"a folder in its place", func() { os.Mkdir(p.keyFile(), 0o700) }, nil, "master key:"},
		{"put back", func() { os.Remove(p.keyFile()); p.write(string(text)) }, nil, ""},
	}
	for _, step := range steps {
		step.change()
		err := p.open(step.more)
		wrong := err != nil
		if step.want != "" {
			wrong = err == nil || !strings.Contains(err.Error(), step.want)
		}
		if wrong {
			t.Errorf("%s: Open() = %v, want %q", step.name, err, step.want)
		}
	}
	if err := os.Chmod(p.keyFile(), 0o644); err != nil {
		t.Fatal(err)
	}
	p.log.Take()
	if err := p.open(nil); err != nil || !strings.Contains(p.log.String(), "chmod 600") {
		t.Errorf("a key that others can read: %v, log %s, want a warning", err, &p.log)
	}
}

// TestMasterKeyTogether starts many processes at once where all is new: one key is made, and
// all go on under it.
func TestMasterKeyTogether(t *testing.T) {
	folder := t.TempDir()
	var all sync.WaitGroup
	failed := make([]error, 6)
	for i := range failed {
		all.Go(func() { failed[i] = (&place{t: t, folder: folder}).open(nil) })
	}
	all.Wait()
	for i, err := range failed {
		if err != nil {
			t.Errorf("start %d: %v", i, err)
		}
	}
	if err := (&place{t: t, folder: folder}).open(nil); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestFirstStartIsAllOrNothing fails to make the key in every way, makes no database then, and
// starts as if nothing had been once the reason is gone.
func TestFirstStartIsAllOrNothing(t *testing.T) {
	for _, test := range []struct {
		name       string
		spoil, fix func(p *place) error
		want       string
	}{
		{"symbolic link to nothing", func(p *place) error { return os.Symlink("nothing", p.keyFile()) },
			func(p *place) error { return os.Remove(p.keyFile()) }, "is a symbolic link to nothing"},
		{"a folder", func(p *place) error { return os.Mkdir(p.keyFile(), 0o700) },
			func(p *place) error { return os.Remove(p.keyFile()) }, "is a directory"},
		{"no key", func(p *place) error { return os.WriteFile(p.keyFile(), []byte("letmein"), 0o600) },
			func(p *place) error { return os.Remove(p.keyFile()) }, "begins with hsm_"},
		{"an empty file, as a crash may leave it",
			func(p *place) error { return os.WriteFile(p.keyFile(), nil, 0o600) },
			func(*place) error { return nil }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &place{t: t, folder: t.TempDir()}
			if err := test.spoil(p); err != nil {
				t.Fatal(err)
			}
			err := p.open(nil)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open() = %v, want %q", err, test.want)
			}
			if _, found := os.Stat(filepath.Join(p.folder, "test.db")); err != nil && found == nil {
				t.Error("it has made a database")
			}
			if err := test.fix(p); err != nil {
				t.Fatal(err)
			}
			if err := p.open(nil); err != nil {
				t.Errorf("Open() after that = %v", err)
			}
		})
	}
}

// TestFirstStartOnPostgreSQL makes no tables as long as the master key cannot be made, and both
// when it can.
func TestFirstStartOnPostgreSQL(t *testing.T) {
	p := &place{t: t, folder: t.TempDir()}
	database := map[string]string{"database": postgrestest.Shared(t).Database(t)}
	c, err := config.Load(config.Sources{Given: database})
	if err != nil {
		t.Fatal(err)
	}
	p.write("letmein")
	if err := p.open(database); err == nil || !strings.Contains(err.Error(), "begins with hsm_") {
		t.Errorf("Open() without a good key = %v", err)
	}
	if made, err := server.CheckConnect(t.Context(), c); made || err != nil {
		t.Errorf("it has made tables: %v, %v", made, err)
	}
	if err := os.Remove(p.keyFile()); err != nil {
		t.Fatal(err)
	}
	if err := p.open(database); err != nil {
		t.Errorf("Open() after that = %v", err)
	}
}

// TestCommandsMakeNoKey refuses a command on a database that has no master key yet, and makes none.
func TestCommandsMakeNoKey(t *testing.T) {
	p := &place{t: t, folder: t.TempDir()}
	path := filepath.Join(p.folder, "test.db")
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	c, err := config.Load(config.Sources{Given: map[string]string{
		"database": "sqlite:" + path, "master_key_file": p.keyFile()}})
	if err != nil {
		t.Fatal(err)
	}
	o := server.Options{Beside: true, Log: slog.New(slog.DiscardHandler)}
	if _, err := server.Open(t.Context(), c, o); err == nil || !strings.Contains(err.Error(), "first start") {
		t.Errorf("Open() beside = %v, want an error about the first start", err)
	}
	if _, err := os.Stat(p.keyFile()); err == nil {
		t.Error("it has made a key")
	}
}

// TestKeyWithoutHardLinks makes the key on a file system that has no hard links.
func TestKeyWithoutHardLinks(t *testing.T) {
	defer server.WithoutHardLinks()()
	p := &place{t: t, folder: t.TempDir()}
	for range 2 {
		if err := p.open(nil); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(p.keyFile()); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 48 {
		t.Errorf("key file: %v, %v", info, err)
	}
}

// TestModes warns of every file of ours that is open to others, takes a key as secrets are mounted,
// and makes a database for its owner alone also where a symbolic link leads to.
func TestModes(t *testing.T) {
	p := &place{t: t, folder: t.TempDir()}
	target := filepath.Join(p.folder, "target.db")
	if err := os.Symlink(target, filepath.Join(p.folder, "test.db")); err != nil {
		t.Fatal(err)
	}
	if err := p.open(nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database: %v, %v, want mode 0600", info, err)
	}
	mounted := filepath.Join(p.folder, "..data")
	if err := os.Rename(p.keyFile(), mounted); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(mounted, 0o440), os.Symlink("..data", p.keyFile())); err != nil {
		t.Fatal(err)
	}
	p.log.Take()
	if err := p.open(nil); err != nil || strings.Contains(p.log.String(), "chmod") {
		t.Errorf("a mounted key: %v, log %s", err, &p.log)
	}
	for _, name := range []string{"target.db", "..data"} {
		if err := os.Chmod(filepath.Join(p.folder, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.log.Take()
	if err := p.open(nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the database is open to others; run: chmod 600",
		"the master key is open to others"} {
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, &p.log)
		}
	}
}
