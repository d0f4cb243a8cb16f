package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing/fstest"
)

// WriterExec runs a statement on the writer's connection, where a test makes trouble.
func (db *DB) WriterExec(ctx context.Context, statement string) error {
	_, err := db.writer.ExecContext(ctx, statement)
	return err
}

// WriterPragma reads a setting of the writer's connection.
func (db *DB) WriterPragma(ctx context.Context, name string) (value string, err error) {
	err = db.writer.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	return value, err
}

// ReaderExec runs a statement on a connection of the readers, by which nothing is written.
func (db *DB) ReaderExec(ctx context.Context, statement string) error {
	_, err := db.reader.ExecContext(ctx, statement)
	return err
}

// RefreshSQL is what an ordinary refresh writes.
const RefreshSQL = saveUseSQL

// RecordSyncs returns the base names of what is flushed from now on, when it is called again.
func RecordSyncs() (stop func() []string) {
	var names []string
	testingOnlySynced = func(path string) { names = append(names, filepath.Base(path)) }
	return func() []string {
		testingOnlySynced = func(string) {}
		return names
	}
}

// HoldWriter keeps every write waiting until it is released.
func (db *DB) HoldWriter(ctx context.Context) (release func() error, err error) {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return conn.Close, nil
}

// WithSteps returns the options with other steps behind the first schema: the next is 0002.
func (o Options) WithSteps(scripts ...string) Options {
	steps := fstest.MapFS{}
	first, err := files.ReadFile("migrations/0001_begin.sql")
	if err != nil {
		panic(err)
	}
	for i, script := range append([]string{string(first)}, scripts...) {
		name := fmt.Sprintf("migrations/%04d_step.sql", i+1)
		if i == 0 {
			name = "migrations/0001_begin.sql"
		}
		steps[name] = &fstest.MapFile{Data: []byte(script)}
	}
	o.migrations = steps
	return o
}
