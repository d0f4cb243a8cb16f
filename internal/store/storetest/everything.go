package storetest

import (
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// testEndEverything ends every session, refuses every token by one entry, above every cut-off
// there has been, and lets everybody sign in again at once, those included who sign up later.
func testEndEverything(t *testing.T, w *world) {
	u, other, shut := w.mustUser(t), w.mustUser(t), w.mustUser(t)
	for range 3 { // its cut-off runs ahead of the clock
		u.Roles = append(u.Roles, "r")
		_, err := w.SetRoles(t.Context(), u.ID, u.Roles, w.clock)
		must(t, err)
	}
	_, err := w.DisableUser(t.Context(), shut.ID, "", w.clock)
	must(t, err)
	idle, gone := w.mustBegin(t, u.ID), w.mustBegin(t, u.ID)
	w.mustEnd(t, gone.session)
	w.pass(idleLimit)
	a, b := w.mustBegin(t, u.ID), w.mustBegin(t, other.ID)
	w.now = start
	seq := w.mustHead(t)

	n, err := w.EndEverything(t.Context(), store.Ending{Reason: store.EndedByAdmin, By: "the operator"}, func() time.Time { return start.Add(idleLimit) })
	if n != 2 || err != nil {
		t.Errorf("EndEverything = %d, %v, want 2", n, err)
	}
	entry := w.mustEntry(t, seq)
	want := start.Add(idleLimit).Unix() + 1
	if entry.Kind != revoked.All || entry.ID != "" || entry.NotBefore != want {
		t.Errorf("log = %+v, want one entry for all, up to %d", entry, want)
	}
	w.wantEnded(t, a.session, store.EndedByAdmin, "the operator")
	w.wantEnded(t, b.session, store.EndedByAdmin, "the operator")
	w.wantEnded(t, idle.session, store.EndedIdle, "")
	w.wantEnded(t, gone.session, store.SignedOut, "")
	for _, k := range []token{a, b, idle, gone} {
		w.mustRotate(t, k, store.Ended)
	}
	if again, err := w.User(t.Context(), shut.ID); err != nil || !again.Disabled() {
		t.Errorf("a disabled user = %+v, %v, want as before", again, err)
	}
	later := w.mustUser(t)
	for _, id := range []store.UserID{u.ID, other.ID, later.ID} {
		if o := w.mustRotate(t, w.mustBegin(t, id), store.Rotated); o.Standing.User.NotBefore != want {
			t.Errorf("NotBefore afterwards = %d, want %d", o.Standing.User.NotBefore, want)
		}
	}

	n, err = w.EndEverything(t.Context(), store.Ending{Reason: store.EndedByAdmin}, w.clock) // the clock is behind
	if n != 3 || err != nil || w.mustEntry(t, seq+1).NotBefore != want+1 {
		t.Errorf("EndEverything again = %d, %v, up to %d, want 3 and %d", n, err, w.mustEntry(t, seq+1).NotBefore, want+1)
	}
}

// testRaceEndEverything ends everything while people sign in and refresh: whoever was let in on
// what was there before is out afterwards, and a token from before is refused. protocol.md R6
func testRaceEndEverything(t *testing.T, w *world) {
	u := w.mustUser(t)
	for range rounds {
		k := w.mustBegin(t, u.ID)
		begun := w.newSession(u.ID)
		var issued [3]int64 // iat of the tokens that were minted, with what their user said; 0: none
		var let [3]int64    // the cut-off that their user said
		race(3, func(i int) {
			now := time.Now()
			switch i {
			case 0:
				if _, err := w.EndEverything(background, store.Ending{Reason: store.EndedByAdmin}, time.Now); err != nil {
					t.Error(err)
				}
			case 1:
				o, err := w.Rotate(background, k.from(home), w.now)
				if err != nil {
					t.Error(err)
				} else if o.Case == store.Rotated {
					let[i], issued[i] = o.Standing.User.NotBefore, max(now.Unix(), o.Standing.User.NotBefore+1)
				}
			case 2:
				user, err := w.Begin(background, store.Beginning{Session: begun}, w.now)
				if err != nil {
					t.Error(err)
				}
				let[i], issued[i] = user.NotBefore, max(now.Unix(), user.NotBefore+1)
			}
		})
		cut := w.mustEntries(t, w.mustHead(t)-1)[0].NotBefore
		for i, session := range []store.SessionID{{}, k.session, begun.ID} {
			if issued[i] == 0 || let[i] == cut {
				continue // nobody was let in, or afterwards
			}
			if issued[i] > cut {
				t.Fatalf("a token from before has iat %d, the cut-off is %d", issued[i], cut)
			}
			if w.mustStanding(t, session).Session.EndReason == "" {
				t.Fatalf("session %d from before lives on", i)
			}
		}
	}
}

// testRevokeSigningKey forgets a key at once, and has another sign if it was the one that did.
func testRevokeSigningKey(t *testing.T, w *world) {
	retiring, active, pending := w.newKey("kid-a-00001", -time.Hour), w.newKey("kid-b-00001", -time.Minute), w.newKey("kid-c-00001", time.Minute)
	early, next := pending, w.newKey("kid-d-00001", 0)
	early.ActiveFrom, next.CreatedAt = w.now, w.now.Add(-time.Second)
	tests := []struct {
		name   string
		keys   []store.SigningKey
		revoke string
		signs  store.SigningKey
		left   []store.SigningKey
	}{
		{"the only one", []store.SigningKey{active}, active.ID, next, []store.SigningKey{next}},
		{"the active one", []store.SigningKey{retiring, active}, active.ID, next, []store.SigningKey{retiring, next}},
		{"the active one before a pending one", []store.SigningKey{retiring, active, pending}, active.ID, early, []store.SigningKey{retiring, early}},
		{"a pending one", []store.SigningKey{active, pending}, pending.ID, active, []store.SigningKey{active}},
		{"a retiring one", []store.SigningKey{retiring, active, pending}, retiring.ID, active, []store.SigningKey{active, pending}},
		{"the only one, which is pending", []store.SigningKey{pending}, pending.ID, next, []store.SigningKey{next}},
	}
	for _, tt := range tests {
		newest, seq := "", w.mustHead(t)
		for _, k := range tt.keys {
			_, err := w.AddSigningKey(t.Context(), k, newest)
			must(t, err)
			newest = k.ID
		}
		other := next
		other.ActiveFrom = time.Time{} // what it says does not count
		got, err := w.RevokeSigningKey(t.Context(), tt.revoke, other, w.now)
		must(t, err)
		same(t, tt.name+": signs", got, tt.signs)
		w.wantKeys(t, tt.left...)
		if e := w.mustEntry(t, seq); e.Kind != revoked.Key || e.ID != tt.revoke || e.NotBefore != 0 {
			t.Errorf("%s: log = %+v, want one entry for the key", tt.name, e)
		}
		_, err = w.RevokeSigningKey(t.Context(), tt.revoke, other, w.now)
		wantFault(t, tt.name+": again", err, fault.KeyNotFound)
		w.wantKeys(t, tt.left...)
		w.wantLogged(t, seq+1)
		for _, k := range tt.left {
			must(t, w.DropSigningKeys(t.Context(), []string{k.ID}))
		}
	}
}

// testRaiseEpoch begins a new epoch later than all that is named, unless somebody else did, and
// leaves the entries and their numbers.
func testRaiseEpoch(t *testing.T, w *world) {
	u := w.mustUser(t)
	w.mustEnd(t, w.mustBegin(t, u.ID).session)
	first, _, err := w.Head(t.Context())
	must(t, err)
	ahead := first + 1_000_000_000_000
	steps := []struct {
		name        string
		from, above int64
		now         time.Time
		want        int64
	}{
		{"no longer from", first - 1, 0, time.UnixMilli(first + 5), first},
		{"by the clock", first, 0, time.UnixMilli(first + 5), first + 6},
		{"again from the first", first, 0, time.UnixMilli(first + 50), first + 6},
		{"with the clock behind", first + 6, 0, time.UnixMilli(first), first + 7},
		{"above", first + 7, ahead, time.UnixMilli(first), ahead + 1},
	}
	for _, step := range steps {
		got, err := w.RaiseEpoch(t.Context(), step.from, step.above, step.now)
		if got != step.want || err != nil {
			t.Errorf("RaiseEpoch(%s) = %d, %v, want %d", step.name, got, err, step.want)
		}
	}
	epoch, seq, err := w.Head(t.Context())
	if e := w.mustEntry(t, 0); epoch != ahead+1 || seq != 1 || err != nil || e.Epoch != epoch || e.Seq != 1 {
		t.Errorf("Head = %d, %d, %v, entry %+v, want all in epoch %d", epoch, seq, err, e, ahead+1)
	}
}

// testRaceEpoch begins one epoch for all who found out at once.
func testRaceEpoch(t *testing.T, w *world) {
	for range rounds {
		from, _, err := w.Head(t.Context())
		must(t, err)
		got := make([]int64, 8)
		race(len(got), func(i int) {
			var err error
			if got[i], err = w.RaiseEpoch(background, from, 0, time.UnixMilli(from+int64(i)*10)); err != nil {
				t.Error(err)
			}
		})
		epoch, _, err := w.Head(t.Context())
		must(t, err)
		for _, g := range got {
			if g != epoch || g <= from {
				t.Fatalf("RaiseEpoch = %v, want %d for all", got, epoch)
			}
		}
	}
}
