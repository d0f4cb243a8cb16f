package storetest

import (
	"context"
	"encoding/base64"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Service keys are kept.
var _ = register(subject{
	name: "service",
	tests: []test{
		{"round trip", testServiceRoundTrip},
		{"name taken", testServiceNameTaken},
		{"uses", testServiceUses},
		{"revoke", testRevokeService},
		{"race/name", testRaceService},
	},
	operations: []operation{
		writing(OpAddService, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { return f.AddService(ctx, f.newService("added")) }
		}),
		reading(OpService, func(t *testing.T, f *fixture) call {
			s := f.mustService(t, "read")
			return func(ctx context.Context) error { _, err := f.Service(ctx, s.ID); return err }
		}),
		reading(OpListServices, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, err := f.ListServices(ctx); return err }
		}),
		writing(OpNoteServiceUses, func(t *testing.T, f *fixture) call {
			s := f.mustService(t, "used")
			return func(ctx context.Context) error {
				return f.NoteServiceUses(ctx, map[store.ServiceID]time.Time{s.ID: f.now})
			}
		}),
		writing(OpRevokeService, func(t *testing.T, f *fixture) call {
			s := f.mustService(t, "revoked")
			return func(ctx context.Context) error { return f.RevokeService(ctx, s.ID, f.now) }
		}),
	},
	rows: serviceRows,
})

// Its operations.
const (
	OpAddService      Operation = "AddService"
	OpService         Operation = "Service"
	OpListServices    Operation = "ListServices"
	OpNoteServiceUses Operation = "NoteServiceUses"
	OpRevokeService   Operation = "RevokeService"
)

// newService returns a service key of this name; nobody keeps it yet.
func (f *fixture) newService(name string) store.Service {
	return store.Service{
		ID: store.ServiceID("svc_" + base64.RawURLEncoding.EncodeToString(random(8))), Name: name,
		Hash: store.ServiceHash(random(32)), CreatedAt: f.now,
	}
}

// mustService keeps a new service key.
func (f *fixture) mustService(t *testing.T, name string) store.Service {
	t.Helper()
	s := f.newService(name)
	must(t, f.AddService(t.Context(), s))
	return s
}

// wantServices checks all service keys, in order.
func (f *fixture) wantServices(t *testing.T, want ...store.Service) {
	t.Helper()
	got, err := f.ListServices(t.Context())
	must(t, err)
	same(t, "ListServices", got, want, cmpopts.EquateEmpty())
}

// testServiceRoundTrip reads back what was kept, and nothing of what was not.
func testServiceRoundTrip(t *testing.T, f *fixture) {
	f.wantServices(t)
	b := f.mustService(t, "billing")
	f.pass(-moment)
	a := f.mustService(t, "a name with 'quotes', ünïcode and % signs")
	for _, s := range []store.Service{a, b} {
		got, err := f.Service(t.Context(), s.ID)
		must(t, err)
		same(t, "Service", got, s)
	}
	f.wantServices(t, a, b)
	_, err := f.Service(t.Context(), "svc_nobody")
	wantFault(t, "Service(nobody)", err, fault.ServiceNotFound)
}

// testServiceNameTaken lets a name be used again when its key is revoked, and not before.
func testServiceNameTaken(t *testing.T, f *fixture) {
	first := f.mustService(t, "billing")
	second := f.newService("billing")
	wantFault(t, "AddService(name taken)", f.AddService(t.Context(), second), fault.ServiceNameTaken)
	f.mustService(t, "Billing")
	must(t, f.RevokeService(t.Context(), first.ID, f.now))
	must(t, f.AddService(t.Context(), second))
	wantFault(t, "AddService(name taken again)", f.AddService(t.Context(), f.newService("billing")),
		fault.ServiceNameTaken)
}

