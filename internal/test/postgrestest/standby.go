package postgrestest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Standby starts another server that follows this one, stops it and removes it when the test ends.
// It has this server's databases, answers those who only read, and comes some time after this
// server until Synchronous is called.
func (s *Server) Standby(tb testing.TB) *Server {
	tb.Helper()
	standby, err := s.options.run(func(standby *Server) error { return standby.copyFrom(s) })
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := standby.Close(); err != nil {
			tb.Error(err)
		}
	})
	return standby
}

// copyFrom makes the cluster in the server's folder: a copy of another, which it then follows.
func (s *Server) copyFrom(primary *Server) error {
	if err := s.own(); err != nil {
		return err
	}
	backup, err := unprivileged(filepath.Join(s.programs, "pg_basebackup"), "--pgdata="+s.data(),
		"--dbname="+primary.URL(""), "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	if err != nil {
		return err
	}
	backup.Dir = s.folder
	if said, err := backup.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w\n%s", err, said)
	}
	return nil
}

// Either returns the URL of a database of this server with the other server named too, as
// one writes it for a primary and its standby, whichever of them is which.
func (s *Server) Either(database string, other *Server) string {
	both := s.Address() + "," + other.Address()
	return strings.Replace(database, s.Address(), both, 1) + "?target_session_attrs=read-write"
}

// Synchronous has this server answer a commit only when its standby has it as well.
func (s *Server) Synchronous() error {
	err := s.Exec(s.URL(superuser), `ALTER SYSTEM SET synchronous_standby_names = '*'`, `SELECT pg_reload_conf()`)
	if err != nil {
		return err
	}
	return s.await(`(SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync') = 1`)
}

// CaughtUp waits until the server's standby has everything. Nobody may be writing.
func (s *Server) CaughtUp() error {
	return s.await(`(SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()) = 1`)
}

// Cut has a standby hear no more of its primary: what is committed there from now on is lost
// when this server takes its place.
func (s *Server) Cut() error {
	err := s.Exec(s.URL(superuser), `ALTER SYSTEM SET primary_conninfo = ''`, `SELECT pg_reload_conf()`)
	if err != nil {
		return err
	}
	return s.await(`(SELECT count(*) FROM pg_stat_wal_receiver) = 0`)
}

// Promote makes a standby a server of its own, to which one can write.
func (s *Server) Promote() error {
	if err := s.Exec(s.URL(superuser), `SELECT pg_promote()`); err != nil {
		return err
	}
	return s.await(`NOT pg_is_in_recovery()`)
}

// await waits until a condition holds.
func (s *Server) await(condition string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		err := s.Exec(s.URL(superuser), `DO $$ BEGIN ASSERT `+condition+`; END $$`)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w\n%s", condition, err, s.lastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
