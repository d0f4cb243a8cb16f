package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// testEmptyLog has begun, and holds nothing.
func testEmptyLog(t *testing.T, w *world) {
	epoch, seq, err := w.Head(t.Context())
	if epoch <= 0 || seq != 0 || err != nil {
		t.Errorf("Head of a new log = %d, %d, %v, want an epoch and 0", epoch, seq, err)
	}
	for _, above := range []int64{0, 7} {
		if entries, err := w.RevocationsSince(t.Context(), above, 10); len(entries) != 0 || err != nil {
			t.Errorf("RevocationsSince(%d) = %v, %v, want none", above, entries, err)
		}
	}
}

// testEntries numbers entries without gaps and says in each what protocol.md §6 asks for.
func testEntries(t *testing.T, w *world) {
	u := w.mustUser(t)
	epoch, _, err := w.Head(t.Context())
	must(t, err)
	w.pass(1001 * moment)
	a, b := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
	at := w.now.UnixMilli()
	w.mustEnd(t, a.session)
	_, err = w.DisableUser(t.Context(), u.ID, "", func() time.Time { return w.now })
	must(t, err)
	life := int64(store.RevocationLife.Seconds())
	same(t, "log", w.mustEntries(t, 0), []revoked.Entry{
		{Epoch: epoch, Seq: 1, Prev: 0, At: at, Kind: revoked.Session, ID: a.session.String(), Expires: start.Unix() + 2 + life},
		{Epoch: epoch, Seq: 2, Prev: 1, At: at, Kind: revoked.User, ID: string(u.ID), NotBefore: start.Unix() + 2, Expires: start.Unix() + 2 + life},
	})
	if e, seq, err := w.Head(t.Context()); e != epoch || seq != 2 || err != nil {
		t.Errorf("Head = %d, %d, %v, want %d, 2", e, seq, err, epoch)
	}
	w.mustRotate(t, b, store.Ended)
	w.wantLogged(t, 2)

	w.now = start.Add(time.Hour) // a whole second is not rounded
	w.mustEnd(t, w.mustBegin(t, w.mustUser(t).ID).session)
	if got, want := w.mustEntry(t, 2).Expires, w.now.Unix()+life; got != want {
		t.Errorf("Expires = %d, want %d", got, want)
	}
}

// testLogPages gives entries above a number, oldest first, so many at most.
func testLogPages(t *testing.T, w *world) {
	u := w.mustUser(t)
	for range 6 {
		w.mustBegin(t, u.ID)
	}
	n, err := w.EndOtherSessions(t.Context(), store.Ending{Owner: u.ID, Reason: store.EndedByAdmin}, w.now)
	if n != 6 || err != nil {
		t.Fatalf("EndOtherSessions = %d, %v, want 6", n, err)
	}
	w.mustEnd(t, w.mustBegin(t, u.ID).session)

	tests := []struct {
		above int64
		limit int
		want  []int64
	}{
		{0, 3, []int64{1, 2, 3}}, {3, 3, []int64{4, 5, 6}}, {6, 3, []int64{7}}, {7, 3, nil}, {99, 3, nil}, {0, 100, []int64{1, 2, 3, 4, 5, 6, 7}},
	}
	for _, tt := range tests {
		entries, err := w.RevocationsSince(t.Context(), tt.above, tt.limit)
		must(t, err)
		var got []int64
		for _, e := range entries {
			got = append(got, e.Seq)
			if e.Prev != e.Seq-1 {
				t.Errorf("entry %d: prev = %d, want the number before", e.Seq, e.Prev)
			}
		}
		same(t, "RevocationsSince", got, tt.want, cmpopts.EquateEmpty())
	}
}