// testServiceUses keeps the latest use of each key.
func testServiceUses(t *testing.T, f *fixture) {
	a := f.mustService(t, "a")
	f.pass(moment)
	b := f.mustService(t, "b")
	early, late := f.now.Add(time.Minute), f.now.Add(time.Hour)
	steps := []struct {
		uses         map[store.ServiceID]time.Time
		wantA, wantB time.Time
	}{
		{nil, time.Time{}, time.Time{}},
		{map[store.ServiceID]time.Time{a.ID: late, "svc_nobody": late}, late, time.Time{}},
		{map[store.ServiceID]time.Time{a.ID: early, b.ID: early}, late, early},
		{map[store.ServiceID]time.Time{b.ID: early.Add(moment)}, late, early.Add(moment)},
	}
	for _, step := range steps {
		must(t, f.NoteServiceUses(t.Context(), step.uses))
		a.UsedAt, b.UsedAt = step.wantA, step.wantB
		f.wantServices(t, a, b)
	}
}

// testRevokeService makes a key good no more, once and for ever, and no other.
func testRevokeService(t *testing.T, f *fixture) {
	a := f.mustService(t, "a")
	f.pass(moment)
	b := f.mustService(t, "b")
	f.pass(time.Minute)
	must(t, f.RevokeService(t.Context(), a.ID, f.now))
	a.RevokedAt = f.now
	f.pass(time.Minute)
	wantFault(t, "RevokeService(again)", f.RevokeService(t.Context(), a.ID, f.now), fault.ServiceNotFound)
	wantFault(t, "RevokeService(nobody)", f.RevokeService(t.Context(), "svc_nobody", f.now), fault.ServiceNotFound)
	f.wantServices(t, a, b)
	if got, err := f.Service(t.Context(), a.ID); err != nil || !got.Revoked() {
		t.Errorf("Service(revoked) = %+v, %v, want it, revoked", got, err)
	}
}

// testRaceService lets one of several keys have a name, and revokes it once.
func testRaceService(t *testing.T, f *fixture) {
	for range rounds {
		var kept, revoked atomic.Int32
		var winner atomic.Pointer[store.Service]
		race(8, func(int) {
			s := f.newService("racer")
			if err := f.AddService(background, s); err != nil {
				wantFault(t, "AddService", err, fault.ServiceNameTaken)
				return
			}
			kept.Add(1)
			winner.Store(&s)
		})
		race(8, func(int) {
			if err := f.RevokeService(background, winner.Load().ID, f.now); err != nil {
				wantFault(t, "RevokeService", err, fault.ServiceNotFound)
				return
			}
			revoked.Add(1)
		})
		if kept.Load() != 1 || revoked.Load() != 1 {
			t.Errorf("%d keys of one name kept, one revoked %d times, want 1 and 1", kept.Load(), revoked.Load())
		}
	}
}

// serviceRows keeps one that was used and is revoked, and one of the same name.
func serviceRows(t *testing.T, f *fixture) rowCount {
	old := f.mustService(t, "billing")
	must(t, f.NoteServiceUses(t.Context(), map[store.ServiceID]time.Time{old.ID: f.now.Add(-moment)}))
	must(t, f.RevokeService(t.Context(), old.ID, f.now))
	f.mustService(t, "billing")
	return rowCount{"services": 2}
}

// AddService calls the engine, unless it shall fail.
func (fs *FaultStore) AddService(ctx context.Context, s store.Service) error {
	return fs.run(OpAddService, func() error { return fs.engine.AddService(ctx, s) })
}

// Service calls the engine, unless it shall fail.
func (fs *FaultStore) Service(ctx context.Context, id store.ServiceID) (store.Service, error) {
	return through(fs, OpService, func() (store.Service, error) { return fs.engine.Service(ctx, id) })
}

// ListServices calls the engine, unless it shall fail.
func (fs *FaultStore) ListServices(ctx context.Context) ([]store.Service, error) {
	return through(fs, OpListServices, func() ([]store.Service, error) { return fs.engine.ListServices(ctx) })
}

// NoteServiceUses calls the engine, unless it shall fail.
func (fs *FaultStore) NoteServiceUses(ctx context.Context, uses map[store.ServiceID]time.Time) error {
	return fs.run(OpNoteServiceUses, func() error { return fs.engine.NoteServiceUses(ctx, uses) })
}

// RevokeService calls the engine, unless it shall fail.
func (fs *FaultStore) RevokeService(ctx context.Context, id store.ServiceID, now time.Time) error {
	return fs.run(OpRevokeService, func() error { return fs.engine.RevokeService(ctx, id, now) })
}
