package revoked_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// epoch is when the log of these tests began
const epoch = 1_700_000_000_000

// token is one of ada's
var token = revoked.Token{Session: "sid", Subject: "ada", Client: "app", KeyID: "kid", IssuedAt: 100}

// mustSet makes a set that follows the log from its beginning, and applies entries that it numbers
// itself.
func mustSet(t *testing.T, entries ...revoked.Entry) *revoked.Set {
	t.Helper()
	s := revoked.NewSet()
	if err := s.Merge(revoked.Snapshot{Epoch: epoch}); err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		e.Epoch, e.Seq, e.Prev = epoch, int64(i+1), int64(i)
		if err := s.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestRevoked tries each kind against tokens it does and does not end.
func TestRevoked(t *testing.T) {
	for _, test := range []struct {
		name  string
		entry revoked.Entry
		want  bool
	}{
		{"the session", revoked.Entry{Kind: revoked.Session, ID: "sid"}, true},
		{"the session, whatever its time", revoked.Entry{Kind: revoked.Session, ID: "sid", NotBefore: 1}, true},
		{"another session", revoked.Entry{Kind: revoked.Session, ID: "other"}, false},
		{"a session called like the user", revoked.Entry{Kind: revoked.Session, ID: "ada"}, false},
		{"the user, a second before", revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: 99}, false},
		{"the user, in that second", revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: 100}, true},
		{"the user, later", revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: 101}, true},
		{"the user, whenever", revoked.Entry{Kind: revoked.User, ID: "ada"}, true},
		{"another user", revoked.Entry{Kind: revoked.User, ID: "bob", NotBefore: 1000}, false},
		{"the user in capitals", revoked.Entry{Kind: revoked.User, ID: "ADA", NotBefore: 1000}, false},
		{"the client, a second before", revoked.Entry{Kind: revoked.Client, ID: "app", NotBefore: 99}, false},
		{"the client", revoked.Entry{Kind: revoked.Client, ID: "app", NotBefore: 100}, true},
		{"the key", revoked.Entry{Kind: revoked.Key, ID: "kid"}, true},
		{"another key", revoked.Entry{Kind: revoked.Key, ID: "kid2"}, false},
		{"everything, a second before", revoked.Entry{Kind: revoked.All, NotBefore: 99}, false},
		{"everything", revoked.Entry{Kind: revoked.All, NotBefore: 100}, true},
		{"everything, whatever its id says", revoked.Entry{Kind: revoked.All, ID: "x", NotBefore: 100}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := mustSet(t, test.entry).Revoked(token); got != test.want {
				t.Errorf("Revoked = %v, want %v", got, test.want)
			}
		})
	}
	if mustSet(t, revoked.Entry{Kind: revoked.Session, ID: "sid"}).Revoked(revoked.Token{}) {
		t.Error("Revoked of a token without names = true, want false")
	}
}

// TestStrictestWins lays two rules over one user, in both orders.
func TestStrictestWins(t *testing.T) {
	early := revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: 50, Expires: 1050}
	late := revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: 100, Expires: 1100}
	for _, order := range [][]revoked.Entry{{early, late}, {late, early}} {
		s := mustSet(t, order...)
		if !s.Revoked(token) {
			t.Errorf("Revoked after cuts at %d and %d = false, want true", order[0].NotBefore, order[1].NotBefore)
		}
		if s.Sweep(1060); !s.Revoked(token) {
			t.Error("the rule died with the one that expired first")
		}
		if left := s.Sweep(1101); left != 0 || s.Revoked(token) {
			t.Errorf("%d rules left after all expired, want 0", left)
		}
	}
}

