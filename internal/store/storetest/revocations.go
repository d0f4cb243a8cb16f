package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// The log is read.
var _ = register(subject{
	name: "log",
	tests: []test{
		{"empty", testEmptyLog},
		{"entries", testEntries},
		{"pages", testLogPages},
		{"sweep", testSweepLog},
		{"race/entries", testRaceLog},
	},
	operations: []operation{
		reading(OpHead, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, _, err := f.Head(ctx); return err }
		}),
		reading(OpRevocationsSince, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, err := f.RevocationsSince(ctx, 0, 9); return err }
		}),
	},
	rows: logRows,
})

// Its operations.
const (
	OpHead             Operation = "Head"
	OpRevocationsSince Operation = "RevocationsSince"
)

// testEmptyLog has begun, and holds nothing.
func testEmptyLog(t *testing.T, f *fixture) {
	epoch, seq, err := f.Head(t.Context())
	if epoch <= 0 || seq != 0 || err != nil {
		t.Errorf("Head of a new log = %d, %d, %v, want an epoch and 0", epoch, seq, err)
	}
	for _, above := range []int64{0, 7} {
		if entries, err := f.RevocationsSince(t.Context(), above, 10); len(entries) != 0 || err != nil {
			t.Errorf("RevocationsSince(%d) = %v, %v, want none", above, entries, err)
		}
	}
}

// testEntries numbers entries without gaps and says in each what protocol.md §6 asks for.
func testEntries(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	epoch, _, err := f.Head(t.Context())
	must(t, err)
	f.pass(1001 * moment)
	a, b := f.mustBegin(t, u.ID), f.mustBegin(t, u.ID)
	at := f.now.UnixMilli()
	f.mustEnd(t, a.session)
	_, err = f.DisableUser(t.Context(), u.ID, "", func() time.Time { return f.now })
	must(t, err)
	life := int64(store.RevocationLife.Seconds())
	same(t, "log", f.mustEntries(t, 0), []revoked.Entry{
		{
			Epoch: epoch, Seq: 1, Prev: 0, At: at, Kind: revoked.Session, ID: a.session.String(),
			Expires: start.Unix() + 2 + life,
		},
		{
			Epoch: epoch, Seq: 2, Prev: 1, At: at, Kind: revoked.User, ID: string(u.ID), NotBefore: start.Unix() + 2,
			Expires: start.Unix() + 2 + life,
		},
	})
	if e, seq, err := f.Head(t.Context()); e != epoch || seq != 2 || err != nil {
		t.Errorf("Head = %d, %d, %v, want %d, 2", e, seq, err, epoch)
	}
	f.mustRotate(t, b, store.Ended)
	f.wantLogged(t, 2)

	f.now = start.Add(time.Hour) // a whole second is not rounded
	f.mustEnd(t, f.mustBegin(t, f.mustUser(t).ID).session)
	if got, want := f.mustEntry(t, 2).Expires, f.now.Unix()+life; got != want {
		t.Errorf("Expires = %d, want %d", got, want)
	}
}

