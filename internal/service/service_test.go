package service_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/service"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// fixture is a Manager, its database and its log, under a clock that stands.
type fixture struct {
	*service.Manager
	t   *testing.T
	db  *sqlite.DB
	log *bytes.Buffer
	now time.Time
}

// open makes one on a new database.
func open(t *testing.T) *fixture {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return on(t, db, "a key for tests")
}

// on makes a fixture on a database, which tells its keys from others by a MAC key.
func on(t *testing.T, db *sqlite.DB, macKey string) *fixture {
	d := &fixture{t: t, db: db, log: &bytes.Buffer{}, now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	d.Manager = service.New(service.Parts{
		Store: db, MACKey: secret.NewKey([]byte(macKey)),
		Log: audit.New(slog.New(slog.NewTextHandler(d.log, nil))),
		Now: func() time.Time { return d.now },
	})
	return d
}

// must makes a key.
func (d *fixture) must(name string) (store.Service, secret.Text) {
	d.t.Helper()
	s, key, err := d.Create(d.t.Context(), audit.Operator(), name)
	if err != nil {
		d.t.Fatal(err)
	}
	return s, key
}

// check shows a key.
func (d *fixture) check(key string) error {
	_, err := d.Check(d.t.Context(), audit.Caller{}, secret.New(key))
	return err
}

// TestCheck takes a good key and nothing like it.
func TestCheck(t *testing.T) {
	d := open(t)
	s, key := d.must("billing")
	_, other := d.must("other")
	elsewhere, foreign := on(t, d.db, "another server's").must("foreign")
	if len(key.Reveal()) != 68 || !strings.HasPrefix(key.Reveal(), "hsk_") || s.Hash == (store.ServiceHash{}) {
		t.Errorf("Create = %d characters, want hsk_ and 64", len(key.Reveal()))
	}
	got, err := d.Check(t.Context(), audit.Caller{}, key)
	if err != nil || got.ID != s.ID || got.Name != "billing" {
		t.Errorf("Check(good) = %+v, %v, want it", got, err)
	}
	text := key.Reveal()
	for name, bad := range map[string]string{
		"nothing": "", "the prefix": "hsk_", "an id": string(s.ID), "truncated": text[:67], "long": text + "A",
		"another prefix": "hsr_" + text[4:],
		"upper case":     strings.ToUpper(text), "a bit off": text[:20] + flip(text[20]) + text[21:],
		"padding": text[:67] + "=", "a line end": text + "\n",
		"the id of another": other.Reveal()[:15] + text[15:], "of another server": foreign.Reveal(),
	} {
		if err := d.check(bad); !fault.HasCode(err, fault.InvalidServiceKey) {
			t.Errorf("Check(%s) = %v, want invalid_service_key", name, err)
		}
	}
	if strings.Contains(d.log.String(), text) || strings.Contains(d.log.String(), foreign.Reveal()) {
		t.Errorf("a key is in the log: %s", d.log)
	}
	if _, ok := d.IDOf(foreign); ok {
		t.Errorf("Names(%s) = ok, want another server's key to be none of ours", elsewhere.ID)
	}
}

// flip returns another character.
func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// TestBadKeysAskNobody keeps what is no key of ours from the database, even from one that is gone.
func TestBadKeysAskNobody(t *testing.T) {
	d := open(t)
	_, key := d.must("billing")
	d.db.Close()
	if err := d.check("hsk_" + strings.Repeat("A", 64)); !fault.HasCode(err, fault.InvalidServiceKey) {
		t.Errorf("Check(forged) without a database = %v, want invalid_service_key", err)
	}
	if err := d.check(key.Reveal()); !fault.HasCode(err, fault.StorageUnavailable) {
		t.Errorf("Check(good) without a database = %v, want storage_unavailable", err)
	}
}

// TestNames takes names that are plain everywhere.
func TestNames(t *testing.T) {
	d := open(t)
	for _, name := range []string{"a", "billing", "Billing-2.eu_west", strings.Repeat("x", 64)} {
		d.must(name)
	}
	for _, name := range []string{"", "-a", ".a", "a b", "a\nb", "ä", "svc_x", "a/b", strings.Repeat("x", 65)} {
		if _, _, err := d.Create(t.Context(), audit.Operator(), name); !fault.HasCode(err, fault.InvalidRequest) {
			t.Errorf("Create(%q) = %v, want invalid_request", name, err)
		}
	}
	if _, _, err := d.Create(t.Context(), audit.Operator(), "billing"); !fault.HasCode(err, fault.ServiceNameTaken) {
		t.Errorf("Create(name taken) = %v, want service_name_taken", err)
	}
}

// TestOperatorOnly lets nobody else make, list or revoke keys.
func TestOperatorOnly(t *testing.T) {
	d := open(t)
	s, _ := d.must("billing")
	for _, by := range []audit.Caller{{}, {User: "usr_ada"}, {Service: s.ID}} {
		_, _, made := d.Create(t.Context(), by, "mine")
		_, listed := d.List(t.Context(), by)
		_, revoked := d.Revoke(t.Context(), by, "billing")
		for _, err := range []error{made, listed, revoked} {
			if !fault.HasCode(err, fault.InsufficientRole) {
				t.Errorf("by %+v: %v, want insufficient_role", by, err)
			}
		}
	}
}

// TestRevoke refuses a key from then on, by name or id, and ends what it holds open, here at once
// and on another node when that tends; nobody else's.
func TestRevoke(t *testing.T) {
	d := open(t)
	elsewhere := on(t, d.db, "a key for tests")
	s, key := d.must("billing")
	kept, keptKey := d.must("kept")
	here, doneHere := d.WatchKey(t.Context(), s.ID)
	defer doneHere()
	there, doneThere := elsewhere.WatchKey(t.Context(), s.ID)
	defer doneThere()
	other, doneOther := elsewhere.WatchKey(t.Context(), kept.ID)
	defer doneOther()
	nobody, doneNobody := elsewhere.WatchKey(t.Context(), "")
	defer doneNobody()
	tend(t, elsewhere)
	if there.Err() != nil {
		t.Error("a stream ended before its key was revoked")
	}
	gone, err := d.Revoke(t.Context(), audit.Operator(), "billing")
	if err != nil || gone.ID != s.ID {
		t.Errorf("Revoke = %+v, %v, want billing", gone, err)
	}
	if !errors.Is(here.Err(), context.Canceled) || there.Err() != nil {
		t.Errorf("after Revoke: here %v, there %v, want ended here and not yet there", here.Err(), there.Err())
	}
	tend(t, elsewhere)
	if there.Err() == nil || other.Err() != nil || nobody.Err() != nil {
		t.Errorf("after CloseRevoked: revoked %v, other %v, none %v, want the first alone ended",
			there.Err(), other.Err(), nobody.Err())
	}
	if err := d.check(key.Reveal()); !fault.HasCode(err, fault.InvalidServiceKey) {
		t.Errorf("Check(revoked) = %v, want invalid_service_key", err)
	}
	if err := elsewhere.check(keptKey.Reveal()); err != nil {
		t.Errorf("Check(kept) = %v", err)
	}
	for _, name := range []string{"billing", string(s.ID), "nobody", ""} {
		if _, err := d.Revoke(t.Context(), audit.Operator(), name); !fault.HasCode(err, fault.ServiceNotFound) {
			t.Errorf("Revoke(%q) = %v, want service_not_found", name, err)
		}
	}
	if _, err := d.Revoke(t.Context(), audit.Operator(), string(kept.ID)); err != nil {
		t.Errorf("Revoke by id = %v", err)
	}
}

// tend tends.
func tend(t *testing.T, d *fixture) {
	t.Helper()
	if err := d.CloseRevoked(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestOpenedLate ends what was opened between the check of a key and its end elsewhere.
func TestOpenedLate(t *testing.T) {
	d := open(t)
	elsewhere := on(t, d.db, "a key for tests")
	s, _ := d.must("billing")
	if _, err := elsewhere.Revoke(t.Context(), audit.Operator(), "billing"); err != nil {
		t.Fatal(err)
	}
	late, done := d.WatchKey(t.Context(), s.ID)
	defer done()
	tend(t, d)
	if late.Err() == nil {
		t.Error("a stream of a key that was revoked while it was opened goes on")
	}
}

// TestUses notes when keys were used, later and together, and loses none to a database that is
// away.
func TestUses(t *testing.T) {
	d := open(t)
	s, key := d.must("billing")
	used := func() time.Time {
		t.Helper()
		got, err := d.db.Service(t.Context(), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.UsedAt
	}
	if err := d.check(key.Reveal()); err != nil {
		t.Fatal(err)
	}
	if at := used(); !at.IsZero() {
		t.Errorf("used at %v before it was noted, want nothing written by a check", at)
	}
	away, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.NoteUses(away); err == nil {
		t.Error("NoteUses without a database = nil")
	}
	note(t, d)
	if at := used(); !at.Equal(d.now) {
		t.Errorf("used at %v, want %v", at, d.now)
	}
	d.now = d.now.Add(time.Hour)
	note(t, d)
	if at := used(); at.Equal(d.now) {
		t.Error("a use is noted that was none")
	}
	_, done := d.WatchKey(t.Context(), s.ID)
	note(t, d)
	if at := used(); !at.Equal(d.now) {
		t.Errorf("used at %v with a stream open, want %v", at, d.now)
	}
	done()
}

// note notes uses.
func note(t *testing.T, d *fixture) {
	t.Helper()
	if err := d.NoteUses(t.Context()); err != nil {
		t.Fatal(err)
	}
}
