package sqlite

import (
	"errors"
	"fmt"

	"github.com/gofrs/flock"

	"github.com/handstamp/handstamp/internal/fault"
)

// Claim makes this process the one server of the file. A second server would batch its writes
// apart and count its limits apart, so it is refused with the fault database_in_use; commands
// beside the server need no claim. The lock is a file of its own beside the database, because
// SQLite locks the database's bytes; it goes with release or, whatever happens, with the process.
func Claim(path string) (release func() error, err error) {
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fault.New(fault.StorageUnavailable).Because(fmt.Errorf("lock %s: %w", lock.Path(), err))
	}
	if !got {
		return nil, fault.New(fault.DatabaseInUse).Because(errors.New("another server holds " + lock.Path()))
	}
	return lock.Unlock, nil
}
