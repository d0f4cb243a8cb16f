package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// cluster is a PostgreSQL of our own, and the process id of its server.
type cluster struct {
	*postgrestest.Server
	pid int
}

// startCluster starts one, whose answers mean that the write is on disk.
func startCluster(ctx context.Context) (*cluster, error) {
	db, err := postgrestest.Options{}.Run()
	if err != nil {
		return nil, err
	}
	c := &cluster{Server: db}
	if c.pid, err = c.find(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return c, nil
}

// find returns the process that has started the one that serves us.
func (c *cluster) find(ctx context.Context) (parent int, err error) {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	var pid int
	if err := conn.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, fields, _ := strings.Cut(string(text), ") ")
	var state string
	_, err = fmt.Sscan(fields, &state, &parent)
	return parent, err
}

// newPostgres is a deployment on it.
func (c *cluster) newPostgres() (*deployment, error) {
	url, err := c.NewDatabase()
	if err != nil {
		return nil, err
	}
	return &deployment{
		engine: shared, database: url, master: secret.NewMaster(), pid: c.pid,
		open: func(ctx context.Context) (store.Store, error) { return postgres.Open(ctx, url) },
	}, nil
}

// floor is a case that does little but one write of this database a request.
func (c *cluster) floor(kind string, started starter) (*benchmark, error) {
	url, err := c.NewDatabase()
	if err == nil {
		err = c.Exec(url, floorTable...)
	}
	if err != nil {
		return nil, err
	}
	target, err := started(kind, map[string]string{"database": url})
	if err != nil {
		return nil, err
	}
	return &benchmark{
		group:   floor,
		name:    kind,
		target:  target,
		engine:  c.pid,
		clients: repeatClients(200, request("GET /v1/session", "", "")),
	}, nil
}
