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

// makeFile makes the key's file unless it is there.
func makeFile(file string, log *slog.Logger) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
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
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn("the master key can be read by others; run: chmod 600 "+file, "file", file, "mode",
			info.Mode().Perm().String())
	}
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
	if err := os.Link(temp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close()) // the name must survive a power cut, as the database will
}
