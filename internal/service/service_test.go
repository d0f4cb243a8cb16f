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
	f := &fixture{t: t, db: db, log: &bytes.Buffer{}, now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	f.Manager = service.New(service.Parts{
		Store: db, MACKey: secret.NewKey([]byte(macKey)),
		Log: audit.New(slog.New(slog.NewTextHandler(f.log, nil))),
		Now: func() time.Time { return f.now },
	})
	return f
}

// must makes a key.
func (f *fixture) must(name string) (store.Service, secret.Text) {
	f.t.Helper()
	s, key, err := f.Create(f.t.Context(), audit.Operator(), name)
	if err != nil {
		f.t.Fatal(err)
	}
	return s, key
}

// check shows a key.
func (f *fixture) check(key string) error {
	_, err := f.Check(f.t.Context(), audit.Caller{}, secret.New(key))
	return err
}

// TestCheck takes a good key and nothing like it.
func TestCheck(t *testing.T) {
	f := open(t)
	s, key := f.must("billing")
	_, other := f.must("other")
	elsewhere, foreign := on(t, f.db, "another server's").must("foreign")
	if len(key.Reveal()) != 68 || !strings.HasPrefix(key.Reveal(), "hsk_") || s.Hash == (store.ServiceHash{}) {
		t.Errorf("Create = %d characters, want hsk_ and 64", len(key.Reveal()))
	}
	got, err := f.Check(t.Context(), audit.Caller{}, key)
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
		if err := f.check(bad); !fault.HasCode(err, fault.InvalidServiceKey) {
			t.Errorf("Check(%s) = %v, want invalid_service_key", name, err)
		}
	}
	if strings.Contains(f.log.String(), text) || strings.Contains(f.log.String(), foreign.Reveal()) {
		t.Errorf("a key is in the log: %s", f.log)
	}
	if _, ok := f.IDOf(foreign); ok {
		t.Errorf("IDOf(%s) = ok, want another server's key to be none of ours", elsewhere.ID)
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
	f := open(t)
	_, key := f.must("billing")
	f.db.Close()
	if err := f.check("hsk_" + strings.Repeat("A", 64)); !fault.HasCode(err, fault.InvalidServiceKey) {
		t.Errorf("Check(forged) without a database = %v, want invalid_service_key", err)
	}
	if err := f.check(key.Reveal()); !fault.HasCode(err, fault.StorageUnavailable) {
		t.Errorf("Check(good) without a database = %v, want storage_unavailable", err)
	}
}

// TestNames takes names that are plain everywhere.
func TestNames(t *testing.T) {
	f := open(t)
	for _, name := range []string{"a", "billing", "Billing-2.eu_west", strings.Repeat("x", 64)} {
		f.must(name)
	}
	for _, name := range []string{"", "-a", ".a", "a b", "a\nb", "ä", "svc_x", "a/b", strings.Repeat("x", 65)} {
		if _, _, err := f.Create(t.Context(), audit.Operator(), name); !fault.HasCode(err, fault.InvalidRequest) {
			t.Errorf("Create(%q) = %v, want invalid_request", name, err)
		}
	}
	if _, _, err := f.Create(t.Context(), audit.Operator(), "billing"); !fault.HasCode(err, fault.ServiceNameTaken) {
		t.Errorf("Create(name taken) = %v, want service_name_taken", err)
	}
}

// TestOperatorOnly lets nobody else make, list or revoke keys.
func TestOperatorOnly(t *testing.T) {
	f := open(t)
	s, _ := f.must("billing")
	for _, by := range []audit.Caller{{}, {User: "usr_ada"}, {Service: s.ID}} {
		_, _, made := f.Create(t.Context(), by, "mine")
		_, listed := f.List(t.Context(), by)
		_, revoked := f.Revoke(t.Context(), by, "billing")
		for _, err := range []error{made, listed, revoked} {
			if !fault.HasCode(err, fault.InsufficientRole) {
				t.Errorf("by %+v: %v, want insufficient_role", by, err)
			}
		}
	}
}

