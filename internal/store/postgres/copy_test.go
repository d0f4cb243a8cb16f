package postgres_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// TestCopy moves everything here from the embedded engine, and back.
func TestCopy(t *testing.T) {
	here := func(t *testing.T) store.Store { return mustOpen(t, postgrestest.Shared(t).Database(t)) }
	embedded := func(t *testing.T) store.Store {
		db, err := sqlite.Options{Wait: time.Minute}.Open(background, filepath.Join(t.TempDir(), "test.db"))
		must(t, err)
		t.Cleanup(func() { must(t, db.Close()) })
		return db
	}
	t.Run("from sqlite", func(t *testing.T) { storetest.RunCopy(t, embedded, here) })
	t.Run("to sqlite", func(t *testing.T) { storetest.RunCopy(t, here, embedded) })
}

// BenchmarkCopy moves one session, of as many as it is run for, from a file to PostgreSQL.
func BenchmarkCopy(b *testing.B) {
	from, err := sqlite.Open(background, filepath.Join(b.TempDir(), "test.db"))
	must(b, err)
	defer from.Close()
	must(b, from.CopyIn(background, func(yield func(store.Row, error) bool) {
		more := yield(&records.UserRow{User: ada}, nil)
		for i := 0; i < b.N && more; i++ {
			s := newSession(byte(i), byte(i>>8), byte(i>>16), 1)
			s.CreatedBy.Agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
			s.LastUsedBy = s.CreatedBy
			more = yield(records.NewSessionRow(s), nil)
		}
	}))
	to := mustOpen(b, postgrestest.Shared(b).Database(b))
	b.ReportAllocs()
	b.ResetTimer()
	must(b, to.CopyIn(background, from.CopyOut(background)))
}
