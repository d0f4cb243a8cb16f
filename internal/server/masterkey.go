package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// masterCheck names the value that ties a database to its master key.
const masterCheck = "master_key_check"

// openMaster returns the master key: the one from the settings, or the file's, which is made
// when both file and database are new. A database never goes on under another key than it
// began with: its signing keys could not be opened, and every session would be lost.
func openMaster(ctx context.Context, kept store.Metadata, given secret.Text, file string,
	log *slog.Logger) (secret.Master, error) {
	check, err := kept.ReadMetadata(ctx, masterCheck)
	if err != nil {
		return secret.Master{}, err
	}
	if given.Empty() && check == nil {
		if err := makeFile(file, log); err != nil {
			return secret.Master{}, fmt.Errorf("master key: %w", err)
		}
	}
	var master secret.Master
	if given.Empty() {
		master, err = fromFile(file, log)
	} else {
		master, err = secret.ParseMaster(given)
	}
	if err != nil {
		return secret.Master{}, fmt.Errorf("master key: %w", err)
	}
	check, err = kept.KeepMetadata(ctx, masterCheck, master.Check())
	if err != nil {
		return secret.Master{}, err
	}
	if !bytes.Equal(check, master.Check()) {
		return secret.Master{}, errors.New("master key: this database was made with another master key; " +
			"put that key back, from the backup of " + file)
	}
	return master, nil
}

// wantMasterCheck returns an error unless a server has tied the database to its master key: a
// command beside it must not make the key, in whatever folder it runs.
func wantMasterCheck(ctx context.Context, kept store.Metadata) error {
	check, err := kept.ReadMetadata(ctx, masterCheck)
	if err != nil || check != nil {
		return err
	}
	return errors.New("no server has finished its first start on this database\nhint: run handstamp serve first")
}

// prepareNew makes sure that a new database gets its key, before there is a database: a first start
// that fails leaves nothing that the next one stumbles over.
func prepareNew(ctx context.Context, c *config.Config, log *slog.Logger) error {
	if c.MasterKeyFile == "" {
		return nil
	}
	if c.Database.Engine == config.EnginePostgres {
		if made, err := isMade(ctx, c.Database); err != nil || made {
			return err
		}
	} else if isNew, err := checkDatabaseFile(c.Database.Path); err != nil || !isNew {
		return nil // opening says it better
	}
	if err := makeFile(c.MasterKeyFile, log); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	if _, err := fromFile(c.MasterKeyFile, slog.New(slog.DiscardHandler)); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	return nil
}

// makeFile makes the key's file unless it is there. An empty one is none: it is what a crash may
// leave where there are no hard links.
func makeFile(file string, log *slog.Logger) error {
	info, err := os.Stat(file)
	switch link, _ := os.Readlink(file); {
	case errors.Is(err, fs.ErrNotExist) && link != "":
		return fmt.Errorf("%s is a symbolic link to %s, where there is nothing", file, link)
	case err == nil && info.Mode().IsRegular() && info.Size() == 0:
		if err := os.Remove(file); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := writeNew(file); err != nil {
		return err
	}
	log.Info("made the master key; back it up: without it the database is worth nothing", "file", file)
	return nil
}

// fromFile reads the key's file.
func fromFile(file string, log *slog.Logger) (secret.Master, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return secret.Master{}, fmt.Errorf("%s is missing, and the database was made with it; "+
			"put it back from a backup, or name it with master_key_file", file)
	}
	if err != nil {
		return secret.Master{}, err
	}
	warnIfOpen(log, "the master key", file)
	master, err := secret.ParseMaster(secret.New(string(text)))
	if err != nil {
		return secret.Master{}, fmt.Errorf("%s: %w", file, err)
	}
	return master, nil
}

// writeNew makes the key's file with mode 0600, whole or not at all; when another process is
// faster, its file stays.
func writeNew(file string) error {
	temp, err := os.CreateTemp(filepath.Dir(file), ".handstamp-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(secret.NewMaster().Text().Reveal() + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := link(temp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close()) // the name must survive a power cut, as the database will
}

// hardLink is os.Link, but for a test that has none.
var hardLink = os.Link

// link names a draft as wanted, unless another process has taken that. Where the file system has no
// hard links, the name is taken with an empty file, which the draft then replaces.
func link(draft, file string) error {
	err := hardLink(draft, file)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	taken, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(taken.Close(), os.Rename(draft, file))
}

// openToOthers are the rights that nobody but the owner should have to our files. The owner's group
// may read: that is how secrets are mounted.
const openToOthers = 0o027

// warnIfOpen says when a file of ours can be read by strangers or written by others.
func warnIfOpen(log *slog.Logger, what, file string) {
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&openToOthers == 0 {
		return
	}
	log.Warn(what+" is open to others; run: chmod 600 "+file, "file", file, "mode", info.Mode().Perm().String())
}

// warnAboutFiles looks at the other files that hold what nobody else should see.
func warnAboutFiles(c *config.Config, log *slog.Logger) {
	if c.Database.Engine == config.EngineSQLite {
		for _, end := range []string{"", "-wal", "-shm", ".lock"} {
			warnIfOpen(log, "the database", c.Database.Path+end)
		}
	}
	for _, file := range c.SecretFiles() {
		warnIfOpen(log, "a file with a secret", file)
	}
}
