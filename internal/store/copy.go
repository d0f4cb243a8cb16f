package store

import (
	"context"
	"errors"
	"iter"
)

// Copying moves everything that is kept from one database to another, of whichever engine.
type Copying interface {
	// CopyOut returns every row there is, as of one moment, while others go on reading and writing:
	// the head of the log first, and users before their sessions. An error comes last.
	CopyOut(ctx context.Context) iter.Seq2[Row, error]

	// CopyIn keeps rows just as they are, all of them, or none if one comes with an error or cannot
	// be kept. The error is ErrNotEmpty when anything is kept already. Of any number of concurrent
	// calls one succeeds. No row is held in memory for longer than it takes to write it.
	CopyIn(ctx context.Context, rows iter.Seq2[Row, error]) error
}

// ErrNotEmpty says that rows are to be copied into a database that holds some.
var ErrNotEmpty = errors.New("the database holds something already")

// Row is a row of a table, whole; package records has one for each.
type Row interface {
	// Table names the row's table.
	Table() string

	// Fields returns the row's columns, each as what it can be read into and written from.
	Fields() []any
}
