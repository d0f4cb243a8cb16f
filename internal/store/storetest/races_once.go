package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// testRaceChangePassword lets one of several changes from one password through.
func testRaceChangePassword(t *testing.T, w *world) {
	for range rounds {
		u := w.mustUser(t)
		w.mustBegin(t, u.ID)
		seq := w.mustHead(t)
		won := make([]bool, 8)
		race(len(won), func(i int) {
			to := store.PasswordHash(fmt.Sprintf("%s%d", newHash, i))
			n, err := w.ChangePassword(background, store.PasswordChange{User: u.ID, From: oldHash, To: to}, w.now)
			if won[i] = err == nil; !won[i] {
				wantFault(t, "ChangePassword", err, fault.InvalidCredentials)
			} else if n != 1 {
				t.Errorf("ChangePassword = %d ended, want 1", n)
			}
		})
		got, err := w.User(t.Context(), u.ID)
		must(t, err)
		wins := 0
		for i, did := range won {
			if did {
				wins++
				if want := store.PasswordHash(fmt.Sprintf("%s%d", newHash, i)); got.Password != want {
					t.Errorf("password = %q, want the winner's %q", got.Password, want)
				}
			}
		}
		if wins != 1 || len(w.mustEntries(t, seq)) != 1 {
			t.Errorf("%d of 8 changes won with %d entries, want one", wins, len(w.mustEntries(t, seq)))
		}
	}
}

// testRaceChangePasswordSignIn leaves no session of the old password behind.
func testRaceChangePasswordSignIn(t *testing.T, w *world) {
	for range rounds {
		u := w.mustUser(t)
		race(8, func(i int) {
			if i == 0 {
				if _, err := w.ChangePassword(background, store.PasswordChange{User: u.ID, From: oldHash, To: newHash}, w.now); err != nil {
					t.Error(err)
				}
				return
			}
			for range 3 {
				if _, err := w.Begin(background, store.Beginning{Session: w.newSession(u.ID), Password: oldHash}, w.now); err != nil {
					wantFault(t, "Begin", err, fault.InvalidCredentials)
				}
			}
		})
		live, err := w.LiveSessions(t.Context(), u.ID, w.now)
		if len(live) != 0 || err != nil {
			t.Errorf("LiveSessions = %d, %v, want none from the old password", len(live), err)
		}
	}
}

// testRaceEmail gives an address to one user.
func testRaceEmail(t *testing.T, w *world) {
	for range rounds {
		u := w.newUser()
		var kept atomic.Int32
		race(8, func(int) {
			mine := w.newUser()
			mine.EmailKey = u.EmailKey
			if err := w.CreateUser(background, mine); err != nil {
				wantFault(t, "CreateUser", err, fault.EmailTaken)
				return
			}
			kept.Add(1)
		})
		if kept.Load() != 1 {
			t.Errorf("%d users with one address, want 1", kept.Load())
		}
	}
}

// testRaceSigningKey adds one of several keys that follow the same one.
func testRaceSigningKey(t *testing.T, w *world) {
	newest := ""
	for round := range rounds {
		did := make([]bool, 8)
		race(len(did), func(i int) {
			var err error
			did[i], err = w.AddSigningKey(background, w.newKey(fmt.Sprintf("kid-%02d-%d", round, i), 0), newest)
			if err != nil {
				t.Error(err)
			}
		})
		w.pass(moment)
		added := 0
		for i := range did {
			if did[i] {
				added++
				newest = fmt.Sprintf("kid-%02d-%d", round, i)
			}
		}
		if added != 1 {
			t.Errorf("AddSigningKey did it %d times, want once", added)
		}
	}
	keys, err := w.SigningKeys(t.Context())
	if len(keys) != rounds || err != nil {
		t.Errorf("SigningKeys = %d, %v, want %d", len(keys), err, rounds)
	}
}

