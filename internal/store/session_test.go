package store_test

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/store"
)

// firefox and chrome are two user agents.
const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
	chrome  = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
)

// from makes a client at an address ("": not known).
func from(ip, agent string) store.Client {
	addr, _ := netip.ParseAddr(ip)
	return store.Client{IP: addr, Agent: agent}
}

// TestNear compares by agent and network, IPv4 /24 and IPv6 /48.
func TestNear(t *testing.T) {
	tests := []struct {
		name string
		a, b store.Client
		want bool
	}{
		{"same", from("192.0.2.1", firefox), from("192.0.2.1", firefox), true},
		{"same /24", from("192.0.2.1", firefox), from("192.0.2.254", firefox), true},
		{"next /24", from("192.0.2.1", firefox), from("192.0.3.1", firefox), false},
		{"same /48", from("2001:db8:1:2::3", firefox), from("2001:db8:1:ffff::9", firefox), true},
		{"next /48", from("2001:db8:1::1", firefox), from("2001:db8:2::1", firefox), false},
		{"IPv4 inside IPv6", from("::ffff:192.0.2.1", firefox), from("192.0.2.9", firefox), true},
		{"IPv4 inside IPv6, other /24", from("::ffff:192.0.2.1", firefox), from("::ffff:192.0.3.1", firefox), false},
		{"IPv4 and IPv6", from("192.0.2.1", firefox), from("2001:db8::1", firefox), false},
		{"zones do not matter", from("fe80::1%eth0", firefox), from("fe80::1%eth1", firefox), true},
		{"other agent", from("192.0.2.1", firefox), from("192.0.2.1", chrome), false},
		{"agent by every byte", from("192.0.2.1", firefox), from("192.0.2.1", firefox+" "), false},
		{"both unknown", from("", ""), from("", ""), true},
		{"one unknown", from("", firefox), from("192.0.2.1", firefox), false},
		{"unknown is not 0.0.0.0", from("", firefox), from("0.0.0.0", firefox), false},
		{"unknown is not ::", from("", firefox), from("::", firefox), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.a.Near(tt.b); got != tt.want {
				t.Errorf("%v.Near(%v) = %v, want %v", tt.a, tt.b, got, tt.want)
			}
			if got := tt.b.Near(tt.a); got != tt.want {
				t.Errorf("%v.Near(%v) = %v, want %v", tt.b, tt.a, got, tt.want)
			}
		})
	}
}

// TestNewClient keeps at most MaxAgent bytes of UTF-8 without NUL.
func TestNewClient(t *testing.T) {
	tests := []struct {
		name, header, want string
	}{
		{"none", "", ""},
		{"as sent", firefox, firefox},
		{"not UTF-8", "a\xffb", "a\uFFFDb"},
		{"NUL", "a\x00b", "a\uFFFDb"},
		{"at the limit", strings.Repeat("a", 256), strings.Repeat("a", 256)},
		{"over the limit", strings.Repeat("a", 257), strings.Repeat("a", 256)},
		{"cut inside a rune", strings.Repeat("a", 255) + "é", strings.Repeat("a", 255)},
		{"grown by repair", strings.Repeat("a\xff", 128), strings.Repeat("a\uFFFD", 64)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := store.NewClient(netip.Addr{}, tt.header).Agent
			if got != tt.want {
				t.Errorf("NewClient(%q).Agent = %q, want %q", tt.header, got, tt.want)
			}
			if !utf8.ValidString(got) || len(got) > store.MaxAgent {
				t.Errorf(
					"NewClient(%q).Agent = %q, %d bytes, want at most %d of UTF-8",
					tt.header,
					got,
					len(got),
					store.MaxAgent,
				)
			}
		})
	}
}

// TestParseSessionID takes what String returns and nothing else.
func TestParseSessionID(t *testing.T) {
	var id store.SessionID
	rng := rand.NewChaCha8([32]byte{1})
	for range 200 {
		_, _ = rng.Read(id[:])
		if got, err := store.ParseSessionID(id.String()); err != nil || got != id {
			t.Fatalf("ParseSessionID(%q) = %v, %v, want it back", id, got, err)
		}
	}
}

// TestParseSessionIDStrict refuses every other spelling of a sid.
func TestParseSessionIDStrict(t *testing.T) {
	good := "AAECAwQFBgcICQoLDA0ODw" // 0, 1, … 15
	if _, err := store.ParseSessionID(good); err != nil {
		t.Fatalf("ParseSessionID(%q) = %v, want it", good, err)
	}
	tests := []struct{ name, sid string }{
		{"empty", ""},
		{"short", good[:21]},
		{"long", good + "A"},
		{"padded", good + "=="},
		{"trailing bits", good[:21] + "x"}, // decodes to the same bytes where not strict
		{"CR in front", "\r" + good},
		{"LF behind", good + "\n"},
		{"CR LF within", good[:10] + "\r\n" + good[10:]},
		{"LF for a character", good[:21] + "\n"},
		{"15 bytes and CR LF", "AAECAwQFBgcICQoLDA0O\r\n"},
		{"space", good[:21] + " "},
		{"standard alphabet, plus", "+" + good[1:]},
		{"standard alphabet, slash", "/" + good[1:]},
		{"NUL", good[:21] + "\x00"},
		{"not ASCII", good[:20] + "é"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := store.ParseSessionID(tt.sid); err == nil || !got.IsZero() {
				t.Errorf("ParseSessionID(%q) = %v, %v, want an error and no id", tt.sid, got, err)
			}
		})
	}
}

// TestOver tells the reason, and is over at exactly a limit.
func TestOver(t *testing.T) {
	at := func(d time.Duration) time.Time { return signIn.Add(d) }
	ended := func(s store.Session) store.Session {
		s.EndedAt, s.EndReason = at(time.Minute), store.SignedOut
		return s
	}
	s := store.Session{
		CreatedAt:  signIn,
		LastUsedAt: at(time.Minute),
		IdleLimit:  time.Hour,
		ExpiresAt:  at(2 * time.Hour),
	}
	short := s
	short.ExpiresAt = at(time.Hour)

	tests := []struct {
		name    string
		session store.Session
		now     time.Time
		want    store.EndReason
	}{
		{"at the start", s, at(0), ""},
		{"a moment before idle", s, at(61*time.Minute - time.Millisecond), ""},
		{"at idle", s, at(61 * time.Minute), store.EndedIdle},
		{"a moment before the end", short, at(time.Hour - time.Millisecond), ""},
		{"at the end", short, at(time.Hour), store.EndedExpired},
		{"both limits", s, at(2 * time.Hour), store.EndedExpired},
		{"ended", ended(s), at(2 * time.Minute), store.SignedOut},
		{"ended, then past its limits", ended(s), at(3 * time.Hour), store.SignedOut},
		{"ended, then the clock stepped back", ended(s), at(-time.Hour), store.SignedOut},
		{"clock before the last use", s, at(-time.Hour), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.session.Over(tt.now); got != tt.want {
				t.Errorf("Over(%v) = %q, want %q", tt.now.Sub(signIn), got, tt.want)
			}
		})
	}
}

// TestNewSessionID draws ids that can stand behind a command: one in 64 would begin with a
// dash by chance.
func TestNewSessionID(t *testing.T) {
	for range 10000 {
		id := store.NewSessionID()
		if sid := id.String(); sid[0] == '-' {
			t.Fatalf("NewSessionID: %s begins with a dash", sid)
		}
		if back, err := store.ParseSessionID(id.String()); err != nil || back != id {
			t.Fatalf("ParseSessionID(%s) = %s, %v, want the same id", id, back, err)
		}
	}
}
