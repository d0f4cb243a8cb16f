package sqlite

import "context"

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

// ReaderExec runs a statement where no verb ever writes.
func (db *DB) ReaderExec(ctx context.Context, statement string) error {
	_, err := db.reader.ExecContext(ctx, statement)
	return err
}

// RefreshSQL is what an ordinary refresh writes.
const RefreshSQL = saveUseSQL

// HoldWriter keeps every write waiting until it is released.
func (db *DB) HoldWriter(ctx context.Context) (release func() error, err error) {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return conn.Close, nil
}
