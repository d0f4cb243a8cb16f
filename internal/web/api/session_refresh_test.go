package api_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/internal/token"
)

// home and away are two networks, and neighbour is near home. They reach the server by a
// proxy on the loopback, which it trusts.
const (
	home      = "198.51.100.7"
	neighbour = "198.51.100.200"
	away      = "203.0.113.9"
)

// rotation is a session that was refreshed twice, all within one moment.
type rotation struct {
	*handstamptest.Server
	t      *testing.T
	log    *logtest.Log
	sid    string
	access string // the newest access token
	issued [3]string
	// issued[0] is the parent of the confirmed token, issued[1] the confirmed one, issued[2]
	// its successor, which nobody has presented.
	forge *token.Refresher // under the server's own master key
}

// startRotation signs in from home and refreshes twice.
func startRotation(t *testing.T, settings map[string]string) *rotation {
	t.Helper()
	key := filepath.Join(t.TempDir(), "test.key")
	all := map[string]string{"master_key_file": key}
	for name, value := range settings {
		all[name] = value
	}
	log := &logtest.Log{}
	s := handstamptest.Start(t, handstamptest.Options{Settings: all, Log: log})
	s.MustUser("ada@example.com")
	text, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	master, err := secret.ParseMaster(secret.New(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	r := &rotation{Server: s, t: t, log: log, forge: token.NewRefresher(master)}
	phone := s.Program(phone)
	phone.Header.Set("X-Forwarded-For", home)
	in := phone.SignIn("ada@example.com")
	r.sid, r.issued[0] = in.Text("session.id"), in.Text("refresh_token")
	for i := range 2 {
		next := r.present(r.issued[i], home, phoneAgent).Want(200)
		r.issued[i+1], r.access = next.Text("refresh_token"), next.Text("access_token")
	}
	return r
}

// phoneAgent is the agent of the session's own client.
const phoneAgent = phone

// present presents a refresh token.
func (r *rotation) present(refresh, ip, agent string) handstamptest.Answer {
	r.t.Helper()
	return r.Program(agent).Do("POST", "/v1/session/refresh", `{"refresh_token":"`+refresh+`"}`, "X-Forwarded-For", ip)
}

// read reads a refresh token as the server does.
func (r *rotation) read(text string) token.Refresh {
	r.t.Helper()
	read, err := r.forge.ReadExpired(secret.New(text))
	if err != nil {
		r.t.Fatal(err)
	}
	return read
}

// presented is one line of the table: what comes after the rotation, and what it is worth.
type presented struct {
	name     string
	settings map[string]string         // nil: the defaults
	before   func(r *rotation)         // what happens first; nil: nothing
	token    func(r *rotation) string  // what is presented
	after    time.Duration             // how long after the rotation
	ip       string                    // empty: home
	agent    string                    // empty: the session's own
	want     string                    // "same", "other", or the problem's code and reason
	row      func(a, b *store.Session) // makes the row before what it must be after; nil: the same
	event    string                    // in the log; empty: any
}

// parent is the token before the confirmed one.
func parent(r *rotation) string { return r.issued[0] }

// confirmed is the last token that was presented.
func confirmed(r *rotation) string { return r.issued[1] }

// successor is the token after it.
func successor(r *rotation) string { return r.issued[2] }

// Settings that close the windows.
var (
	noRecovery = map[string]string{"session.recovery": "off"}
	noGrace    = map[string]string{"session.grace": "0s"}
	neither    = map[string]string{"session.recovery": "off", "session.grace": "0s"}
)

// grace is the default.
const grace = 10 * time.Second

// reused is what a row is after reuse.
func reused(a, b *store.Session) {
	a.EndedAt, a.EndReason = b.EndedAt, store.ReuseDetected
}

// rotated is what a row is after another rotation: whatever the answer says, but on.
func rotated(a, b *store.Session) {
	a.Line.Generation++
	a.Line.Parent, a.Line.Nonce = a.Line.Nonce, b.Line.Nonce
	a.Line.ParentForked, a.Line.Forks = a.Line.Forks > 0, 0
	a.Line.RotatedAt, a.LastUsedAt, a.LastUsedBy = b.Line.RotatedAt, b.LastUsedAt, b.LastUsedBy
}

// recovered is what a row is after a fork.
func recovered(a, b *store.Session) {
	a.Line.Forks++
	a.LastUsedAt = b.LastUsedAt
}

// fork has the confirmed token recovered, and returns the other successor.
func fork(r *rotation) string {
	return r.present(confirmed(r), away, phoneAgent).Want(200).Text("refresh_token")
}

// table is protocol.md §4.
var table = []presented{
	{name: "rotate at once", token: successor, want: "other", row: rotated},
	{name: "rotate late", token: successor, after: 20 * time.Hour, want: "other", row: rotated},
	{name: "rotate from elsewhere", token: successor, ip: away, agent: firefox, want: "other", row: rotated},
	{name: "rotate without any window", settings: neither, token: successor, after: time.Hour, want: "other",
		row: rotated},
	{name: "rotate, clock stepped back", token: successor, after: -time.Hour, want: "other", row: rotated},
	{name: "rotate the original after a fork", before: func(r *rotation) { fork(r) }, token: successor, want: "other",
		row: rotated},
	{name: "rotate the fork", token: fork, want: "other", row: rotated},

	{name: "repeat at once", token: confirmed, want: "same"},
	{name: "repeat from next door", token: confirmed, ip: neighbour, want: "same"},
	{name: "repeat just within grace", token: confirmed, after: grace - 2*time.Second, want: "same"},
	{name: "repeat, clock stepped back", token: confirmed, after: -grace + 2*time.Second, want: "same"},
	{name: "repeat, recovery off", settings: noRecovery, token: confirmed, want: "same"},
	{name: "repeat after a fork", before: func(r *rotation) { fork(r) }, token: confirmed, want: "same"},
	{name: "the fork's own network is not the rotation's", before: func(r *rotation) { fork(r) }, token: confirmed,
		ip: away, want: "other", row: recovered},

	{name: "recover past grace", token: confirmed, after: grace + time.Second, want: "other", row: recovered,
		event: "refresh_recovered"},
	{name: "recover an hour later", token: confirmed, after: time.Hour, want: "other", row: recovered,
		event: "refresh_recovered"},
	{name: "recover while the session lives", token: confirmed, after: 13 * 24 * time.Hour, want: "other",
		row: recovered},
	{name: "recover in another network", token: confirmed, ip: away, want: "other", row: recovered,
		event: "refresh_recovered"},
	{name: "recover with another agent", token: confirmed, agent: firefox, want: "other", row: recovered,
		event: "refresh_recovered"},
	{name: "recover without grace", settings: noGrace, token: confirmed, after: time.Second, want: "other",
		row: recovered},
	{name: "recover within grace, recovery off", settings: noRecovery, token: confirmed, ip: away, want: "other",
		row: recovered},
	{name: "past grace, recovery off", settings: noRecovery, token: confirmed, after: grace + time.Second,
		want: "session_ended reuse_detected", row: reused, event: "refresh_reused"},
	{name: "neither window", settings: neither, token: confirmed, after: time.Second,
		want: "session_ended reuse_detected", row: reused},

	{name: "late at once", token: parent, want: "superseded "},
	{name: "late from elsewhere", token: parent, ip: away, agent: firefox, want: "superseded "},
	{name: "late just within grace", token: parent, after: grace - 2*time.Second, want: "superseded "},
	{name: "late, recovery off", settings: noRecovery, token: parent, want: "superseded "},
	{name: "parent past grace", token: parent, after: grace + time.Second, want: "session_ended reuse_detected",
		row: reused, event: "refresh_reused"},
	{name: "parent without grace", settings: noGrace, token: parent, after: time.Second,
		want: "session_ended reuse_detected", row: reused},
	{name: "parent that was forked", before: func(r *rotation) {
		r.issued[2] = fork(r)
		r.present(r.issued[2], home, phoneAgent).Want(200)
	}, token: confirmed, want: "session_ended reuse_detected", row: reused},
	{name: "grandparent at once", before: func(r *rotation) { r.present(successor(r), home, phoneAgent).Want(200) },
		token: parent, want: "session_ended reuse_detected", row: reused},

	{name: "sibling of the confirmed", before: func(r *rotation) {
		other := fork(r)
		r.present(successor(r), home, phoneAgent).Want(200)
		r.issued[2] = other
	}, token: successor, want: "session_ended reuse_detected", row: reused, event: "refresh_reused"},
	{name: "sibling, the other way round", before: func(r *rotation) { r.present(fork(r), home, phoneAgent).Want(200) },
		token: successor, want: "session_ended reuse_detected", row: reused},

	{name: "ahead", token: func(r *rotation) string {
		return r.forge.Successor(r.read(successor(r))).Reveal()
	}, want: "other", row: func(a, b *store.Session) {
		rotated(a, b)
		a.Line.Generation++
		a.Line.Parent = b.Line.Parent
	}, event: "row_behind"},
	{name: "last generation", token: func(r *rotation) string {
		last := r.read(successor(r))
		last.Generation = math.MaxUint32 - 1
		return r.forge.Successor(last).Reveal()
	}, want: "session_ended expired", row: func(a, b *store.Session) {
		a.EndedAt, a.EndReason = b.EndedAt,
			b.EndReason
	}},

	{name: "idle", token: successor, after: 14 * 24 * time.Hour, want: "session_ended idle",
		row: ended(store.EndedIdle)},
	{name: "expired", token: successor, after: 30 * 24 * time.Hour, want: "session_ended expired",
		row: ended(store.EndedExpired)},
	{name: "a session that is not there", token: func(r *rotation) string {
		other := r.read(successor(r))
		other.Session[0] ^= 1
		return r.forge.Successor(other).Reveal()
	}, want: "session_ended expired"},
}

// ended is what a row is after a limit was found to have passed.
func ended(reason store.EndReason) func(a, b *store.Session) {
	return func(a, b *store.Session) { a.EndedAt, a.EndReason = b.EndedAt, reason }
}

// TestRefresh holds the whole table of docs/protocol.md §4 over HTTP: the answer, the row
// after it, and the event.
func TestRefresh(t *testing.T) {
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			r := startRotation(t, tt.settings)
			if tt.before != nil {
				tt.before(r)
			}
			presented := tt.token(r)
			before := r.Session(r.sid)
			r.Clock.Advance(tt.after)
			got := r.present(presented, orDefault(tt.ip, home), orDefault(tt.agent, phoneAgent))
			if said := r.verdict(got); said != tt.want {
				t.Errorf("present = %q, want %q: %d %s", said, tt.want, got.Status, got.Body)
			}
			after := r.Session(r.sid)
			if tt.row != nil {
				tt.row(&before, &after)
			}
			compare(t, before, after)
			if !strings.Contains(r.log.String(), `"event":"`+tt.event) {
				t.Errorf("no event %q in the log:\n%s", tt.event, r.log)
			}
		})
	}
}

