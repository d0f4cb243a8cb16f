package linear

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/verify"
)

// node is a server without its front: its managers on a database.
type node struct {
	*server.Server
	store    store.Store
	verifier *verify.Verifier
}

// shared is what the nodes of one deployment share.
type shared struct {
	open     func(context.Context, string) (store.Store, error)
	database string
	master   secret.Master
	ticks    atomic.Int64
	wrap     func(store.Store) store.Store // around the engine; nil: nothing
}

// now is a clock that moves with every look at it, so that seconds end in the middle of things.
func (s *shared) now() time.Time {
	return start.Add(time.Duration(s.ticks.Add(1)) * 130 * time.Millisecond)
}

// startNode starts one.
func startNode(t *testing.T, s *shared) *node {
	t.Helper()
	database := s.database
	if !strings.Contains(database, "://") {
		database = "sqlite:" + database
	}
	c, err := config.Load(config.Sources{Given: map[string]string{
		"public_url": "https://auth.example.com", "database": database, "master_key": s.master.Text().Reveal(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{}
	if n.store, err = s.open(t.Context(), s.database); err != nil {
		t.Fatal(err)
	}
	if s.wrap != nil {
		n.store = s.wrap(n.store)
	}
	n.Server, err = server.Open(
		t.Context(), c,
		server.Options{Log: slog.New(slog.DiscardHandler), Now: s.now, TestingOnlyEngine: n.store},
	)
	if err != nil {
		t.Fatal(err)
	}
	if n.verifier, err = verify.New(t.Context(), n.Verification()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.verifier.Close()
		if err := n.Server.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// TestDisable disables users while their clients rotate, repeat and recover, on two nodes of
// one database: what was minted says an iat that the cut-off refuses, whoever was first.
// docs/protocol.md R6
func TestDisable(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			s := &shared{open: e.open, database: e.database(t), master: secret.NewMaster()}
			nodes := []*node{startNode(t, s), startNode(t, s)}
			seen := map[string]int{}
			for range rounds(1000) {
				r := raceDisable(t, nodes)
				for _, wrong := range r.escaped {
					t.Error(wrong)
				}
				for what, n := range r.seen {
					seen[what] += n
				}
			}
			for what, n := range seen {
				t.Logf("%6d × %s", n, what)
			}
			if seen["granted"] == 0 || seen["refused"] == 0 || seen["granted in the cut-off's second"] == 0 {
				t.Errorf("races = %v: they prove little", seen)
			}
		})
	}
}

// The callers of the races.
var (
	atHome   = audit.Caller{Client: home}
	fromAway = audit.Caller{Client: abroad}
)

// outcome is what came of a race.
type outcome struct {
	seen    map[string]int
	escaped []string // what the cut-off did not refuse
}

// raceDisable is one round: a token to rotate and one to repeat and recover, presented from
// behind the gate that the disabling waits behind too.
func raceDisable(t *testing.T, nodes []*node) outcome {
	t.Helper()
	ctx := t.Context()
	user := newUser(t, nodes[0].store)
	fresh := mustBegin(t, nodes[0], user).Refresh
	used := mustBegin(t, nodes[0], user).Refresh
	if _, err := nodes[0].Sessions.Refresh(ctx, atHome, used); err != nil {
		t.Fatal(err)
	}
	presented := []struct {
		by    audit.Caller
		token secret.Text
	}{{atHome, fresh}, {atHome, fresh}, {atHome, used}, {fromAway, used}}
	granted := make([]string, len(presented)) // access tokens; empty: refused
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	behind := func(do func()) {
		ready.Add(1)
		late := time.Duration(
			rand.IntN(5)*rand.IntN(100),
		) * time.Microsecond // or the first behind the gate would be first each time
		done.Go(func() { ready.Done(); <-gate; time.Sleep(late); do() })
	}
	behind(func() {
		if did, err := nodes[0].Users.Disable(ctx, audit.Operator(), user); !did || err != nil {
			t.Errorf("Disable = %v, %v, want true", did, err)
		}
	})
	for i, p := range presented {
		behind(func() {
			got, err := nodes[i%len(nodes)].Sessions.Refresh(ctx, p.by, p.token)
			if err != nil && !fault.HasCode(err, fault.SessionEnded) {
				t.Error(err)
			}
			granted[i] = got.Access.Text.Reveal()
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return judge(t, nodes[0], user, granted)
}

// judge holds what was granted to the user's cut-off: by the time in each token, and by the
// verifier.
func judge(t *testing.T, n *node, user store.UserID, granted []string) outcome {
	t.Helper()
	row, err := n.store.User(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{seen: map[string]int{}}
	for _, access := range granted {
		if access == "" {
			o.seen["refused"]++
			continue
		}
		o.seen["granted"]++
		issued := iat(t, access)
		if issued == row.NotBefore-1 {
			o.seen["granted in the cut-off's second"]++
		}
		if issued > row.NotBefore {
			o.escaped = append(o.escaped, fmt.Sprintf("iat = %d, want at most not_before %d", issued, row.NotBefore))
		} else if _, err := n.verifier.Verify(t.Context(), access); err == nil {
			o.escaped = append(o.escaped, "Verify = a session, want a refusal: the user is disabled")
		}
	}
	return o
}

// hasty is an engine that reads the clock before it has the rows.
type hasty struct{ store.Store }

// DisableUser is the engine's, at a time that was read too early.
func (h hasty) DisableUser(ctx context.Context, id store.UserID, by string, clock store.Clock) (bool, error) {
	early := clock()
	for range 10 {
		clock() // more than a second passes while it waits for its turn
	}
	time.Sleep(3 * time.Millisecond)
	return h.Store.DisableUser(ctx, id, by, func() time.Time { return early })
}

// TestDisablePlanted races an engine that breaks R6: the race must show it.
func TestDisablePlanted(t *testing.T) {
	s := &shared{
		open:     engines[0].open,
		database: engines[0].database(t),
		master:   secret.NewMaster(),
		wrap:     func(engine store.Store) store.Store { return hasty{engine} },
	}
	nodes := []*node{startNode(t, s), startNode(t, s)}
	for i := range 500 {
		if r := raceDisable(t, nodes); len(r.escaped) > 0 {
			t.Logf("found by round %d: %s", i, r.escaped[0])
			return
		}
	}
	t.Error("500 rounds found nothing")
}

// mustBegin signs a user in.
func mustBegin(t *testing.T, n *node, user store.UserID) session.Grant {
	t.Helper()
	g, err := n.Sessions.Begin(t.Context(), atHome, session.Start{User: user, Remember: true})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// iat returns when a token says that it was issued.
func iat(t *testing.T, access string) int64 {
	t.Helper()
	var claims struct {
		IssuedAt int64 `json:"iat"`
	}
	payload, err := jose.DecodeBase64(strings.Split(access, ".")[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims.IssuedAt
}