// TestApplyOrder sends entries in every wrong order.
func TestApplyOrder(t *testing.T) {
	entry := func(at, seq, prev int64) revoked.Entry {
		return revoked.Entry{Epoch: at, Seq: seq, Prev: prev, Kind: revoked.Session, ID: fmt.Sprint("s", seq)}
	}
	for _, test := range []struct {
		name  string
		entry revoked.Entry
		want  error
		seq   int64 // the position afterwards; before it is 5
		ends  bool  // the entry takes effect
	}{
		{"the next", entry(epoch, 6, 5), nil, 6, true},
		{"the next, numbered with a hole", entry(epoch, 9, 5), nil, 9, true},
		{"the last again", entry(epoch, 5, 4), nil, 5, false},
		{"an earlier one again", entry(epoch, 2, 1), nil, 5, false},
		{"one beyond a gap", entry(epoch, 8, 7), revoked.ErrGap, 5, true},
		{"one that names a later start", entry(epoch, 8, 6), revoked.ErrGap, 5, true},
		{"one that names an earlier start", entry(epoch, 8, 4), revoked.ErrGap, 5, true},
		{"an older log", entry(epoch-1, 900, 899), revoked.ErrOlder, 5, false},
		{"a newer log", entry(epoch+1, 1, 0), revoked.ErrGap, 5, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := revoked.NewSet()
			if err := s.Merge(revoked.Snapshot{Epoch: epoch, Seq: 5}); err != nil {
				t.Fatal(err)
			}
			before := s.Generation()
			if err := s.Apply(test.entry); !errors.Is(err, test.want) {
				t.Errorf("Apply = %v, want %v", err, test.want)
			}
			if at, seq := s.Position(); at != epoch || seq != test.seq {
				t.Errorf("Position = %d, %d, want %d, %d", at, seq, int64(epoch), test.seq)
			}
			if got := s.Revoked(revoked.Token{Session: test.entry.ID}); got != test.ends {
				t.Errorf("Revoked = %v, want %v", got, test.ends)
			}
			if moved := s.Generation() != before; moved != test.ends {
				t.Errorf("Generation moved: %v, want %v", moved, test.ends)
			}
		})
	}
}

// TestMerge takes snapshots over what a set already holds.
func TestMerge(t *testing.T) {
	snapshot := func(at, seq int64) revoked.Snapshot {
		return revoked.Snapshot{Epoch: at, Seq: seq, Entries: []revoked.Entry{
			{Epoch: at, Seq: seq, Kind: revoked.Session, ID: "new", Expires: 2000},
		}}
	}
	for _, test := range []struct {
		name     string
		snapshot revoked.Snapshot
		want     error
	}{
		{"a later place", snapshot(epoch, 9), nil},
		{"the same place", snapshot(epoch, 1), nil},
		{"a new log, as after a restore", snapshot(epoch+1, 0), nil},
		{"an earlier place", snapshot(epoch, 0), revoked.ErrOlder},
		{"an older log", snapshot(epoch-1, 99), revoked.ErrOlder},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := mustSet(t, revoked.Entry{Kind: revoked.Session, ID: "old", Expires: 1000})
			if err := s.Merge(test.snapshot); !errors.Is(err, test.want) {
				t.Fatalf("Merge = %v, want %v", err, test.want)
			}
			if !s.Revoked(revoked.Token{Session: "old"}) {
				t.Error("what the set held before is gone")
			}
			if got := s.Revoked(revoked.Token{Session: "new"}); got != (test.want == nil) {
				t.Errorf("Revoked of what the snapshot holds = %v", got)
			}
			at, seq := s.Position()
			if taken := at == test.snapshot.Epoch && seq == test.snapshot.Seq; taken != (test.want == nil) {
				t.Errorf("Position = %d, %d", at, seq)
			}
		})
	}
}

// TestRefusesNonsense lists entries that would be kept without effect.
func TestRefusesNonsense(t *testing.T) {
	for _, e := range []revoked.Entry{
		{}, {Kind: "tenant", ID: "x"}, {Kind: "Session", ID: "x"}, {Kind: revoked.Session}, {Kind: revoked.User},
	} {
		s := mustSet(t)
		before := s.Generation()
		e.Epoch, e.Seq = epoch, 1
		if err := s.Apply(e); err == nil {
			t.Errorf("Apply(%+v): no error, want one", e)
		}
		if err := s.Merge(revoked.Snapshot{Epoch: epoch, Seq: 1, Entries: []revoked.Entry{e}}); err == nil {
			t.Errorf("Merge of %+v: no error, want one", e)
		}
		if _, seq := s.Position(); seq != 0 || s.Generation() != before || s.Len() != 0 {
			t.Errorf("%+v changed the set", e)
		}
	}
}

// TestSweep keeps an entry to the end of its last second.
func TestSweep(t *testing.T) {
	s := mustSet(
		t,
		revoked.Entry{Kind: revoked.Session, ID: "sid", Expires: 1000},
		revoked.Entry{Kind: revoked.Key, ID: "k", Expires: 2000},
	)
	before := s.Generation()
	for _, now := range []int64{0, 999, 1000} {
		if left := s.Sweep(now); left != 2 || s.Len() != 2 || !s.Revoked(token) {
			t.Errorf("at %d: %d left, want 2", now, left)
		}
	}
	if left := s.Sweep(1001); left != 1 || s.Len() != 1 || s.Revoked(token) {
		t.Errorf("at 1001: %d left, want 1", left)
	}
	if s.Generation() != before {
		t.Error("a sweep moved the generation, though no token is refused by it")
	}
}

