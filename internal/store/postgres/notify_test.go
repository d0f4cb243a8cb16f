package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// TestNotify hears of what another node ends, of no ordinary refresh, and again after the server
// was restarted.
func TestNotify(t *testing.T) {
	server := postgrestest.Options{NoSync: true}.Start(t)
	database := server.Database(t)
	here, there := mustOpen(t, database), mustOpen(t, database)
	heard, reports := make(chan struct{}, 100), make(chan error, 100)
	ctx, stop := context.WithCancel(background)
	var listening sync.WaitGroup
	listening.Go(func() {
		here.Notify(ctx, func() { heard <- struct{}{} }, func(err error) { reports <- err })
	})
	defer func() { stop(); listening.Wait() }()
	await := func(what string) {
		t.Helper()
		select {
		case <-heard:
		case <-time.After(2 * time.Minute):
			t.Fatalf("heard nothing of %s", what)
		}
	}
	await("the beginning")
	must(t, there.CreateUser(background, ada))
	for n := range byte(5) {
		p := mustBegin(t, there, n)
		mustRotate(t, there, p, store.Rotated)
		must(t, there.EndSession(background, store.Ending{Session: p.Session, Reason: store.SignedOut}, now))
		await("an end")
		if len(heard) > 0 {
			t.Error("heard more than the end")
		}
	}
	must(t, server.Restart())
	wantUnavailable(t, "report", <-reports)
	await("the beginning after a restart")
	p := mustBegin(t, there, 7)
	must(t, there.EndSession(background, store.Ending{Session: p.Session, Reason: store.SignedOut}, now))
	await("an end after a restart")
}

// TestOffset finds that the clock of this machine agrees with itself.
func TestOffset(t *testing.T) {
	db := mustOpen(t, postgrestest.Shared(t).Database(t))
	ahead, within, err := db.Offset(background)
	if err != nil || within <= 0 || within > 10*time.Second || ahead.Abs() > within+time.Millisecond {
		t.Errorf("Offset = %v within %v, %v, want about nothing", ahead, within, err)
	}
}