// TestRevoke refuses a key from then on, by name or id, and ends what it holds open, here at once
// and on another node when that looks; nobody else's.
func TestRevoke(t *testing.T) {
	f := open(t)
	elsewhere := on(t, f.db, "a key for tests")
	s, key := f.must("billing")
	kept, keptKey := f.must("kept")
	here, doneHere := f.WatchKey(t.Context(), s.ID)
	defer doneHere()
	there, doneThere := elsewhere.WatchKey(t.Context(), s.ID)
	defer doneThere()
	other, doneOther := elsewhere.WatchKey(t.Context(), kept.ID)
	defer doneOther()
	nobody, doneNobody := elsewhere.WatchKey(t.Context(), "")
	defer doneNobody()
	closeRevoked(t, elsewhere)
	if there.Err() != nil {
		t.Error("a stream ended before its key was revoked")
	}
	gone, err := f.Revoke(t.Context(), audit.Operator(), "billing")
	if err != nil || gone.ID != s.ID {
		t.Errorf("Revoke = %+v, %v, want billing", gone, err)
	}
	if !errors.Is(here.Err(), context.Canceled) || there.Err() != nil {
		t.Errorf("after Revoke: here %v, there %v, want ended here and not yet there", here.Err(), there.Err())
	}
	closeRevoked(t, elsewhere)
	if there.Err() == nil || other.Err() != nil || nobody.Err() != nil {
		t.Errorf("after CloseRevoked: revoked %v, other %v, none %v, want the first alone ended",
			there.Err(), other.Err(), nobody.Err())
	}
	if err := f.check(key.Reveal()); !fault.HasCode(err, fault.InvalidServiceKey) {
		t.Errorf("Check(revoked) = %v, want invalid_service_key", err)
	}
	if err := elsewhere.check(keptKey.Reveal()); err != nil {
		t.Errorf("Check(kept) = %v", err)
	}
	for _, name := range []string{"billing", string(s.ID), "nobody", ""} {
		if _, err := f.Revoke(t.Context(), audit.Operator(), name); !fault.HasCode(err, fault.ServiceNotFound) {
			t.Errorf("Revoke(%q) = %v, want service_not_found", name, err)
		}
	}
	if _, err := f.Revoke(t.Context(), audit.Operator(), string(kept.ID)); err != nil {
		t.Errorf("Revoke by id = %v", err)
	}
}

// TestAudit writes a line for each decision, by the service's id and name, and never a key.
func TestAudit(t *testing.T) {
	f := open(t)
	s, key := f.must("billing")
	f.wantAudit("event=service_created service=\"ID billing\" actor=operator", s.ID)
	by := audit.Caller{RequestID: "req1"}
	show := func(key, want string) {
		t.Helper()
		_, err := f.Check(t.Context(), by, secret.New(key))
		if (err == nil) != (want == "") {
			t.Errorf("Check = %v", err)
		}
		f.wantAudit(want, s.ID)
	}
	text := key.Reveal()
	show(text, "")
	show("hsk_x", "event=service_refused reason=not_a_key request_id=req1")
	if _, err := f.List(t.Context(), audit.Operator()); err != nil {
		t.Fatal(err)
	}
	f.wantAudit("", s.ID)
	if _, err := f.Revoke(t.Context(), audit.Operator(), "billing"); err != nil {
		t.Fatal(err)
	}
	f.wantAudit("event=service_revoked service=\"ID billing\" actor=operator", s.ID)
	show(text, "event=service_refused service=\"ID billing\" reason=revoked request_id=req1")
	unknown, forgotten := open(t).must("other") // signed with the same key, in another database
	_, err := f.Check(t.Context(), by, forgotten)
	if !fault.HasCode(err, fault.InvalidServiceKey) {
		t.Errorf("Check(unknown) = %v, want invalid_service_key", err)
	}
	f.wantAudit("event=service_refused service=ID reason=unknown request_id=req1", unknown.ID)
}

// wantAudit compares the log since the last look with one line, empty for none, in which ID stands
// for a service's id.
func (f *fixture) wantAudit(line string, id store.ServiceID) {
	f.t.Helper()
	got := strings.ReplaceAll(f.log.String(), string(id), "ID")
	f.log.Reset()
	if _, behind, found := strings.Cut(got, "msg=audit "); found {
		got = behind
	}
	if got = strings.TrimSpace(got); got != line {
		f.t.Errorf("audit log = %s\nwant %s", got, line)
	}
}
