package sqlite_test

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// BenchmarkRotate refreshes one session after another, each write on disk before the next.
func BenchmarkRotate(b *testing.B) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "bench.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	now := time.Now()
	tokens := make([]store.Presented, 1000)
	if err := db.CreateUser(ctx, store.User{ID: "usr_ada", EmailKey: "ada@example.com", CreatedAt: now}); err != nil {
		b.Fatal(err)
	}
	for i := range tokens {
		tokens[i] = beginAt(b, db, i, now)
	}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		p := &tokens[i%len(tokens)]
		start := time.Now()
		if o, err := db.Rotate(ctx, *p, now); err != nil || o.Case != store.Rotated {
			b.Fatalf("Rotate = %v, %v, want rotated", o.Case, err)
		}
		took = append(took, time.Since(start))
		p.Generation, p.Parent = p.Generation+1, p.Nonce
		binary.BigEndian.PutUint32(p.Nonce[:], p.Generation)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "rotations/s")
}

// beginAt keeps session i and gives its first token.
func beginAt(tb testing.TB, db *sqlite.DB, i int, now time.Time) store.Presented {
	tb.Helper()
	var id store.SessionID
	binary.BigEndian.PutUint64(id[:], uint64(i)*0x9E3779B97F4A7C15)
	agent := store.Client{Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}
	s := store.Session{
		ID: id, User: "usr_ada", CreatedAt: now, CreatedBy: agent, LastUsedAt: now, LastUsedBy: agent,
		IdleLimit: time.Hour, ExpiresAt: now.Add(24 * time.Hour), AuthTime: now, AMR: []string{"pwd"}, ACR: "aal1",
	}
	if _, err := db.Begin(context.Background(), store.Beginning{Session: s}, now); err != nil {
		tb.Fatal(err)
	}
	return store.Presented{Session: id, Generation: 1, Nonce: store.Nonce{1}, From: agent}
}

// BenchmarkOpen opens a database that has its schema already.
func BenchmarkOpen(b *testing.B) {
	ctx := context.Background()
	path := filepath.Join(b.TempDir(), "bench.db")
	for b.Loop() {
		db, err := sqlite.Open(ctx, path)
		if err != nil {
			b.Fatal(err)
		}
		_ = db.Close()
	}
}

// BenchmarkMemory tells what an open database costs.
func BenchmarkMemory(b *testing.B) {
	var m0, m1 runtime.MemStats
	_ = m0
	runtime.ReadMemStats(&m1)
	b.Log(m1.Sys)
}
