package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// addUser keeps user number n.
func addUser(ctx context.Context, db *sqlite.DB, n int) error {
	return db.CreateUser(
		ctx,
		store.User{
			ID:        store.UserID(fmt.Sprintf("usr_%022d", n)),
			Email:     "x",
			EmailKey:  fmt.Sprintf("%d@example.com", n),
			CreatedAt: time.Now(),
		},
	)
}

// TestBackupUnderWrites backs up while users are being made: the backup is whole, holds
// everybody who was answered before it began, and is not readable by others.
func TestBackupUnderWrites(t *testing.T) {
	folder := t.TempDir()
	path, copied := filepath.Join(folder, "a.db"), filepath.Join(folder, "backup.db")
	db := mustOpen(t, path)
	for n := range 50 {
		if err := addUser(t.Context(), db, n); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := 50; ctx.Err() == nil; n++ {
			if err := addUser(t.Context(), db, n); err != nil {
				t.Errorf("CreateUser during the backup = %v", err)
			}
		}
	})
	beside := mustOpen(t, path) // as the command does
	err := beside.Backup(t.Context(), copied)
	stop()
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(copied); info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, want 0600", info.Mode().Perm())
	}
	if err := beside.Backup(t.Context(), copied); err == nil {
		t.Error("Backup over a file that is there = nil, want a refusal")
	}
	users, err := mustOpen(t, copied).ListUsers(t.Context(), "", 1000)
	if err != nil || len(users) < 50 {
		t.Errorf("users in the backup = %d, %v, want at least 50", len(users), err)
	}
}

// TestRestore brings everything back under a later epoch, and never overwrites.
func TestRestore(t *testing.T) {
	folder := t.TempDir()
	path, copied, restored := filepath.Join(
		folder,
		"a.db",
	), filepath.Join(
		folder,
		"backup.db",
	), filepath.Join(
		folder,
		"b.db",
	)
	db := mustOpen(t, path)
	if err := errors.Join(addUser(t.Context(), db, 1), db.Backup(t.Context(), copied)); err != nil {
		t.Fatal(err)
	}
	before, _, err := db.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stopped := func() time.Time { return time.UnixMilli(before) } // a clock that has not moved on
	if err := sqlite.Restore(t.Context(), copied, restored, stopped); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, restored)
	if after, _, err := again.Head(t.Context()); err != nil || after <= before {
		t.Errorf("epoch = %d, %v, want above %d", after, err, before)
	}
	if _, err := again.User(t.Context(), "usr_0000000000000000000001"); err != nil {
		t.Errorf("User in the restored database = %v", err)
	}
	if err := sqlite.Restore(t.Context(), copied, restored, time.Now); err == nil {
		t.Error("Restore over a database = nil, want a refusal")
	}
	left, _ := filepath.Glob(filepath.Join(folder, "*.restoring*"))
	if len(left) > 0 {
		t.Errorf("drafts left behind: %v", left)
	}
}

// TestRestoreDamaged refuses a backup that is cut short, and leaves nothing behind.
func TestRestoreDamaged(t *testing.T) {
	folder := t.TempDir()
	copied, restored := filepath.Join(folder, "backup.db"), filepath.Join(folder, "b.db")
	db := mustOpen(t, filepath.Join(folder, "a.db"))
	for n := range 500 {
		if err := addUser(t.Context(), db, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(copied, info.Size()/2/4096*4096); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Restore(t.Context(), copied, restored, time.Now); err == nil {
		t.Error("Restore of half a backup = nil, want a refusal")
	}
	if _, err := os.Stat(restored); err == nil {
		t.Error("a database was made of half a backup")
	}
}

// TestClaim lets one server in, and the next when that is gone.
func TestClaim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	release, err := sqlite.Claim(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Claim(path); !fault.HasCode(err, fault.DatabaseInUse) {
		t.Errorf("second Claim = %v, want database_in_use", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := sqlite.Claim(path)
	if err != nil {
		t.Fatalf("Claim after release = %v", err)
	}
	again()
}

// TestBackupIsFlushed flushes a backup and what is restored, and then the folder that has its name:
// a power cut takes neither.
func TestBackupIsFlushed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	db, copied := mustOpen(t, filepath.Join(t.TempDir(), "a.db")), filepath.Join(folder, "backup.db")
	synced := sqlite.RecordSyncs()
	if err := db.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if got := synced(); !slices.Equal(got, []string{"backup.db", "folder"}) {
		t.Errorf("a backup flushes %q", got)
	}
	synced = sqlite.RecordSyncs()
	if err := sqlite.Restore(t.Context(), copied, filepath.Join(folder, "b.db"), time.Now); err != nil {
		t.Fatal(err)
	}
	if got := synced(); len(got) < 2 || got[len(got)-1] != "folder" || got[len(got)-2] != "b.db.restoring" {
		t.Errorf("a restore flushes %q, want the file and then its folder", got)
	}
}
