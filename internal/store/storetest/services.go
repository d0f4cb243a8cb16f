package storetest

import (
	"encoding/base64"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// newService gives a service key of this name; nobody keeps it yet.
func (w *world) newService(name string) store.Service {
	return store.Service{
		ID: store.ServiceID("svc_" + base64.RawURLEncoding.EncodeToString(random(8))), Name: name,
		Hash: store.ServiceHash(random(32)), CreatedAt: w.now,
	}
}

// mustService keeps a new service key.
func (w *world) mustService(t *testing.T, name string) store.Service {
	t.Helper()
	s := w.newService(name)
	must(t, w.AddService(t.Context(), s))
	return s
}

// wantServices checks all service keys, in order.
func (w *world) wantServices(t *testing.T, want ...store.Service) {
	t.Helper()
	got, err := w.ListServices(t.Context())
	must(t, err)
	same(t, "ListServices", got, want, cmpopts.EquateEmpty())
}

// testServiceRoundTrip gives back what was kept, and nothing of what was not.
func testServiceRoundTrip(t *testing.T, w *world) {
	w.wantServices(t)
	b := w.mustService(t, "billing")
	w.pass(-moment)
	a := w.mustService(t, "a name with 'quotes', ünïcode and % signs")
	for _, s := range []store.Service{a, b} {
		got, err := w.Service(t.Context(), s.ID)
		must(t, err)
		same(t, "Service", got, s)
	}
	w.wantServices(t, a, b)
	_, err := w.Service(t.Context(), "svc_nobody")
	wantFault(t, "Service(nobody)", err, fault.ServiceNotFound)
}

// testServiceNameTaken lets a name be used again when its key is revoked, and not before.
func testServiceNameTaken(t *testing.T, w *world) {
	first := w.mustService(t, "billing")
	second := w.newService("billing")
	wantFault(t, "AddService(name taken)", w.AddService(t.Context(), second), fault.ServiceNameTaken)
	w.mustService(t, "Billing")
	must(t, w.RevokeService(t.Context(), first.ID, w.now))
	must(t, w.AddService(t.Context(), second))
	wantFault(t, "AddService(name taken again)", w.AddService(t.Context(), w.newService("billing")), fault.ServiceNameTaken)
}

// testServiceUses keeps the latest use of each key.
func testServiceUses(t *testing.T, w *world) {
	a := w.mustService(t, "a")
	w.pass(moment)
	b := w.mustService(t, "b")
	early, late := w.now.Add(time.Minute), w.now.Add(time.Hour)
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
		must(t, w.NoteServiceUses(t.Context(), step.uses))
		a.UsedAt, b.UsedAt = step.wantA, step.wantB
		w.wantServices(t, a, b)
	}
}

// testRevokeService makes a key good no more, once and for ever, and no other.
func testRevokeService(t *testing.T, w *world) {
	a := w.mustService(t, "a")
	w.pass(moment)
	b := w.mustService(t, "b")
	w.pass(time.Minute)
	must(t, w.RevokeService(t.Context(), a.ID, w.now))
	a.RevokedAt = w.now
	w.pass(time.Minute)
	wantFault(t, "RevokeService(again)", w.RevokeService(t.Context(), a.ID, w.now), fault.ServiceNotFound)
	wantFault(t, "RevokeService(nobody)", w.RevokeService(t.Context(), "svc_nobody", w.now), fault.ServiceNotFound)
	w.wantServices(t, a, b)
	if got, err := w.Service(t.Context(), a.ID); err != nil || !got.Revoked() {
		t.Errorf("Service(revoked) = %+v, %v, want it, revoked", got, err)
	}
}

// testRaceService gives a name to one key, and revokes it once.
func testRaceService(t *testing.T, w *world) {
	for range rounds {
		var kept, revoked atomic.Int32
		var winner atomic.Pointer[store.Service]
		race(8, func(int) {
			s := w.newService("racer")
			if err := w.AddService(background, s); err != nil {
				wantFault(t, "AddService", err, fault.ServiceNameTaken)
				return
			}
			kept.Add(1)
			winner.Store(&s)
		})
		race(8, func(int) {
			if err := w.RevokeService(background, winner.Load().ID, w.now); err != nil {
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
