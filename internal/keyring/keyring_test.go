package keyring_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// begin is when the tests' servers start for the first time.
var begin = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// How long a key is published before it signs, after it has signed, and how long it signs.
// docs/protocol.md §7
const (
	lead   = 6 * time.Minute
	linger = 17 * time.Minute
	period = 30 * 24 * time.Hour
)

// node is a ring on a database, under a clock of its own.
type node struct {
	*keyring.Ring
	t   *testing.T
	now time.Time
}

// openKeys opens a new database.
func openKeys(t *testing.T) store.Keys {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// newNode makes a node that has not tended its keys yet.
func newNode(t *testing.T, keys store.Keys, master secret.Master, algorithm jose.Algorithm) *node {
	return &node{keyring.Open(keys, master, algorithm, audit.New(slog.New(slog.DiscardHandler))), t, begin}
}

// at moves the clock to a time after begin, and tends.
func (n *node) at(d time.Duration) {
	n.t.Helper()
	n.now = begin.Add(d)
	if err := n.Maintain(n.t.Context(), n.now); err != nil {
		n.t.Fatal(err)
	}
}

// states lists the algorithm and state of all keys, oldest first, the key that signs marked.
func (n *node) states() string {
	n.t.Helper()
	all, err := n.List(n.t.Context(), n.now)
	if err != nil {
		n.t.Fatal(err)
	}
	signing := n.Active(n.now).ID()
	var states []string
	for _, k := range all {
		state := string(k.Algorithm) + " " + string(k.State)
		if k.ID == signing {
			state += "*"
		}
		if n.Keys().Lookup(k.ID) == nil {
			state += " (not published)"
		}
		states = append(states, state)
	}
	if extra := n.Keys().Len() - len(all); extra != 0 {
		n.t.Errorf("%d keys are published, %d are there", n.Keys().Len(), len(all))
	}
	return strings.Join(states, ", ")
}

// moment is a time and the states of all keys then.
type moment struct {
	at   time.Duration // since begin
	want string
}

// TestLife takes keys from pending to gone, each step to the millisecond.
func TestLife(t *testing.T) {
	n := newNode(t, openKeys(t), secret.NewMaster(), jose.ES256)
	const ms = time.Millisecond
	for _, m := range []moment{
		{0, "ES256 active*"},
		{time.Hour, "ES256 active*"},
		{period - lead - ms, "ES256 active*"},
		{period - lead, "ES256 active*, ES256 pending"},
		{period - lead + 5*time.Second, "ES256 active*, ES256 pending"},
		{period - ms, "ES256 active*, ES256 pending"},
		{period, "ES256 retiring, ES256 active*"},
		{period + linger - ms, "ES256 retiring, ES256 active*"},
		{period + linger, "ES256 active*"},
		{2*period - lead, "ES256 active*, ES256 pending"},
		{2 * period, "ES256 retiring, ES256 active*"},
		{2*period + linger, "ES256 active*"},
	} {
		n.at(m.at)
		if got := n.states(); got != m.want {
			t.Errorf("after %v: %s, want %s", m.at, got, m.want)
		}
	}
}

// TestLifeOffline keeps signing with what there is when nobody has tended for long, and
// publishes a new key for its full lead all the same.
func TestLifeOffline(t *testing.T) {
	n := newNode(t, openKeys(t), secret.NewMaster(), jose.ES256)
	n.at(0)
	for _, m := range []moment{
		{3 * period, "ES256 active*, ES256 pending"},
		{3*period + lead - time.Millisecond, "ES256 active*, ES256 pending"},
		{3*period + lead, "ES256 retiring, ES256 active*"},
		{3*period + lead + linger, "ES256 active*"},
	} {
		n.at(m.at)
		if got := n.states(); got != m.want {
			t.Errorf("after %v: %s, want %s", m.at, got, m.want)
		}
	}
}

// TestLead holds the times to what verifiers and tokens need: a key is published for longer
// than it may be cached before it signs, and after for longer than a token can live.
func TestLead(t *testing.T) {
	if lead < keyring.MaxAge+time.Minute {
		t.Errorf("lead = %v, want a minute more than the %v of max-age", lead, keyring.MaxAge)
	}
	if longest := 15*time.Minute + time.Minute; linger < longest {
		t.Errorf("linger = %v, want the longest token life and leeway, %v", linger, longest)
	}
}

// TestRotate adds one pending key however often it is asked, and another once that signs.
func TestRotate(t *testing.T) {
	n := newNode(t, openKeys(t), secret.NewMaster(), jose.ES256)
	n.at(0)
	rotate := func() keyring.Key {
		t.Helper()
		k, err := n.Rotate(t.Context(), audit.Operator(), n.now)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := rotate()
	if again := rotate(); again != first {
		t.Errorf("Rotate() again = %v, want the pending key %v", again, first)
	}
	if want := begin.Add(lead); first.State != keyring.Pending || !first.ActiveFrom.Equal(want) {
		t.Errorf("Rotate() = %v, want it pending until %v", first, want)
	}
	n.at(lead)
	second := rotate()
	if got, want := n.states(), "ES256 retiring, ES256 active*, ES256 pending"; got != want || second.ID == first.ID {
		t.Errorf("states = %s, want %s", got, want)
	}
	n.at(2 * lead)
	rotate()
	if got, want := n.states(), "ES256 retiring, ES256 retiring, ES256 active*, ES256 pending"; got != want {
		t.Errorf("three rotations within %v: %s, want %s", linger, got, want)
	}
	n.at(lead + linger)
	if got, want := n.states(), "ES256 retiring, ES256 retiring, ES256 active*"; got != want {
		t.Errorf("after %v: %s, want the first gone: %s", lead+linger, got, want)
	}
}

// TestAlgorithm makes a key of the algorithm that the settings say now, and lets the old one
// retire as ever.
func TestAlgorithm(t *testing.T) {
	keys, master := openKeys(t), secret.NewMaster()
	before := newNode(t, keys, master, jose.ES256)
	before.at(0)
	after := newNode(t, keys, master, jose.EdDSA)
	for _, m := range []moment{
		{time.Hour, "ES256 active*, EdDSA pending"},
		{time.Hour + lead, "ES256 retiring, EdDSA active*"},
		{time.Hour + lead + linger, "EdDSA active*"},
	} {
		after.at(m.at)
		if got := after.states(); got != m.want {
			t.Errorf("after %v: %s, want %s", m.at, got, m.want)
		}
	}
	rsa := newNode(t, keys, master, jose.RS256)
	rsa.at(2 * time.Hour)
	if got, want := rsa.states(), "EdDSA active*, RS256 pending"; got != want {
		t.Errorf("states = %s, want %s", got, want)
	}
}

// TestSettingsDiffer has two nodes that disagree about the algorithm, as during a rolling
// change: they may take turns, but keys do not pile up.
func TestSettingsDiffer(t *testing.T) {
	keys, master := openKeys(t), secret.NewMaster()
	one, other := newNode(t, keys, master, jose.ES256), newNode(t, keys, master, jose.EdDSA)
	most := 0
	for d := time.Duration(0); d < 2*time.Hour; d += 5 * time.Second {
		one.at(d)
		other.at(d)
		most = max(most, other.Keys().Len())
	}
	if limit := int(linger/lead) + 3; most > limit {
		t.Errorf("%d keys were published at once, want at most %d", most, limit)
	}
}

// TestNodesTogether has many nodes start, and later rotate, in the same moment: each time
// there is one new key, and all know it.
func TestNodesTogether(t *testing.T) {
	keys, master := openKeys(t), secret.NewMaster()
	nodes := make([]*node, 8)
	together := func(do func(*node) error) {
		t.Helper()
		var all sync.WaitGroup
		failed := make([]error, len(nodes))
		for i, n := range nodes {
			all.Go(func() { failed[i] = do(n) })
		}
		all.Wait()
		if err := errors.Join(failed...); err != nil {
			t.Fatal(err)
		}
	}
	for i := range nodes {
		nodes[i] = newNode(t, keys, master, jose.ES256)
	}
	steps := []struct {
		name string
		at   time.Duration
		do   func(*node) error
		want string
	}{
		{"first start", 0, func(n *node) error { return n.Maintain(t.Context(), begin) }, "ES256 active*"},
		{"rotate", time.Hour, func(n *node) error {
			_, err := n.Rotate(t.Context(), audit.Operator(), begin.Add(time.Hour))
			return err
		}, "ES256 active*, ES256 pending"},
		{"due", time.Hour + period, func(n *node) error {
			return n.Maintain(t.Context(), begin.Add(time.Hour+period))
		}, "ES256 active*, ES256 pending"},
	}
	for _, step := range steps {
		together(step.do)
		for i, n := range nodes {
			n.now = begin.Add(step.at)
			if got := n.states(); got != step.want {
				t.Errorf("%s: node %d has %s, want %s", step.name, i, got, step.want)
			}
			if n.Active(n.now).ID() != nodes[0].Active(n.now).ID() || n.Published().ETag != nodes[0].Published().ETag {
				t.Errorf("%s: node %d signs or publishes otherwise than node 0", step.name, i)
			}
		}
	}
}

// TestMaintainFails leaves the ring as it was when the database does not answer.
func TestMaintainFails(t *testing.T) {
	keys := &broken{Keys: openKeys(t)}
	n := newNode(t, keys, secret.NewMaster(), jose.ES256)
	n.at(0)
	signing, published := n.Active(n.now).ID(), n.Published()
	keys.err = errors.New("the database is away")
	if err := n.Maintain(t.Context(), begin.Add(time.Hour)); !errors.Is(err, keys.err) {
		t.Errorf("Maintain() = %v, want %v", err, keys.err)
	}
	if got := n.Active(begin.Add(time.Hour)).ID(); got != signing || n.Published() != published {
		t.Errorf("Active() = %s, want %s as before, published as before", got, signing)
	}
}

// broken is a store of keys that can be made to fail.
type broken struct {
	store.Keys
	err error // nil: it works
}

// SigningKeys fails or returns the keys.
func (b *broken) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.Keys.SigningKeys(ctx)
}

// TestETag changes with the keys and not otherwise.
func TestETag(t *testing.T) {
	n := newNode(t, openKeys(t), secret.NewMaster(), jose.ES256)
	n.at(0)
	first := n.Published()
	n.at(time.Hour)
	if diff := cmp.Diff(first.JSON, n.Published().JSON); diff != "" || first.ETag != n.Published().ETag {
		t.Errorf("published keys changed without a reason (-first +later):\n%s", diff)
	}
	if _, err := n.Rotate(t.Context(), audit.Operator(), n.now); err != nil {
		t.Fatal(err)
	}
	if n.Published().ETag == first.ETag {
		t.Error("ETag after Rotate() is the one before")
	}
}
