package sqlite_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// BenchmarkRotate refreshes one session after another, each write on disk before the next.
func BenchmarkRotate(b *testing.B) {
	db := mustOpen(b, newPath(b))
	must(b, db.CreateUser(background, ada))
	var tokens []store.Presented
	for n := range byte(200) {
		tokens = append(tokens, mustBegin(b, db, n+1))
	}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		p := &tokens[i%len(tokens)]
		start := time.Now()
		mustRotate(b, db, *p, store.Rotated)
		took = append(took, time.Since(start))
		p.Generation, p.Parent = p.Generation+1, p.Nonce
		binary.BigEndian.PutUint32(p.Nonce[:], p.Generation)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "rotations/s")
}

// BenchmarkSession reads one session with its user.
func BenchmarkSession(b *testing.B) {
	db := mustOpen(b, newPath(b))
	must(b, db.CreateUser(background, ada))
	p := mustBegin(b, db, 1)
	for b.Loop() {
		if _, err := db.Session(background, p.Session); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a database that has its schema already.
func BenchmarkOpen(b *testing.B) {
	path := newPath(b)
	mustOpen(b, path)
	for b.Loop() {
		db, err := sqlite.Open(background, path)
		must(b, err)
		must(b, db.Close())
	}
}
