// Package sqlite is the embedded engine, the default: one file, no server, and an answer
// means that the write is on disk. Several processes may have the file open.
package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/batch"
	"github.com/handstamp/handstamp/internal/store/records"
)

// readers is how many statements may read at once. Readers block nobody and nobody blocks them.
const readers = 4

// Options are what a caller may choose. The zero Options are good.
type Options struct {
	// Wait is how long a write waits for its turn in this process, and then for other
	// processes, before the fault is storage_unavailable. Zero means 2 s.
	Wait time.Duration

	// Clock says when migrations were applied, and so when the revocation log began.
	// Nil means time.Now.
	Clock store.Clock

	migrations fs.FS // the schema's steps; nil: files
}

// DB is an open database. It keeps store.Store's promises.
type DB struct {
	records.Records                          // what both engines share
	writer          *pool                    // one connection: SQLite has one writer at a time
	reader          *pool                    // connections that cannot write
	batches         *batch.Batcher[*request] // what waits for writer at the same time
	timeout         time.Duration            // Options.Wait
}

// DB is an engine.
var _ store.Store = (*DB)(nil)

// Open opens the database file at path with the zero Options, makes it when there is none,
// and brings its schema up to date.
func Open(ctx context.Context, path string) (*DB, error) {
	return Options{}.Open(ctx, path)
}

// Open is like the function Open, with options. The file is made with mode 0600. The error
// wraps ErrSchema when the file is not ours or not ours any more, and is the fault
// storage_unavailable when it cannot be read or written.
func (o Options) Open(ctx context.Context, path string) (*DB, error) {
	o.Wait = cmp.Or(o.Wait, 2*time.Second)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.migrations == nil {
		o.migrations = files
	}
	if path == "" || path == ":memory:" {
		return nil, fmt.Errorf("open database: %q is not the path of a file", path)
	}
	db, err := o.connect(path)
	if err == nil {
		err = db.prepare(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, unavailable(err)), db.Close())
	}
	return db, nil
}

// connect makes the file and what will connect to it. Nothing has connected yet.
func (o Options) connect(path string) (*DB, error) {
	db := &DB{timeout: o.Wait}
	db.Records = records.New(shared{db})
	if err := create(path); err != nil {
		return db, err
	}
	wait := fmt.Sprintf("busy_timeout(%d)", o.Wait.Milliseconds())
	writer, err := sqlite.NewConnector(source(path, wait,
		"synchronous(FULL)", "foreign_keys(ON)", "secure_delete(ON)", "journal_size_limit(67108864)"))
	if err != nil {
		return db, err
	}
	reader, err := sqlite.NewConnector(source(path, wait, "query_only(ON)"))
	if err != nil {
		return db, err
	}
	db.writer, db.reader = newPool(sql.OpenDB(writer), 1), newPool(sql.OpenDB(reader), readers)
	db.batches = newBatches(db.writer)
	return db, nil
}

// creating is held while a file is made. Closing any descriptor of a file drops all POSIX
// locks that the process has on it: no other handle here may have opened it by then.
// https://www.sqlite.org/howtocorrupt.html §2.2
var creating sync.Mutex

// create makes the file where there is none, so that nobody else may read it. SQLite makes
// its two companions, -wal and -shm, with the mode of the file.
func create(path string) error {
	creating.Lock()
	defer creating.Unlock()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // where a symbolic link leads to
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// source returns the data source name of a connection with these pragmas.
// https://www.sqlite.org/uri.html
func source(path string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		path = "/" + path // C:/… would read as a host
	}
	query := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}, "_dqs": {"0"}, "_defensive": {"1"}}
	return "file:" + strings.ReplaceAll(url.PathEscape(path), "%2F", "/") + "?" + query.Encode()
}

// prepare turns the log on, migrates, and prepares the hot statements.
func (db *DB) prepare(ctx context.Context, o Options) error {
	if err := db.writeAhead(ctx); err != nil {
		return err
	}
	if err := db.migrate(ctx, o); err != nil {
		return err
	}
	return errors.Join(db.writer.prepare(ctx, hotWrites), db.reader.prepare(ctx, hotReads))
}

// writeAhead makes readers and the writer independent of each other. It is kept in the file.
func (db *DB) writeAhead(ctx context.Context) error {
	var mode string
	err := retry(ctx, db.timeout, func() error {
		return db.writer.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
	})
	if err == nil && mode != "wal" {
		err = fmt.Errorf("the file system does not allow a write-ahead log (journal mode %s)", mode)
	}
	return err
}

// retry repeats what other processes get in the way of, for as long as wait: where several
// make one database at once, SQLite does not wait by itself.
func retry(ctx context.Context, wait time.Duration, try func() error) error {
	const pause = 5 * time.Millisecond
	for ; ; wait -= pause {
		err := try()
		if !inTheWay(err) || wait <= 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// Close closes the database. Operations answer storage_unavailable from then on.
func (db *DB) Close() error {
	var errs []error
	for _, p := range []*pool{db.reader, db.writer} { // the last to close writes the log back
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}
