package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// Copying moves everything that is kept from one database to another, of whichever engine.
type Copying interface {
	// CopyOut gives every row there is, as of one moment, while others go on reading and writing:
	// the head of the log first, and users before their sessions. An error is the last that it gives.
	CopyOut(ctx context.Context) iter.Seq2[Row, error]

	// CopyIn keeps rows just as they are, all of them, or none if one comes with an error or cannot
	// be kept. The error is ErrNotEmpty when anything is kept already. Of any number of concurrent
	// calls one succeeds. No row is held in memory for longer than it takes to write it.
	CopyIn(ctx context.Context, rows iter.Seq2[Row, error]) error
}

// ErrNotEmpty says that rows are to be copied into a database that holds some.
var ErrNotEmpty = errors.New("the database holds something already")

// Row is something that is kept, whole: a LogHead, UserRow, SessionRow, EntryRow, KeyRow,
// ServiceRow or MetadataRow.
type Row interface{ row() }

// LogHead is where the revocation log stands; there is one.
type LogHead struct {
	Epoch, Seq int64
	NotBefore  int64 // with which users begin: see Authority.EndEverything. Unix seconds; 0: none
}

// UserRow is a user, deleted ones too.
type UserRow struct {
	User
	DeletedAt time.Time // zero: not deleted
}

// SessionRow is a session, live or over.
type SessionRow struct{ Session }

// EntryRow is an entry of the revocation log.
type EntryRow struct{ revoked.Entry }

// KeyRow is a signing key, sealed as it is.
type KeyRow struct{ SigningKey }

// ServiceRow is a service key, revoked ones too.
type ServiceRow struct{ Service }

// MetadataRow is a value of the metadata.
type MetadataRow struct {
	Name  string
	Value []byte
}

func (LogHead) row()     {}
func (UserRow) row()     {}
func (SessionRow) row()  {}
func (EntryRow) row()    {}
func (KeyRow) row()      {}
func (ServiceRow) row()  {}
func (MetadataRow) row() {}
