package token_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/token"
)

// noon is when these tests happen.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// newSession returns a session that begins at noon.
func newSession() store.Session {
	line := store.Line{Nonce: token.NewNonce()}
	return store.Session{ID: store.SessionID{1, 2, 3}, Line: line, ExpiresAt: noon.Add(time.Hour)}
}

// mustRead reads a token that is good at noon.
func mustRead(t *testing.T, r *token.Refresher, text secret.Text) token.Refresh {
	t.Helper()
	read, err := r.Read(text, noon)
	if err != nil {
		t.Fatalf("Read = %v, want a token", err)
	}
	return read
}

// TestLine follows a line of tokens: each names its parent, and the end never moves.
func TestLine(t *testing.T) {
	r := token.NewRefresher(secret.NewMaster())
	s := newSession()
	first := mustRead(t, r, r.First(s))
	follows := first.Generation == 1 && first.Parent == s.Line.Nonce
	if !follows || first.Session != s.ID || !first.ExpiresAt.Equal(s.ExpiresAt) {
		t.Errorf("First = %+v, want generation 1 after %v", first, s.Line.Nonce)
	}
	second := mustRead(t, r, r.Successor(first))
	if second.Generation != 2 || second.Parent != first.Nonce || !second.ExpiresAt.Equal(s.ExpiresAt) {
		t.Errorf("Successor = %+v, want generation 2 after %v", second, first.Nonce)
	}
	if again := r.Successor(first); again.Reveal() != r.Successor(first).Reveal() {
		t.Error("Successor twice = different tokens, want the same bytes")
	}
	fork, other := r.Fork(first), r.Fork(first)
	if fork.Reveal() == other.Reveal() || fork.Reveal() == r.Successor(first).Reveal() {
		t.Error("Fork = a token given before, want another each time")
	}
	if got := mustRead(t, r, fork); got.Generation != 2 || got.Parent != first.Nonce {
		t.Errorf("Fork = %+v, want generation 2 after %v", got, first.Nonce)
	}
}

// TestReadRefuses tries every way of making a token that the server did not.
func TestReadRefuses(t *testing.T) {
	r := token.NewRefresher(secret.NewMaster())
	good := r.First(newSession()).Reveal()
	body := strings.TrimPrefix(good, "hsr_")
	cases := map[string]string{
		"empty":            "",
		"prefix only":      "hsr_",
		"no prefix":        body,
		"other prefix":     "hsk_" + body,
		"upper prefix":     "HSR_" + body,
		"one short":        good[:len(good)-1],
		"one long":         good + "A",
		"padding":          good + "=",
		"line feed inside": good[:20] + "\n" + good[20:],
		"for a character":  good[:20] + "\r" + good[21:],
		"space before":     " " + good,
		"slash alphabet":   good[:20] + "/" + good[21:],
		"huge":             "hsr_" + strings.Repeat("A", 1<<20),
		"zeros":            "hsr_" + strings.Repeat("A", len(body)),
		"access token":     "eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
		"other server's":   token.NewRefresher(secret.NewMaster()).First(newSession()).Reveal(),
	}
	for i := range body { // every character counts, the last one's unused bits included
		for _, c := range "ABEIQgw_-" {
			if changed := body[:i] + string(c) + body[i+1:]; changed != body {
				cases["changed at "+string(rune('0'+i%10))+changed[i:i+1]+time.Duration(i).String()] = "hsr_" + changed
			}
		}
	}
	for name, text := range cases {
		if _, err := r.Read(secret.New(text), noon); !errors.Is(err, token.ErrNotRefreshToken) {
			t.Errorf("%s: Read = %v, want ErrNotRefreshToken", name, err)
		}
	}
}

// TestReadExpired refuses at exactly the session's end, and still reads for signing out.
func TestReadExpired(t *testing.T) {
	r := token.NewRefresher(secret.NewMaster())
	s := newSession()
	text := r.First(s)
	if _, err := r.Read(text, s.ExpiresAt.Add(-time.Millisecond)); err != nil {
		t.Errorf("Read just before the end = %v, want a token", err)
	}
	if _, err := r.Read(text, s.ExpiresAt); !errors.Is(err, token.ErrRefreshExpired) {
		t.Errorf("Read at the end = %v, want ErrRefreshExpired", err)
	}
	if got, err := r.ReadExpired(text); err != nil || got.Session != s.ID {
		t.Errorf("ReadExpired = %v, %v, want the session", got.Session, err)
	}
}

// FuzzRead reads whatever strangers send: no panic, and what is accepted is one spelling.
func FuzzRead(f *testing.F) {
	r := token.NewRefresher(secret.NewMaster())
	f.Add(r.First(newSession()).Reveal())
	f.Add("hsr_")
	f.Add("hsr_" + strings.Repeat("A", 99))
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := r.Read(secret.New(text), noon); err == nil && len(text) != len("hsr_")+99 {
			t.Errorf("Read(%q) is accepted", text)
		}
	})
}