// TestChanged is woken by every change, and by no repetition.
func TestChanged(t *testing.T) {
	s := mustSet(t)
	changed := s.Changed()
	e := revoked.Entry{Epoch: epoch, Seq: 1, Kind: revoked.Session, ID: "sid"}
	if err := s.Apply(e); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("an entry did not close Changed")
	}
	changed = s.Changed()
	if err := s.Apply(e); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Error("a repeated entry closed Changed")
	default:
	}
}

// TestModel runs random logs with losses, repetitions, snapshots and sweeps against a plain list of
// all entries that were ever decided. Whatever happens on the way, a set at the log's head refuses
// every token that a living entry refuses.
func TestModel(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		s := mustSet(t)
		var log []revoked.Entry
		sent := 0
		for now := int64(100); now < 300; now++ {
			id := fmt.Sprint(random.IntN(8))
			kinds := []revoked.Kind{revoked.Session, revoked.User, revoked.Client, revoked.Key, revoked.All}
			kind := kinds[random.IntN(5)]
			log = append(log, revoked.Entry{
				Epoch: epoch, Seq: int64(len(log) + 1), Prev: int64(len(log)),
				Kind: kind, ID: id, NotBefore: now - 50 + int64(random.IntN(50)), Expires: now + 60,
			})
			switch random.IntN(4) {
			case 0: // lost
			case 1:
				s.Sweep(now)
			default:
				sent = deliver(t, s, log, sent, now)
			}
		}
		sent = deliver(t, s, log, sent, 300)
		s.Sweep(300)
		compare(t, s, log, 300, random)
		if sent != len(log) {
			t.Fatalf("seed %d: %d of %d entries arrived", seed, sent, len(log))
		}
	}
}

// deliver sends the newest entry, and a snapshot of the living ones when that leaves a gap
func deliver(t *testing.T, s *revoked.Set, log []revoked.Entry, sent int, now int64) int {
	t.Helper()
	err := s.Apply(log[len(log)-1])
	if gap := len(log) > sent+1; gap != errors.Is(err, revoked.ErrGap) {
		t.Fatalf("Apply of %d after %d = %v", len(log), sent, err)
	}
	if err != nil {
		living := slices.DeleteFunc(slices.Clone(log), func(e revoked.Entry) bool { return e.Expires < now })
		if err := s.Merge(revoked.Snapshot{Epoch: epoch, Seq: int64(len(log)), Entries: living}); err != nil {
			t.Fatal(err)
		}
	}
	return len(log)
}

// compare asks the set and the list about random tokens
func compare(t *testing.T, s *revoked.Set, log []revoked.Entry, now int64, random *rand.Rand) {
	t.Helper()
	for range 200 {
		name := func() string { return fmt.Sprint(random.IntN(12)) }
		token := revoked.Token{
			Session:  name(),
			Subject:  name(),
			Client:   name(),
			KeyID:    name(),
			IssuedAt: now - 60 + int64(random.IntN(80)),
		}
		must := slices.ContainsFunc(log, func(e revoked.Entry) bool { return e.Expires >= now && matches(e, token) })
		may := slices.ContainsFunc(log, func(e revoked.Entry) bool { return matches(e, token) })
		if got := s.Revoked(token); must && !got || got && !may {
			t.Fatalf("Revoked(%+v) = %v; must %v, may %v", token, got, must, may)
		}
	}
}

// matches is the rule of the kinds, said once more and plainly
func matches(e revoked.Entry, t revoked.Token) bool {
	switch e.Kind {
	case revoked.Session:
		return e.ID == t.Session
	case revoked.Key:
		return e.ID == t.KeyID
	case revoked.User:
		return e.ID == t.Subject && t.IssuedAt <= e.NotBefore
	case revoked.Client:
		return e.ID == t.Client && t.IssuedAt <= e.NotBefore
	}
	return t.IssuedAt <= e.NotBefore
}

// TestConcurrent reads while entries come and go; the race detector judges.
func TestConcurrent(t *testing.T) {
	s := mustSet(t)
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-s.Changed():
				default:
					s.Revoked(token)
					s.Generation()
				}
			}
		})
	}
	for i := range int64(2000) {
		e := revoked.Entry{Epoch: epoch, Seq: i + 1, Prev: i, Kind: revoked.Session, ID: fmt.Sprint(i), Expires: i}
		if err := s.Apply(e); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			s.Sweep(i - 50)
		}
	}
	close(stop)
	readers.Wait()
	if left := s.Sweep(1999); left != 1 {
		t.Errorf("%d entries left, want 1", left)
	}
}
