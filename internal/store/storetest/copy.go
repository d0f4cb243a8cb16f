package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// RunCopy tests that one engine takes over what another keeps. Each opens a new, empty store.
func RunCopy(t *testing.T, from, to func(t *testing.T) store.Store) {
	t.Run("round trip", func(t *testing.T) { testCopy(t, &world{Store: from(t), now: start, another: to}) })
	t.Run("failing row", func(t *testing.T) { testCopyFails(t, &world{Store: from(t), now: start, another: to}) })
}

// filled is what a test looks at again after it has filled a store.
type filled struct {
	user, forked, over token
	spent              token // of user's session, confirmed before its last
}

// fill keeps something of every kind, with every column told from its neighbours.
func (w *world) fill(t *testing.T) filled {
	t.Helper()
	admin := w.newUser()
	admin.Name, admin.Roles, admin.EmailVerifiedAt = "Zoë 🦊", []string{"admin", "staff"}, w.now.Add(7*moment)
	must(t, w.CreateFirstAdmin(t.Context(), admin))
	u, shut, gone := w.mustUser(t), w.mustUser(t), w.mustUser(t)
	for _, id := range []store.UserID{shut.ID, gone.ID} {
		w.mustBegin(t, id)
	}
	_, err := w.DisableUser(t.Context(), shut.ID, "an admin", w.clock)
	must(t, err)
	must(t, w.DeleteUser(t.Context(), gone.ID, w.clock))
	_, err = w.EndEverything(t.Context(), store.Ending{Reason: store.EndedByAdmin, By: "the operator"}, w.clock)
	must(t, err)

	w.pass(time.Second + moment)
	var f filled
	f.spent = w.mustBegin(t, u.ID)
	w.mustRotate(t, f.spent, store.Rotated)
	w.pass(time.Minute)
	f.user = f.spent.next()
	w.mustPresent(t, f.user.from(abroad), store.Rotated)
	f.user = f.user.next()

	s := w.newSession(admin.ID)
	s.CreatedBy, s.LastUsedBy, s.AMR, s.ACR, s.Remember = store.Client{}, store.Client{IP: netip.MustParseAddr("2001:db8::7")}, []string{"pwd", "otp"}, "aal2", true
	s.AuthTime = s.AuthTime.Add(-time.Hour)
	w.mustKeep(t, s)
	f.forked = first(s)
	w.mustRotate(t, f.forked, store.Rotated)
	w.pass(time.Minute)
	w.mustRotate(t, f.forked, store.Recovered)
	f.over = w.mustBegin(t, u.ID)
	w.mustRotate(t, f.over, store.Rotated)
	w.mustEnd(t, f.over.session)

	_, err = w.AddSigningKey(t.Context(), w.newKey("kid-b", 0), "")
	must(t, err)
	_, err = w.AddSigningKey(t.Context(), w.newKey("kid-a", time.Hour), "kid-b")
	must(t, err)
	old := w.mustService(t, "billing")
	must(t, w.NoteServiceUses(t.Context(), map[store.ServiceID]time.Time{old.ID: w.now.Add(-moment)}))
	must(t, w.RevokeService(t.Context(), old.ID, w.now))
	w.mustService(t, "billing")
	_, err = w.KeepFact(t.Context(), "bytes", []byte{0, 0xff, '\''})
	must(t, err)
	epoch, _, err := w.Head(t.Context())
	must(t, err)
	_, err = w.RaiseEpoch(t.Context(), epoch, 0, w.now)
	must(t, err)
	return f
}

// dump gives everything that a store keeps.
func dump(t *testing.T, s store.Store) []store.Row {
	t.Helper()
	var all []store.Row
	for row, err := range s.CopyOut(t.Context()) {
		must(t, err)
		all = append(all, row)
	}
	return all
}

// wantRows compares all that a store keeps.
func wantRows(t *testing.T, what string, got, want []store.Row) {
	t.Helper()
	same(t, what, got, want, cmpopts.EquateEmpty())
}

// testCopy copies everything, as it is, and the copy goes on where the store stood.
func testCopy(t *testing.T, w *world) {
	f := w.fill(t)
	rows := dump(t, w)
	kinds := map[string]int{}
	for _, row := range rows {
		kinds[fmt.Sprintf("%T", row)]++
	}
	same(t, "rows of a kind", kinds, map[string]int{
		"store.LogHead": 1, "store.UserRow": 4, "store.SessionRow": 5, "store.EntryRow": 4,
		"store.KeyRow": 2, "store.ServiceRow": 2, "store.FactRow": 2,
	})
	to := &world{Store: w.another(t), now: w.now}
	must(t, to.CopyIn(t.Context(), w.CopyOut(t.Context())))
	wantRows(t, "the copy", dump(t, to), rows)
	wantRows(t, "what was copied", dump(t, w), rows)

	seq := to.mustHead(t)
	same(t, "log of the copy", to.mustEntries(t, 0), w.mustEntries(t, 0))
	to.mustRotate(t, f.user, store.Rotated)
	to.mustRotate(t, f.over, store.Ended)
	to.mustRotate(t, f.forked.next(), store.Rotated)
	to.mustRotate(t, f.spent, store.Reused)
	if e := to.mustEntry(t, seq); e.Kind != revoked.Session || e.Prev != seq {
		t.Errorf("entry after the copy = %+v, want it to follow %d", e, seq)
	}
	later := to.mustUser(t)
	if head := rows[0].(store.LogHead); later.NotBefore != 0 || head.NotBefore == 0 {
		t.Errorf("cut-off of the log = %d, want that of the end of everything", head.NotBefore)
	}
	to.wantRowsSwept(t)
}

