package records

import (
	"context"

	"github.com/handstamp/handstamp/internal/store"
)

// metadata is the table of small values that are set once.
var metadata = Table{
	Name: "metadata", Order: "name", Columns: []string{"name", "value"},
	New: func() store.Row { return new(MetadataRow) },
}

// MetadataRow is a row of metadata.
type MetadataRow struct {
	Name  string
	Value []byte
}

// Table names the row's table.
func (r *MetadataRow) Table() string { return metadata.Name }

// Fields returns the row's columns.
func (r *MetadataRow) Fields() []any { return []any{&r.Name, &r.Value} }

// ReadMetadata returns the value kept under name.
func (db Records) ReadMetadata(ctx context.Context, name string) (value []byte, err error) {
	err = db.db.Read(ctx, func(r Reader) (err error) {
		value, err = readMetadata(r, name)
		return err
	})
	return value, err
}

// readMetadata reads a value, nil when there is none.
func readMetadata(r Reader, name string) (value []byte, err error) {
	_, err = one(r, []any{&value}, `SELECT value FROM metadata WHERE name = $1`, name)
	return value, err
}

// addMetadata keeps a value unless there is one already, and reports whether it did.
func addMetadata(tx Tx, name string, value []byte) (bool, error) {
	n, err := tx.Exec(metadata.Insert()+` ON CONFLICT DO NOTHING`, name, value)
	return n > 0, err
}

// KeepMetadata keeps value under name unless there is one already.
func (db Records) KeepMetadata(ctx context.Context, name string, value []byte) ([]byte, error) {
	kept, err := db.ReadMetadata(ctx, name) // nearly always there is one
	if err != nil || kept != nil {
		return kept, err
	}
	err = db.db.Write(ctx, func(tx Tx) error {
		if _, err := addMetadata(tx, name, value); err != nil {
			return err
		}
		kept, err = readMetadata(tx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}
