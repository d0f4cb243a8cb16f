package verify_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/verify"
)

// memory is an issuer's own, as a test arranges it.
type memory struct {
	verify.KeySource
	keys *jose.KeySet
	set  *revoked.Set
}

// Keys are what the test put in.
func (m *memory) Keys() *jose.KeySet { return m.keys }

// Revoked is what the test ended.
func (m *memory) Revoked() *revoked.Set { return m.set }

// newMemory has the good ES256 key, and nothing ended.
func newMemory() *memory {
	return &memory{keys: jose.NewKeySet(signingKeys()[jose.ES256].Public()), set: revoked.NewSet()}
}

// end applies one entry after those before it.
func (m *memory) end(t *testing.T, e revoked.Entry) {
	t.Helper()
	_, seq := m.set.Position()
	e.Seq, e.Prev, e.Expires = seq+1, seq, now.Add(17*time.Minute).Unix()
	if err := m.set.Apply(e); err != nil {
		t.Fatal(err)
	}
}

// TestOwnMemory follows the issuer's memory from one request to the next (JV-23).
func TestOwnMemory(t *testing.T) {
	for _, test := range []struct {
		name  string
		entry revoked.Entry
		ended bool // the refusal names the session, for signing out
	}{
		{"the session", revoked.Entry{Kind: revoked.Session, ID: "sid-1"}, true},
		{"the user", revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: now.Unix()}, true},
		{"the client", revoked.Entry{Kind: revoked.Client, ID: "first-party", NotBefore: now.Unix()}, true},
		{"everything", revoked.Entry{Kind: revoked.All, NotBefore: now.Unix()}, true},
		{"the key: whoever has it may have signed this",
			revoked.Entry{Kind: revoked.Key, ID: signingKeys()[jose.ES256].ID()}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory()
			c := testConfig()
			c.Keys = m
			v := mustNew(t, c)
			check(t, v, goodToken(), "")
			m.end(t, revoked.Entry{Kind: revoked.Session, ID: "another"})
			m.end(t, revoked.Entry{Kind: revoked.User, ID: "ada", NotBefore: now.Unix() - 1})
			check(t, v, goodToken(), "")
			m.end(t, test.entry)
			_, err := v.Verify(context.Background(), goodToken())
			if codeOf(err) != verify.CodeInvalidToken {
				t.Fatalf("Verify = %v, want invalid_token", err)
			}
			if s, ok := verify.EndedSession(fmt.Errorf("wrapped: %w", err)); ok != test.ended || ok && s.ID != "sid-1" {
				t.Errorf("EndedSession = %v, %v, want %v", s, ok, test.ended)
			}
			if _, ok := verify.ExpiredSession(err); ok {
				t.Error("ExpiredSession of an ended one = true, want false")
			}
			if s := v.Status(); s.Endings < 2 || len(s.KeyIDs) != 1 {
				t.Errorf("Status = %+v", s)
			}
		})
	}
	if _, ok := verify.EndedSession(nil); ok {
		t.Error("EndedSession(nil) = true, want false")
	}
}

// TestOwnMemoryKeys takes keys as they come and go.
func TestOwnMemoryKeys(t *testing.T) {
	m := newMemory()
	c := testConfig()
	c.Keys = m
	v := mustNew(t, c)
	eddsa := sign(signingKeys()[jose.EdDSA], goodHeader(jose.EdDSA).String(), goodClaims().String())
	check(t, v, eddsa, verify.CodeInvalidToken)
	m.keys = jose.NewKeySet(signingKeys()[jose.EdDSA].Public())
	check(t, v, eddsa, "")
	check(t, v, goodToken(), verify.CodeInvalidToken)
	for _, none := range []*jose.KeySet{nil, jose.NewKeySet()} {
		m.keys = none
		check(t, v, eddsa, verify.CodeKeysUnavailable)
	}
}

// TestLog names refusals without giving tokens away.
func TestLog(t *testing.T) {
	var log logtest.Log
	c := testConfig()
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	v := mustNew(t, c)
	token := expiredToken()
	check(t, v, token, verify.CodeTokenExpired)
	for _, a := range attacks(t) {
		check(t, v, a.token, verify.CodeInvalidToken)
	}
	check(t, v, "", verify.CodeMissingToken)
	first, _, _ := strings.Cut(log.String(), "\n")
	if !strings.Contains(first, "code=token_expired token=") || !strings.Contains(first, `error="exp has passed"`) {
		t.Errorf("log line = %s, want code, fingerprint and reason", first)
	}
	if n := strings.Count(log.String(), "\n"); n != 1+len(attacks(t)) {
		t.Errorf("%d lines for %d refusals", n, 1+len(attacks(t)))
	}
	parts, _ := jose.SplitCompact(token)
	// A fingerprint may hold a, d and a.
	for _, secret := range []string{parts.Payload()[:40], parts.Signature()[:20], "sid-1", `"ada`} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	log.Take()
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	check(t, mustNew(t, c), token, verify.CodeTokenExpired)
	if said := log.String(); said != "" {
		t.Errorf("the log above debug level = %s, want nothing", said)
	}
}
