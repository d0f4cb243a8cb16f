package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store/batch"
)

// writeBatched is write with group commit: callers that wait at the same time share one
// transaction and one flush to the disk. do may run twice, as if it had not run before; a fault
// that it returns says that it has written nothing.
func (db *DB) writeBatched(ctx context.Context, do func(tx) error) error {
	return db.wait(ctx, func(waiting context.Context) error {
		one := &request{do: do}
		if err := db.batches.Do(waiting, one); err != nil {
			return err
		}
		return one.err
	})
}

// batchSize bounds how long a batch holds the lock.
const batchSize = 128

// newBatches returns what makes batches of those who wait for the writer.
func newBatches(writer *pool) *batch.Batcher[*request] {
	return &batch.Batcher[*request]{Size: batchSize, Turn: func(ctx context.Context) (func([]*request), error) {
		conn, err := writer.Conn(ctx)
		if err != nil {
			return nil, err
		}
		return func(requests []*request) {
			defer func() { _ = conn.Close() }()
			writer.run(conn, requests)
		}, nil
	}}
}

// request is one caller's function in a batch, and its result.
type request struct {
	do  func(tx) error
	err error
}

// errUndone says that a request of a transaction failed, as the request says, and that all of it
// was undone.
var errUndone = errors.New("undone")

// run does requests in one transaction. Where one fails, and not by deciding for a fault, all are
// undone and each is done by itself: none fails because of another.
func (p *pool) run(conn *sql.Conn, requests []*request) {
	err := p.try(conn, requests)
	switch {
	case err == nil:
	case !errors.Is(err, errUndone): // no transaction, or no commit: nothing was changed for anybody
		for _, r := range requests {
			r.err = err
		}
	case len(requests) > 1:
		for i := range requests {
			p.run(conn, requests[i:i+1])
		}
	}
}

// try does requests in one transaction, or none of them.
func (p *pool) try(conn *sql.Conn, requests []*request) error {
	ctx := context.Background()
	transaction, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// It does nothing after a commit; SQLite may have done so already.
	defer func() { _ = transaction.Rollback() }()
	for _, r := range requests {
		r.err = r.do(tx{ctx, transaction, p.hot})
		if r.err != nil && !(fault.Is(r.err) && len(requests) > 1) {
			return errUndone
		}
	}
	return transaction.Commit()
}