// testRaceFact gives everybody the value that won.
func testRaceFact(t *testing.T, w *world) {
	for round := range rounds {
		name := fmt.Sprint("fact ", round)
		got := make([]string, 8)
		race(len(got), func(i int) {
			value, err := w.KeepFact(background, name, []byte{byte('a' + i)})
			if err != nil {
				t.Error(err)
			}
			got[i] = string(value)
		})
		kept, err := w.Fact(t.Context(), name)
		must(t, err)
		for _, value := range got {
			if value != string(kept) {
				t.Errorf("KeepFact = %q, want the kept %q", value, kept)
			}
		}
	}
}

// testRaceLog numbers entries without gaps and in the order of commit: whoever follows the
// log sees every number once, and after the head none appears below it.
func testRaceLog(t *testing.T, w *world) {
	for range rounds {
		u, off, changed := w.mustUser(t), w.mustUser(t), w.mustUser(t)
		var tokens []token
		for range 12 {
			tokens = append(tokens, w.mustBegin(t, u.ID))
			w.mustBegin(t, off.ID)
			w.mustBegin(t, changed.ID)
		}
		seq := w.mustHead(t)
		stop, followed := make(chan struct{}), make(chan int)
		go func() { followed <- w.follow(t, seq, stop) }()
		race(len(tokens)+2, func(i int) {
			var err error
			switch i {
			case len(tokens):
				_, err = w.DisableUser(background, off.ID, "x", func() time.Time { return w.now })
			case len(tokens) + 1:
				_, err = w.ChangePassword(background, store.PasswordChange{User: changed.ID, From: oldHash, To: newHash}, w.now)
			default:
				err = w.EndSession(background, store.Ending{Session: tokens[i].session, Reason: store.SignedOut}, w.now)
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

// testRaceEnds answers each of many ends at once for itself: whose it is, whether it lives, and what is kept of it.
func testRaceEnds(t *testing.T, w *world) {
	for range rounds {
		u, other := w.mustUser(t), w.mustUser(t)
		var live, past []store.SessionID
		gone := w.mustBegin(t, u.ID).session
		w.mustEnd(t, gone)
		for i := range 8 {
			live = append(live, w.mustBegin(t, u.ID).session)
			short := w.newSession(u.ID)
			short.ExpiresAt = w.now.Add(time.Duration(i+1) * time.Second)
			w.mustKeep(t, short)
			past = append(past, short.ID)
		}
		seq := w.mustHead(t)
		w.pass(time.Minute)
		race(len(live)*4, func(i int) {
			mine := store.Ending{Session: live[i/4], Owner: u.ID, Reason: store.EndedByUser, By: live[i/4].String()}
			want := fault.SessionNotFound
			switch i % 4 {
			case 0:
				want = ""
			case 1:
				mine.Owner = other.ID
			case 2:
				mine.Session = gone
			case 3:
				mine.Session = past[i/4]
			}
			switch err := w.EndSession(background, mine, w.now); {
			case want != "":
				wantFault(t, "EndSession", err, want)
			case err != nil:
				t.Error(err)
			}
		})
		for i := range live {
			w.wantEnded(t, live[i], store.EndedByUser, live[i].String())
			w.wantEnded(t, past[i], store.EndedExpired, "")
		}
		w.wantEnded(t, gone, store.SignedOut, "")
		if n := len(w.mustEntries(t, seq)); n != len(live)+len(past) {
			t.Errorf("%d entries, want one for each of %d sessions", n, len(live)+len(past))
		}
	}
}

// follow reads the log from seq on until it is told to stop and has seen its end, checks that
// each entry follows the one before, and gives their number.
func (w *world) follow(t *testing.T, seq int64, stop <-chan struct{}) int {
	n := 0
	for last := false; ; {
		_, head, err := w.Head(background)
		if err != nil {
			t.Error(err)
		}
		entries, err := w.RevocationsSince(background, seq, 5)
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
