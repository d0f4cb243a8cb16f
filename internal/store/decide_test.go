package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// TestFollow returns the session as it is after each case, and what is to be written.
func TestFollow(t *testing.T) {
	now := rotated.Add(time.Second)
	home, abroad := store.Client{Agent: "home"}, store.Client{Agent: "abroad"}
	line := store.Line{Generation: 7, Nonce: dad, Parent: grandpa, RotatedAt: rotated, Forks: 1}
	begun := store.Session{
		Line: line, LastUsedAt: rotated, LastUsedBy: home,
		IdleLimit: 2 * time.Hour, ExpiresAt: signIn.Add(12 * time.Hour),
	}
	used := func(change func(*store.Session)) store.Session {
		s := begun
		change(&s)
		return s
	}
	ended := func(reason store.EndReason) store.Session {
		return used(func(s *store.Session) { s.EndReason, s.EndedAt = reason, now })
	}
	confirmed := store.Presented{Generation: 7, Parent: grandpa, Nonce: dad, From: home, Window: window}
	successor := store.Presented{Generation: 8, Parent: dad, Nonce: kid, From: abroad, Window: window}
	recovering, spent, late := confirmed, confirmed, confirmed
	recovering.From = abroad
	spent.Nonce = uncle
	late.Generation, late.Nonce = 6, grandpa
	tests := []struct {
		name      string
		row       store.Session
		disabled  bool
		presented store.Presented
		wantCase  store.Case
		want      store.Session
		wantWrite store.Consequence
	}{
		{"rotated", begun, false, successor, store.Rotated, used(func(s *store.Session) {
			s.Line = store.Line{Generation: 8, Nonce: kid, Parent: dad, ParentForked: true, RotatedAt: now}
			s.LastUsedAt, s.LastUsedBy = now, abroad
		}), store.WriteUse},
		{"repeated", begun, false, confirmed, store.Repeated, begun, store.WriteNothing},
		{"late", begun, false, late, store.Late, begun, store.WriteNothing},
		{"recovered", begun, false, recovering, store.Recovered, used(func(s *store.Session) {
			s.Line.Forks, s.LastUsedAt = 2, now
		}), store.WriteUse},
		{"reused", begun, false, spent, store.Reused, ended(store.ReuseDetected), store.WriteEnd},
		{"disabled", begun, true, successor, store.Ended, ended(store.UserDisabled), store.WriteEnd},
		{"idle", used(func(s *store.Session) { s.IdleLimit = time.Second }), false, successor, store.Ended,
			used(
				func(s *store.Session) { s.IdleLimit, s.EndReason, s.EndedAt = time.Second, store.EndedIdle, now },
			), store.WriteEnd},
		{
			"ended before",
			ended(store.SignedOut),
			false,
			successor,
			store.Ended,
			ended(store.SignedOut),
			store.WriteNothing,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var user store.User
			if tt.disabled {
				user.DisabledAt = signIn
			}
			got, write := store.Follow(store.Standing{Session: tt.row, User: user}, tt.presented, now)
			want := store.Outcome{Case: tt.wantCase, Standing: store.Standing{Session: tt.want, User: user}}
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b store.Client) bool { return a == b })); diff != "" {
				t.Errorf("outcome, got +, want -:\n%s", diff)
			}
			if write != tt.wantWrite {
				t.Errorf("consequence = %d, want %d", write, tt.wantWrite)
			}
		})
	}
}

// TestOverAt is the end, or the nearer limit.
func TestOverAt(t *testing.T) {
	s := store.Session{LastUsedAt: signIn, IdleLimit: time.Hour, ExpiresAt: signIn.Add(90 * time.Minute)}
	steps := []struct {
		change func()
		want   time.Duration
	}{
		{func() {}, time.Hour},
		{func() { s.LastUsedAt = signIn.Add(time.Hour) }, 90 * time.Minute},
		{func() { s.EndedAt = signIn.Add(time.Minute) }, time.Minute},
	}
	for _, step := range steps {
		step.change()
		if got := s.OverAt().Sub(signIn); got != step.want {
			t.Errorf("OverAt = %v after the sign-in, want %v", got, step.want)
		}
	}
}

// TestAllowed lets nobody begin who is disabled, or whose password has changed since.
func TestAllowed(t *testing.T) {
	tests := []struct {
		name    string
		user    store.User
		checked store.PasswordHash
		want    bool
	}{
		{"the same password", store.User{Password: "a"}, "a", true},
		{"another password", store.User{Password: "b"}, "a", false},
		{"not a password", store.User{Password: "b"}, "", true},
		{"disabled", store.User{Password: "a", DisabledAt: signIn}, "a", false},
	}
	for _, tt := range tests {
		if got := (store.Beginning{Password: tt.checked}).Allowed(tt.user); got != tt.want {
			t.Errorf("%s: Allowed = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestEndEntries writes an entry for every session, and counts those that were live.
func TestEndEntries(t *testing.T) {
	a, b := store.SessionID{1}, store.SessionID{2}
	entries, live := store.EndEntries([]store.EndedSession{{a, true}, {b, false}})
	want := []revoked.Entry{{Kind: revoked.Session, ID: a.String()}, {Kind: revoked.Session, ID: b.String()}}
	if diff := cmp.Diff(want, entries); diff != "" || live != 1 {
		t.Errorf("EndEntries = %d live, want 1; entries, got +, want -:\n%s", live, diff)
	}
}

// TestEntryExpires outlives every token that the entry refuses, by at most a second.
func TestEntryExpires(t *testing.T) {
	const life = int64(store.RevocationLife / time.Second)
	tests := []struct {
		after     time.Duration
		notBefore int64
		want      int64
	}{
		{0, 0, life},
		{time.Millisecond, 0, life + 1},
		{time.Second, 0, life + 1},
		{0, 90, life + 90},
	}
	for _, tt := range tests {
		e := revoked.Entry{}
		if tt.notBefore != 0 {
			e.NotBefore = signIn.Unix() + tt.notBefore
		}
		if got := store.EntryExpires(e, signIn.Add(tt.after)) - signIn.Unix(); got != tt.want {
			t.Errorf("EntryExpires(NotBefore +%d, %v) = +%d, want +%d", tt.notBefore, tt.after, got, tt.want)
		}
	}
}

// TestRaiseNotBefore is above the clock's second and the last, whichever is later.
func TestRaiseNotBefore(t *testing.T) {
	now := time.Unix(1000, 999_000_000)
	for _, tt := range []struct{ last, want int64 }{{0, 1001}, {999, 1001}, {1000, 1001}, {1001, 1002}, {5000, 5001}} {
		if got := store.RaiseNotBefore(tt.last, now); got != tt.want {
			t.Errorf("RaiseNotBefore(%d) = %d, want %d", tt.last, got, tt.want)
		}
	}
}

// TestTruncate drops what is no whole millisecond, and the zone.
func TestTruncate(t *testing.T) {
	at := time.Date(2026, 11, 2, 10, 0, 0, 7_999_999, time.FixedZone("CET", 3600))
	if got, want := store.Truncate(at), time.Date(2026, 11, 2, 9, 0, 0, 7_000_000, time.UTC); got != want {
		t.Errorf("Truncate = %v, want %v", got, want)
	}
}

// TestAdmin looks for the role among others.
func TestAdmin(t *testing.T) {
	for want, roles := range map[bool][]string{true: {"admin", "staff"}, false: {"administrator"}} {
		if got := (store.User{Roles: roles}).Admin(); got != want {
			t.Errorf("Admin(%v) = %v, want %v", roles, got, want)
		}
	}
}
