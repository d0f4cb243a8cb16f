package server_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// full is a database whose disk is full, for as long as it says.
type full struct {
	store.Store
	isFull *bool
}

// ProbeWrite fails while the disk is full.
func (f full) ProbeWrite(ctx context.Context) error {
	if *f.isFull {
		return errors.New("disk full")
	}
	return f.Store.(interface{ ProbeWrite(context.Context) error }).ProbeWrite(ctx)
}

// TestReadyWhileWritesFail is not ready while nothing can be written, and leaves nothing in the
// database to find that out.
func TestReadyWhileWritesFail(t *testing.T) {
	isFull := false
	s := handstamptest.Start(t, handstamptest.Options{
		Wrap: func(engine store.Store) store.Store { return full{engine, &isFull} },
	})
	go s.Work(t.Context())
	before := s.Dump()
	for _, isFull = range []bool{false, true, false} {
		time.Sleep(1100 * time.Millisecond) // an answer is good for a second
		w := ready(s)
		if w.Code == 200 == isFull || isFull && !strings.Contains(w.Body.String(), "takes no writes") {
			t.Errorf("disk full %v: readyz = %d %s", isFull, w.Code, w.Body)
		}
	}
	if s.Dump() != before {
		t.Error("it leaves something in the database")
	}
}

// TestReadyAfterAskerLeft does not take the end of whoever asked for an answer of the database.
func TestReadyAfterAskerLeft(t *testing.T) {
	leave := func() {}
	s := handstamptest.Start(t, handstamptest.Options{
		Wrap: func(engine store.Store) store.Store { return leaving{engine, &leave} },
	})
	go s.Work(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	leave = cancel // while the database is asked
	s.Ops().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/readyz", nil))
	if w := ready(s); w.Code != 200 {
		t.Errorf("readyz = %d %s, want 200", w.Code, w.Body)
	}
}

// leaving is a database whose asker goes away while it is asked.
type leaving struct {
	store.Store
	leave *func()
}

// ProbeWrite fails when the asker is awaited no more.
func (l leaving) ProbeWrite(ctx context.Context) error {
	(*l.leave)()
	return ctx.Err()
}
