package sessions_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
	"github.com/handstamp/handstamp/internal/web/pages/sessions"
)

// Agents of three devices.
const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
	phone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/18.0 Mobile/15E148 Safari/604.1"
	curl = "curl/8.14.1"
)

// session is a live one, last used so long ago.
func session(id byte, agent, ip string, ago time.Duration) store.Session {
	used := pagestest.Now.Add(-ago)
	s := store.Session{
		ID: store.SessionID{id}, CreatedAt: used.Add(-50 * time.Hour), LastUsedAt: used,
		LastUsedBy: store.Client{Agent: agent},
		ExpiresAt:  used.Add(28 * 24 * time.Hour), AMR: []string{"pwd"},
	}
	s.LastUsedBy.IP, _ = netip.ParseAddr(ip)
	return s
}

// view lays out the page for session 1.
func view(live ...store.Session) sessions.View {
	return sessions.NewView(pagestest.Account("Devices", layout.Devices), live,
		sessions.Asking{Session: store.SessionID{1}, Token: "form-token", Now: pagestest.Now})
}

// TestPage draws every state.
func TestPage(t *testing.T) {
	here := session(1, firefox, "192.0.2.17", 0)
	ended := view(here)
	ended.Done = "The session was ended."
	hostile := view(here, session(2, pagestest.Hostile, "", 0))
	hostile.Devices[1].Name, hostile.Devices[1].ID, hostile.Token = pagestest.Hostile, pagestest.Hostile,
		pagestest.Hostile
	pagestest.Golden(t, sessions.Page, []pagestest.State[sessions.View]{
		{Name: "alone", View: view(here)},
		{Name: "ended", View: ended},
		{Name: "several", View: view(
			session(2, phone, "2001:db8:85a3:8d3:1319:8a2e:370:7348", 65*time.Minute), here,
			session(3, curl, "198.51.100.200", 25*time.Hour), session(4, "", "", 12*24*time.Hour))},
		{Name: "hostile", View: hostile},
	})
}

// TestLastUsed tells times of use in words, to the hour and no finer.
func TestLastUsed(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse("2006-01-02 15:04:05", text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, test := range []struct{ name, used, now, want string }{
		{"now", "2026-11-22 15:40:00", "2026-11-22 15:40:00", "within the last hour"},
		{"this hour", "2026-11-22 15:00:00", "2026-11-22 15:59:59", "within the last hour"},
		{"in the future", "2026-11-22 15:59:00", "2026-11-22 15:40:00", "within the last hour"},
		{"minutes before the hour", "2026-11-22 14:59:00", "2026-11-22 15:01:00", "today, about 15:00 UTC"},
		{"past the half", "2026-11-22 13:30:00", "2026-11-22 15:40:00", "today, about 14:00 UTC"},
		{"before the half", "2026-11-22 13:29:59", "2026-11-22 15:40:00", "today, about 13:00 UTC"},
		{"just after midnight", "2026-11-22 00:10:00", "2026-11-22 15:40:00", "today, about 00:00 UTC"},
		{"just before midnight", "2026-11-21 23:45:00", "2026-11-22 00:10:00", "today, about 00:00 UTC"},
		{"yesterday", "2026-11-21 08:10:00", "2026-11-22 00:10:00", "yesterday, about 08:00 UTC"},
		{"last month", "2026-10-03 08:10:00", "2026-11-22 00:10:00", "3 October 2026, about 08:00 UTC"},
		{"last year, the same day", "2025-11-22 08:10:00", "2026-11-22 09:10:00", "22 November 2025, about 08:00 UTC"},
		{"new year's eve", "2025-12-31 20:10:00", "2026-01-01 09:10:00", "yesterday, about 20:00 UTC"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := store.Session{ID: store.SessionID{1}, LastUsedAt: at(test.used)}
			v := sessions.NewView(pagestest.Frame("x"), []store.Session{s}, sessions.Asking{Now: at(test.now)})
			if got := v.Devices[0].LastUsed.Words; got != test.want {
				t.Errorf("last used %s, seen %s = %q, want %q", test.used, test.now, got, test.want)
			}
		})
	}
}

// TestLastUsedTellsNoMinute shows one text for every second of a bucket of an hour.
func TestLastUsedTellsNoMinute(t *testing.T) {
	seen := map[sessions.Moment]int{}
	for second := range 2 * 3600 {
		used := time.Date(2026, time.November, 20, 9, 30, second, 0, time.UTC)
		v := sessions.NewView(pagestest.Frame("x"), []store.Session{{LastUsedAt: used}},
			sessions.Asking{Now: pagestest.Now})
		seen[v.Devices[0].LastUsed]++
	}
	if got := fmt.Sprint(len(seen)); got != "2" {
		t.Errorf("two hours of uses show %s texts, want 2: %v", got, seen)
	}
}
