// Package postgres is the engine for several nodes: any number of servers on one PostgreSQL,
// and an answer means that the write is as durable as that PostgreSQL was told to make it.
//
// Transactions lock rows in one order: users, then sessions by id, then the head of the log. Every
// statement of a transaction sees what was committed before it began (READ COMMITTED), so what is
// read behind a lock is what the lock protects.
package postgres

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/batch"
	"github.com/handstamp/handstamp/internal/store/records"
)

// connections is how many a node keeps at most, unless the URL says pool_max_conns.
const connections = 16

// opening is how long each step of opening may take: nobody is waiting for an answer yet.
const opening = 15 * time.Second

// connectTimeout is how long a connection may take to come about, unless the URL says
// connect_timeout.
const connectTimeout = 5 * time.Second

// Options are what a caller may choose. The zero Options are good.
type Options struct {
	// Wait is how long an operation waits for a free connection before the fault is
	// storage_unavailable. Zero means 2 s.
	Wait time.Duration

	// Limit is how long an operation may take once it has a connection, its waiting for locks
	// included. Zero means 5 s.
	Limit time.Duration

	// Clock says when migrations were applied, and so when the revocation log began.
	// Nil means time.Now.
	Clock store.Clock

	migrations fs.FS // the schema's steps; nil: files
}

// DB is an open database. It keeps store.Store's promises.
type DB struct {
	records.Records // what both engines share
	pool            *pgxpool.Pool
	wait            time.Duration // Options.Wait
	limit           time.Duration // Options.Limit

	rotations *batch.Batcher[*rotation] // refreshes that wait at the same time
	endings   *batch.Batcher[*ending]   // ends of sessions that wait at the same time
}

// DB is an engine that is notified of other nodes' entries.
var (
	_ store.Store    = (*DB)(nil)
	_ store.Notifier = (*DB)(nil)
)

// Open opens the database at a URL, postgres://user:password@host:port/database, with the zero
// Options, and brings its schema up to date.
func Open(ctx context.Context, url string) (*DB, error) {
	return Options{}.Open(ctx, url)
}

// Open is like the function Open, with options. The error wraps migration.ErrSchema when the
// database is not ours or not ours any more, and is the fault storage_unavailable when it cannot
// be reached or used. No error shows the URL's password.
func (o Options) Open(ctx context.Context, url string) (*DB, error) {
	o.Wait, o.Limit = cmp.Or(o.Wait, 2*time.Second), cmp.Or(o.Limit, 5*time.Second)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.migrations == nil {
		o.migrations = files
	}
	config, err := configure(url)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", where(config.ConnConfig), unavailable(err))
	}
	db := &DB{pool: pool, wait: opening, limit: opening}
	db.Records = records.New(shared{db})
	db.rotations, db.endings = newBatches(db, rotateBatch), newBatches(db, endBatch)
	if err := db.migrate(ctx, o); err != nil {
		db.Close()
		return nil, fmt.Errorf("open database %s: %w", where(config.ConnConfig), advise(unavailable(err)))
	}
	db.wait, db.limit = o.Wait, o.Limit
	return db, nil
}

// configure reads a URL.
func configure(text string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		return nil, misread(err)
	}
	if !strings.Contains(text, "pool_max_conns=") {
		config.MaxConns = connections
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if config.ConnConfig.ValidateConnect == nil {
		// A standby answers, and can write nothing. Where the URL names several hosts, the
		// next one is tried.
		config.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "handstamp"
	}
	config.AfterConnect = fixPlans
	return config, nil
}

// fixPlans has each statement of a connection planned once, and with rows found by indexes, one
// after the other: all of ours look rows up by id. Planning a batch of refreshes anew takes longer
// than doing it. Left to itself, PostgreSQL reads the whole of a table that is small, or that it
// does not know yet, and then locks rows in another order than that of the batch. These are no
// parameters of the connection's start, because poolers refuse those.
func fixPlans(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT set_config('plan_cache_mode', 'force_generic_plan', false),
		set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
		set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false)`)
	return err
}

// where names a database for people: no password, no user.
func where(c *pgx.ConnConfig) string {
	return fmt.Sprintf("%s on %s:%d", c.Database, c.Host, c.Port)
}

// Close closes the database when the operations under way are done. Operations answer
// storage_unavailable from then on.
func (db *DB) Close() error {
	db.pool.Close()
	return nil
}