// compare holds a row to what it must be.
func compare(t *testing.T, want, got store.Session) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }), cmp.Comparer(func(a,
		b store.Client) bool {
		return a == b
	})); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// verdict says in a word what an answer is: "same" for the successor that was handed out
// before, "other" for any other, or the problem's code and reason. What goes with each is
// checked on the way.
func (r *rotation) verdict(a handstamptest.Answer) string {
	r.t.Helper()
	if a.Status == 200 {
		if next := a.Text("refresh_token"); next == r.issued[2] {
			return "same"
		}
		r.Program(phone).Do("GET", "/v1/user", "", "Authorization", "Bearer "+a.Text("access_token")).Want(200)
		return "other"
	}
	refused(r.t, "refresh", a)
	if want := map[string]int{"superseded": 409, "session_ended": 401}[a.Text("code")]; a.Status != want {
		r.t.Errorf("%s = %d, want %d", a.Text("code"), a.Status, want)
	}
	reason, _ := a.JSON()["reason"].(string)
	if reason == string(store.ReuseDetected) { // refused at once, without asking the database
		r.Program(phone).Do("GET", "/v1/user", "", "Authorization", "Bearer "+r.access).Want(401)
	}
	return a.Text("code") + " " + reason
}

// orDefault returns text, or else the fallback.
func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// TestRefreshTogether presents one token many times at once: every answer is the same
// token, and the row has moved by one.
func TestRefreshTogether(t *testing.T) {
	r := startRotation(t, nil)
	before := r.Session(r.sid).Line.Generation
	var all sync.WaitGroup
	answers := make([]handstamptest.Answer, 24)
	for i := range answers {
		all.Go(func() { answers[i] = r.present(successor(r), home, phoneAgent) })
	}
	all.Wait()
	for i, a := range answers {
		if a.Status != 200 || a.Text("refresh_token") != answers[0].Text("refresh_token") {
			t.Errorf("answer %d = %d %.100s, want the token that all others got", i, a.Status, a.Body)
		}
	}
	if after := r.Session(r.sid).Line; after.Generation != before+1 || after.Forks != 0 {
		t.Errorf("generation %d, forks %d, want %d and none", after.Generation, after.Forks, before+1)
	}
}
