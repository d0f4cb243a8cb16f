package sqlite

import (
	"errors"

	"modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"github.com/handstamp/handstamp/internal/fault"
)

// unavailable returns the fault for whatever keeps the database from answering. A fault
// stays as it is, and so does an error that repeating the transaction cannot help: our own bug.
func unavailable(err error) error {
	if err == nil || fault.Is(err) || isBug(err) {
		return err
	}
	return fault.New(fault.StorageUnavailable).Because(err)
}

// isBug reports whether the statement is wrong, or breaks a rule of the schema, or the schema
// is not what we take it for.
func isBug(err error) bool {
	switch resultCode(err) & 0xff {
	case code.SQLITE_ERROR, code.SQLITE_CONSTRAINT, code.SQLITE_MISMATCH,
		code.SQLITE_MISUSE, code.SQLITE_RANGE, code.SQLITE_TOOBIG:
		return true
	}
	return errors.Is(err, ErrSchema)
}

// inTheWay reports whether another process holds a lock, or has just removed the empty log of
// a new file that this one wanted to remove too.
func inTheWay(err error) bool {
	return resultCode(err)&0xff == code.SQLITE_BUSY || resultCode(err) == code.SQLITE_IOERR_DELETE_NOENT
}

// resultCode returns SQLite's extended result code, 0 for errors of other origin.
func resultCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return code.SQLITE_OK
}