// wantRowsSwept checks that what was copied is swept in its time.
func (w *world) wantRowsSwept(t *testing.T) {
	t.Helper()
	for range 3 {
		_, err := w.Sweep(t.Context(), store.Sweeping{Limit: 100}, w.now.Add(100*lifetime))
		must(t, err)
	}
	for _, row := range dump(t, w) {
		switch row.(type) {
		case store.SessionRow, store.EntryRow:
			t.Errorf("after everything is over there is still %+v", row)
		}
	}
}

// errSource is what a source of rows fails with.
var errSource = errors.New("the source is gone")

// failing gives rows up to the first of this kind, and then an error.
func failing[T store.Row](rows []store.Row) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		for _, row := range rows {
			if _, ok := row.(T); ok {
				yield(nil, errSource)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// given gives rows.
func given(rows ...store.Row) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// testCopyFails leaves nothing of rows that come with an error, or cannot be kept, and takes them all
// the next time.
func testCopyFails(t *testing.T, w *world) {
	w.fill(t)
	rows := dump(t, w)
	to := &world{Store: w.another(t), now: w.now}
	empty := dump(t, to)
	find := func(is func(store.Row) bool) store.Row { return rows[slices.IndexFunc(rows, is)] }
	user := find(func(r store.Row) bool { _, ok := r.(store.UserRow); return ok })
	key := find(func(r store.Row) bool { _, ok := r.(store.KeyRow); return ok })
	stranger := store.SessionRow{Session: w.newSession("usr_nobody")}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		rows iter.Seq2[store.Row, error]
		want error // nil: any
	}{
		{"error first", t.Context(), failing[store.LogHead](rows), errSource},
		{"error after users", t.Context(), failing[store.SessionRow](rows), errSource},
		{"error after keys", t.Context(), failing[store.ServiceRow](rows), errSource},
		{"error at the end", t.Context(), failing[store.FactRow](rows), errSource},
		{"a row twice", t.Context(), given(append(slices.Clone(rows), key)...), nil},
		{"a user twice", t.Context(), given(user, user), nil},
		{"a session of nobody", t.Context(), given(append(slices.Clone(rows), stranger)...), nil},
		{"a fact without a value", t.Context(), given(user, store.FactRow{Name: "x", Value: []byte{}}), nil},
		{"nothing that is known", t.Context(), given(user, nil), nil},
		{"nobody waits", cancelled, given(rows...), nil},
	}
	for _, tt := range tests {
		if err := to.CopyIn(tt.ctx, tt.rows); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: CopyIn = %v, want an error, %v", tt.name, err, tt.want)
		}
		wantRows(t, tt.name, dump(t, to), empty)
	}
	must(t, to.CopyIn(t.Context(), given(rows...)))
	wantRows(t, "the copy after all", dump(t, to), rows)
}

// testCopyRefused copies nothing into a store that keeps anything, and changes nothing there.
func testCopyRefused(t *testing.T, w *world) {
	w.fill(t)
	rows := dump(t, w)
	tried := map[string]bool{"store.SessionRow": true} // there is none without a user
	for _, row := range rows {
		kind := fmt.Sprintf("%T", row)
		if tried[kind] {
			continue
		}
		tried[kind] = true
		to := w.another(t)
		must(t, to.CopyIn(t.Context(), given(row)))
		kept := dump(t, to)
		if err := to.CopyIn(t.Context(), given(rows...)); !errors.Is(err, store.ErrNotEmpty) {
			t.Errorf("CopyIn where a %s is = %v, want %v", kind, err, store.ErrNotEmpty)
		}
		wantRows(t, "what was there", dump(t, to), kept)
	}
}

// testCopyMoment copies one moment, whatever is written while it does, and by whoever reads it.
func testCopyMoment(t *testing.T, w *world) {
	f := w.fill(t)
	before := dump(t, w)
	var got []store.Row
	for row, err := range w.CopyOut(t.Context()) {
		must(t, err)
		if got = append(got, row); len(got) == 2 { // the rest is still to be read
			w.mustBegin(t, w.mustUser(t).ID)
			w.mustRotate(t, f.user, store.Rotated)
			w.mustEnd(t, f.user.session)
			w.mustService(t, "later")
		}
	}
	wantRows(t, "rows of one moment", got, before)
	for range w.CopyOut(t.Context()) {
		break // and nothing is held up by it
	}
	w.mustUser(t)
}

// testRaceCopy copies into one store at once, from several: one of them is whole.
func testRaceCopy(t *testing.T, w *world) {
	w.fill(t)
	rows := dump(t, w)
	to := w.another(t)
	var done atomic.Int32
	race(4, func(int) {
		switch err := to.CopyIn(background, given(rows...)); {
		case err == nil:
			done.Add(1)
		case !errors.Is(err, store.ErrNotEmpty):
			t.Error(err)
		}
	})
	if done.Load() != 1 {
		t.Errorf("%d of 4 copies were kept, want 1", done.Load())
	}
	wantRows(t, "the copy", dump(t, to), rows)
}