// testLogPages reads entries above a number, oldest first, so many at most.
func testLogPages(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	for range 6 {
		f.mustBegin(t, u.ID)
	}
	n, err := f.EndOtherSessions(t.Context(), store.Ending{Owner: u.ID, Reason: store.EndedByAdmin}, f.now)
	if n != 6 || err != nil {
		t.Fatalf("EndOtherSessions = %d, %v, want 6", n, err)
	}
	f.mustEnd(t, f.mustBegin(t, u.ID).session)

	tests := []struct {
		above int64
		limit int
		want  []int64
	}{
		{0, 3, []int64{1, 2, 3}}, {3, 3, []int64{4, 5, 6}}, {6, 3, []int64{7}}, {7, 3, nil}, {99, 3, nil},
		{0, 100, []int64{1, 2, 3, 4, 5, 6, 7}},
	}
	for _, tt := range tests {
		entries, err := f.RevocationsSince(t.Context(), tt.above, tt.limit)
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

// testSweepLog drops expired entries from the log's start, so that the rest has no gap, and
// leaves its head where it is.
func testSweepLog(t *testing.T, f *fixture) {
	u := f.mustUser(t)
	end := func() { f.mustEnd(t, f.mustBegin(t, u.ID).session) }
	const life = store.RevocationLife
	end()
	f.pass(time.Minute)
	end()
	end()
	f.pass(-time.Minute) // the clock steps back
	end()

	wantFirst := func(after time.Duration, limit int, want int64) {
		t.Helper()
		f.sweep(t, after, limit)
		entries := f.mustEntries(t, 0)
		first := int64(5) // none
		if len(entries) > 0 {
			first = entries[0].Seq
		}
		if first != want || len(entries) != int(5-want) {
			t.Errorf("Sweep(%v): %d entries from %d on, want all from %d on", after, len(entries), first, want)
		}
	}
	wantFirst(life-moment, 100, 1)
	wantFirst(life, 100, 2) // the fourth has expired too, and stays behind those that have not
	wantFirst(time.Minute+life-moment, 100, 2)
	wantFirst(time.Minute+life, 1, 3)
	wantFirst(time.Minute+life, 2, 5)

	end()
	entries := f.mustEntries(t, 0)
	if len(entries) != 1 || entries[0].Seq != 5 || entries[0].Prev != 4 {
		t.Errorf("entries after a sweep = %v, want one, 5 after 4", entries)
	}
}

// testRaceLog numbers entries without gaps and in the order of commit: whoever follows the
// log sees every number once, and after the head none appears below it.
func testRaceLog(t *testing.T, f *fixture) {
	for range rounds {
		u, off, changed := f.mustUser(t), f.mustUser(t), f.mustUser(t)
		var tokens []token
		for range 12 {
			tokens = append(tokens, f.mustBegin(t, u.ID))
			f.mustBegin(t, off.ID)
			f.mustBegin(t, changed.ID)
		}
		seq := f.mustHead(t)
		stop, followed := make(chan struct{}), make(chan int)
		go func() { followed <- f.follow(t, seq, stop) }()
		race(len(tokens)+2, func(i int) {
			var err error
			switch i {
			case len(tokens):
				_, err = f.DisableUser(background, off.ID, "x", func() time.Time { return f.now })
			case len(tokens) + 1:
				_, err = f.ChangePassword(background,
					store.PasswordChange{User: changed.ID, From: oldHash, To: newHash}, f.now)
			default:
				err = f.EndSession(background, store.Ending{Session: tokens[i].session, Reason: store.SignedOut}, f.now)
			}
			if err != nil {
				t.Error(err)
			}
		})
		close(stop)
		if n, want := <-followed, len(tokens)+1+12; n != want {
			t.Errorf("followed %d entries, want %d", n, want)
		}
	}
}

// follow reads the log from seq on until it is told to stop and has seen its end, checks that
// each entry follows the one before, and returns their number.
func (f *fixture) follow(t *testing.T, seq int64, stop <-chan struct{}) int {
	n := 0
	for last := false; ; {
		_, head, err := f.Head(background)
		if err != nil {
			t.Error(err)
		}
		entries, err := f.RevocationsSince(background, seq, 5)
		if err != nil {
			t.Error(err)
		}
		for _, e := range entries {
			if e.Prev != seq || e.Seq != seq+1 {
				t.Errorf("entry %d after %d follows %d, want no gap", e.Seq, e.Prev, seq)
			}
			seq = e.Seq
		}
		n += len(entries)
		if len(entries) < 5 && seq < head {
			t.Errorf("the log ends at %d, its head was at %d before", seq, head)
		}
		if last && len(entries) == 0 {
			return n
		}
		select {
		case <-stop:
			last = true
		default:
		}
	}
}

// logRows keeps an entry for everybody, with a NotBefore for all users, and begins another epoch.
func logRows(t *testing.T, f *fixture) rowCount {
	end := store.Ending{Reason: store.EndedByAdmin, By: "the operator"}
	_, err := f.EndEverything(t.Context(), end, f.clock)
	must(t, err)
	epoch, _, err := f.Head(t.Context())
	must(t, err)
	_, err = f.RaiseEpoch(t.Context(), epoch, 0, f.now)
	must(t, err)
	return rowCount{"revocation_head": 1, "revocations": 1}
}

// Head calls the engine, unless it shall fail.
func (fs *FaultStore) Head(ctx context.Context) (epoch, seq int64, err error) {
	type head struct{ epoch, seq int64 }
	got, err := through(fs, OpHead, func() (h head, err error) {
		h.epoch, h.seq, err = fs.engine.Head(ctx)
		return h, err
	})
	return got.epoch, got.seq, err
}

// RevocationsSince calls the engine, unless it shall fail.
func (fs *FaultStore) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	return through(fs, OpRevocationsSince,
		func() ([]revoked.Entry, error) { return fs.engine.RevocationsSince(ctx, seq, limit) })
}
