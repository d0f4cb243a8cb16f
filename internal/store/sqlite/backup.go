package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// Backup writes the database as it is at one moment into a new file with mode 0600, while
// others go on reading and writing. A file that is there already is refused. On disk when it
// returns.
func (db *DB) Backup(ctx context.Context, to string) error {
	if err := createNew(to); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	// Not by a reader, which may write nothing. What it reads of the database blocks nobody.
	_, err := db.writer.ExecContext(ctx, `VACUUM INTO ?`, to)
	if err == nil {
		err = errors.Join(syncFile(to), syncFile(filepath.Dir(to)))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("back up into %s: %w", to, unavailable(err)), os.Remove(to))
	}
	return nil
}

// Restore makes the database at path out of a backup, which stays as it is. The revocation
// log begins a new epoch, so that every verifier takes a snapshot: what was ended after the
// backup was made lives again here, and must not be taken for ended there by number.
// A database that is there already is refused: move it away first, with its companions.
func Restore(ctx context.Context, from, path string, clock store.Clock) (err error) {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("restore: %s is there already; move it away first", name)
		}
	}
	draft := path + ".restoring"
	defer func() {
		for _, name := range []string{draft, draft + "-wal", draft + "-shm"} {
			os.Remove(name) // nothing is left there when all went well
		}
	}()
	if err := copyFile(from, draft); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := beginEpoch(ctx, draft, clock); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := errors.Join(syncFile(draft), os.Rename(draft, path)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return syncFile(filepath.Dir(path))
}

// beginEpoch checks a copied file through and through, brings it up to date, and begins a new
// epoch.
func beginEpoch(ctx context.Context, path string, clock store.Clock) error {
	db, err := Options{Clock: clock}.Open(ctx, path)
	if err != nil {
		return err
	}
	var found string
	err = db.reader.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found)
	if err == nil && found != "ok" {
		err = fmt.Errorf("the backup is damaged: %s", found)
	}
	if err == nil {
		err = db.write(ctx, func(t tx) error {
			_, err := t.Exec(`UPDATE revocation_head SET epoch = max(epoch + 1, ?)`, records.Instant(clock()))
			return err
		})
	}
	return errors.Join(err, db.Close()) // closing writes the log back: one file is left
}

// createNew makes an empty file that only we may read, and refuses one that is there.
func createNew(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// copyFile copies into a new file that only we may read.
func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	os.Remove(to) // a draft that a crash has left
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// syncFile waits until a file, or the names in a folder, are on disk.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	testingOnlySynced(path)
	return errors.Join(file.Sync(), file.Close())
}

// testingOnlySynced is told what is flushed, for a test: no test can cut the power.
var testingOnlySynced = func(path string) {}
