// Package postgrestest starts a throwaway PostgreSQL for a test: a new cluster in a temporary
// folder, on a free port of 127.0.0.1, in about a second. It ends with the test, or with the
// process that started it, whatever happens to that.
//
//	server := postgrestest.Start(t)
//	db, err := postgres.Open(ctx, server.Database(t))
//
// A test that only wants a database takes one of Shared, which the whole test binary starts once.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// superuser and password open every database of a server. The password is asked for, so that
// a wrong one can be tried.
const (
	superuser = "postgres"
	password  = "throwaway"
)

// timeout is how long a server may take to start, to stop, or to make a database.
const timeout = time.Minute

// Options are what a caller may choose. The zero Options are good.
type Options struct {
	// NoSync answers commits before they are on disk. What is killed still loses nothing, only a
	// machine that loses its power does. False: as in production.
	NoSync bool

	// Settings are lines of postgresql.conf by name, such as "max_connections". Nil: none.
	Settings map[string]string
}

// Server is a PostgreSQL server, and stays one address and one set of databases however often
// it is stopped and started. Its methods are for one goroutine at a time, but for Database
// and NewDatabase.
type Server struct {
	programs string // the folder of initdb and postgres
	folder   string // holds data, and what the server says
	address  string // where it listens, such as 127.0.0.1:5432
	options  Options
	running  *process // nil: it is stopped

	mu   sync.Mutex // guards made
	made int        // databases so far
}

// Start starts a server with the zero Options, and stops and removes it when the test ends.
func Start(tb testing.TB) *Server {
	tb.Helper()
	return Options{}.Start(tb)
}

// Start is like the function Start, with options.
func (o Options) Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := o.Run()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// shared is the server of Shared, made with the first call.
var shared = sync.OnceValues(func() (*Server, error) { return Options{NoSync: true}.Run() })

// Shared returns the one server of this test binary, which runs until the binary ends. Do not
// stop it: other tests are on it.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	s, err := shared()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Run starts a server where there is no test, such as in a benchmark's program. The caller
// owes it a Close; without one it goes when the process does.
func (o Options) Run() (*Server, error) {
	return o.run((*Server).initialise)
}

// run makes the cluster in the server's folder and starts the server.
func (o Options) run(initialise func(*Server) error) (*Server, error) {
	programs, err := find()
	if err != nil {
		return nil, err
	}
	s := &Server{programs: programs, options: o}
	if s.address, err = programtest.FreeAddress(); err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp("", "postgrestest-"); err != nil {
		return nil, err
	}
	if err = initialise(s); err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("throwaway PostgreSQL: %w", err), s.Close())
	}
	return s, nil
}

// find returns the folder of PostgreSQL's programs: Debian's newest, or that of the PATH.
func find() (string, error) {
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	if len(folders) > 0 {
		newest := slices.MaxFunc(folders, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	path, err := lookPath("initdb")
	if err != nil {
		return "", errors.New("there is no PostgreSQL here; as root on Debian: apt-get install postgresql")
	}
	return filepath.Dir(path), nil
}

// settings returns the server's arguments: quick to start, and small.
func (s *Server) settings() []string {
	host, port, _ := net.SplitHostPort(s.address)
	all := map[string]string{
		"listen_addresses": host, "port": port, "unix_socket_directories": "",
		"shared_buffers": "64MB", "max_connections": "300", "fsync": "on", "logging_collector": "off",
	}
	if s.options.NoSync {
		all["fsync"], all["full_page_writes"] = "off", "off"
	}
	maps.Copy(all, s.options.Settings)
	var args []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		args = append(args, "-c", name+"="+all[name])
	}
	return args
}

// URL returns a database of the server as a URL, password included.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, password),
		Host: s.Address(), Path: "/" + database,
	}
	return u.String()
}

// Address returns where the server listens, such as 127.0.0.1:5432.
func (s *Server) Address() string { return s.address }

// Database makes a new, empty database and returns its URL.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	database, err := s.NewDatabase()
	if err != nil {
		tb.Fatal(err)
	}
	return database
}

// NewDatabase makes a new, empty database and returns its URL. It sorts text as people do, not by
// its bytes, which is what an operator's database may do as well.
func (s *Server) NewDatabase() (string, error) {
	s.mu.Lock()
	s.made++
	name := fmt.Sprintf("test_%d", s.made)
	s.mu.Unlock()
	err := s.Exec(s.URL(superuser), `CREATE DATABASE `+name)
	if err != nil {
		return "", fmt.Errorf("make database %s: %w", name, err)
	}
	return s.URL(name), nil
}

// Exec runs statements in a database, each in a transaction of its own, on a connection of its own.
func (s *Server) Exec(database string, statements ...string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err = conn.Exec(ctx, statement); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}
