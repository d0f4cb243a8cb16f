package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is what a transaction that writes to the log notifies. Each database has channels of its
// own, so the name need not be unique in the server.
const channel = "handstamp_revocations"

// How a node listens.
const (
	listenCheck = 15 * time.Second // with nothing heard for so long, ask whether the connection lives
	listenPause = time.Second      // before connecting again
)

// Notify calls heard soon after entries were committed by any node, until ctx ends. It has a
// connection of its own beside the pool's.
func (db *DB) Notify(ctx context.Context, heard func(), report func(error)) {
	for {
		err := db.listen(ctx, heard)
		if ctx.Err() != nil {
			return
		}
		report(unavailable(err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(listenPause):
		}
	}
}

// listen calls heard for what it hears, until something goes wrong. What was committed before it
// listened is heard of at once.
func (db *DB) listen(ctx context.Context, heard func()) error {
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, `LISTEN `+channel); err != nil {
		return err
	}
	heard()
	for {
		if err := hear(ctx, conn); err != nil {
			return err
		}
		heard()
	}
}

// hear waits for a notification, and checks from time to time that one could come.
func hear(ctx context.Context, conn *pgx.Conn) error {
	for {
		waiting, cancel := context.WithTimeout(ctx, listenCheck)
		_, err := conn.WaitForNotification(waiting)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		asking, cancel := context.WithTimeout(ctx, connectTimeout)
		err = conn.Ping(asking)
		cancel()
		if err != nil {
			return err
		}
	}
}
