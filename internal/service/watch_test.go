package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
)

// closeRevoked cancels the streams of keys that were revoked elsewhere.
func closeRevoked(t *testing.T, f *fixture) {
	t.Helper()
	if err := f.CloseRevoked(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestOpenedLate ends what was opened between the check of a key and its end elsewhere.
func TestOpenedLate(t *testing.T) {
	f := open(t)
	elsewhere := on(t, f.db, "a key for tests")
	s, _ := f.must("billing")
	if _, err := elsewhere.Revoke(t.Context(), audit.Operator(), "billing"); err != nil {
		t.Fatal(err)
	}
	late, done := f.WatchKey(t.Context(), s.ID)
	defer done()
	closeRevoked(t, f)
	if late.Err() == nil {
		t.Error("a stream of a key that was revoked while it was opened goes on")
	}
}

// TestUses notes when keys were used, later and together, and loses none to a database that is
// away.
func TestUses(t *testing.T) {
	f := open(t)
	s, key := f.must("billing")
	used := func() time.Time {
		t.Helper()
		got, err := f.db.Service(t.Context(), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.UsedAt
	}
	if err := f.check(key.Reveal()); err != nil {
		t.Fatal(err)
	}
	if at := used(); !at.IsZero() {
		t.Errorf("used at %v before it was noted, want nothing written by a check", at)
	}
	away, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.NoteUses(away); err == nil {
		t.Error("NoteUses without a database = nil")
	}
	note(t, f)
	if at := used(); !at.Equal(f.now) {
		t.Errorf("used at %v, want %v", at, f.now)
	}
	f.now = f.now.Add(time.Hour)
	note(t, f)
	if at := used(); at.Equal(f.now) {
		t.Error("a use is noted that was none")
	}
	_, done := f.WatchKey(t.Context(), s.ID)
	note(t, f)
	if at := used(); !at.Equal(f.now) {
		t.Errorf("used at %v with a stream open, want %v", at, f.now)
	}
	done()
}

// note notes uses.
func note(t *testing.T, f *fixture) {
	t.Helper()
	if err := f.NoteUses(t.Context()); err != nil {
		t.Fatal(err)
	}
}
