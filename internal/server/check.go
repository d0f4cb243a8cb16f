package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store/postgres"
)

// sqliteHead is what every database of SQLite begins with. https://www.sqlite.org/fileformat.html
var sqliteHead = []byte("SQLite format 3\x00")

// Check looks at the files that good settings name, and returns everything that would keep a server
// from starting, and a command from keeping what it does. It leaves nothing behind.
func Check(c *config.Config) []error {
	var wrong []error
	note := func(name string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
		}
	}
	check := checkNewKey // of PostgreSQL nobody knows without asking
	if c.Database.Engine == config.EnginePostgres {
		note("database", postgres.CheckURL(c.Database.URL.Reveal()))
	} else {
		isNew, err := checkDatabaseFile(c.Database.Path)
		note("database", err)
		if !isNew {
			check = checkOldKey
		}
	}
	if c.MasterKeyFile != "" {
		note("master_key_file", check(c.MasterKeyFile))
	}
	note("audit_file", checkAppend(c.AuditFile))
	note("listen", checkSocket(c.Listen))
	note("ops_listen", checkSocket(c.OpsListen))
	return wrong
}

// checkDatabaseFile looks at the file of a database, or at where a new one would be made.
func checkDatabaseFile(path string) (isNew bool, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return true, checkFolder(filepath.Dir(path))
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	head := make([]byte, len(sqliteHead))
	n, _ := file.Read(head)
	if n > 0 && !bytes.Equal(head[:n], sqliteHead) {
		return false, fmt.Errorf("%s is no database of SQLite", path)
	}
	return n == 0, checkFolder(filepath.Dir(path)) // the log of the database is beside it
}

// checkAppend makes sure that lines can be added to a file, or that it can be made.
func checkAppend(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return checkFolder(filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// checkSocket makes sure that a socket can be made, where an address is one.
func checkSocket(address string) error {
	path, isSocket := strings.CutPrefix(address, "unix:")
	if !isSocket {
		return nil
	}
	return checkFolder(filepath.Dir(path))
}

// checkNewKey looks at the key of a database that is new: the first start makes it where there is
// none.
func checkNewKey(path string) error {
	err := checkKey(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return checkFolder(filepath.Dir(path))
	case errors.Is(err, errEmptyKey):
		return fmt.Errorf("%s is empty; remove it, and the first start makes a key", path)
	}
	return err
}

// checkOldKey looks at the key of a database that a server has made.
func checkOldKey(path string) error {
	err := checkKey(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is missing, and the database was made with it; put it back from a backup", path)
	case errors.Is(err, errEmptyKey):
		return fmt.Errorf("%s is empty; put the key back from a backup", path)
	}
	return err
}

// errEmptyKey is a file of the master key with nothing in it.
var errEmptyKey = errors.New("no key")

// checkKey reads the file of the master key.
func checkKey(path string) error {
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		return err
	case len(bytes.TrimSpace(text)) == 0:
		return errEmptyKey
	}
	if _, err = secret.ParseMaster(secret.New(string(text))); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// checkFolder makes sure that a file can be made in a folder, by making one and removing it.
func checkFolder(folder string) error {
	probe, err := os.CreateTemp(folder, ".handstamp-check-*")
	if err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			pe.Path = folder // the name of the probe helps nobody
		}
		return fmt.Errorf("no file can be made in %s: %w", folder, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// CheckConnect reaches for the database and says whether a server has made its tables there.
func CheckConnect(ctx context.Context, c *config.Config) (made bool, err error) {
	return isMade(ctx, c.Database)
}
