package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// Signing keys are kept.
var _ = register(subject{
	name: "key",
	tests: []test{
		{"add", testAddSigningKey},
		{"same moment", testSigningKeyTie},
		{"drop", testDropSigningKeys},
		{"revoke", testRevokeSigningKey},
		{"race/add", testRaceSigningKey},
	},
	operations: []operation{
		reading(OpSigningKeys, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, err := f.SigningKeys(ctx); return err }
		}),
		writing(OpAddSigningKey, func(t *testing.T, f *fixture) call {
			newest := f.newestKey(t)
			return func(ctx context.Context) error {
				_, err := f.AddSigningKey(ctx, f.newKey("kid-z", 0), newest)
				return err
			}
		}),
		writing(OpDropSigningKeys, func(t *testing.T, f *fixture) call {
			k := f.mustKey(t, "kid-dropped", 0)
			return func(ctx context.Context) error { return f.DropSigningKeys(ctx, []string{k.ID}) }
		}),
		writing(OpRevokeSigningKey, func(t *testing.T, f *fixture) call {
			k := f.mustKey(t, "kid-revoked", 0)
			return func(ctx context.Context) error {
				_, err := f.RevokeSigningKey(ctx, k.ID, f.newKey("kid-next", 0), f.now)
				return err
			}
		}),
	},
	rows: keyRows,
})

// Its operations.
const (
	OpSigningKeys      Operation = "SigningKeys"
	OpAddSigningKey    Operation = "AddSigningKey"
	OpDropSigningKeys  Operation = "DropSigningKeys"
	OpRevokeSigningKey Operation = "RevokeSigningKey"
)

// newKey returns a signing key that becomes active after a while; nobody keeps it yet.
func (f *fixture) newKey(id string, after time.Duration) store.SigningKey {
	return store.SigningKey{
		ID: id, Algorithm: "ES256", Sealed: random(120), CreatedAt: f.now, ActiveFrom: f.now.Add(after),
	}
}

// wantKeys checks all keys, in order.
func (f *fixture) wantKeys(t *testing.T, want ...store.SigningKey) {
	t.Helper()
	got, err := f.SigningKeys(t.Context())
	must(t, err)
	same(t, "SigningKeys", got, want, cmpopts.EquateEmpty())
}

// testAddSigningKey adds a key only after the one that the caller believes to be the newest.
func testAddSigningKey(t *testing.T, f *fixture) {
	f.wantKeys(t)
	a, b, c := f.newKey("kid-a-00001", 0), f.newKey("kid-b-00001", time.Hour), f.newKey("kid-c-00001", -time.Hour)
	steps := []struct {
		name   string
		key    store.SigningKey
		newest string
		want   bool
	}{
		{"after one that is not there", a, b.ID, false},
		{"the first", a, "", true},
		{"another first", b, "", false},
		{"the second", b, a.ID, true},
		{"another second", c, a.ID, false},
		{"an older one", c, b.ID, true},
		{"after the older one", f.newKey("kid-d-00001", 2*time.Hour), c.ID, false},
	}
	for _, step := range steps {
		if got, err := f.AddSigningKey(t.Context(), step.key, step.newest); got != step.want || err != nil {
			t.Errorf("AddSigningKey(%s) = %v, %v, want %v", step.name, got, err, step.want)
		}
	}
	f.wantKeys(t, c, a, b)
}

// testSigningKeyTie puts keys of one moment in the order of their ids.
func testSigningKeyTie(t *testing.T, f *fixture) {
	a, b := f.newKey("a-kid-00001", 0), f.newKey("b-kid-00001", 0)
	for _, step := range []struct {
		key    store.SigningKey
		newest string
	}{{b, ""}, {a, b.ID}, {f.newKey("c-kid-00001", time.Hour), b.ID}} {
		if did, err := f.AddSigningKey(t.Context(), step.key, step.newest); !did || err != nil {
			t.Errorf("AddSigningKey(%s after %s) = %v, %v, want true", step.key.ID, step.newest, did, err)
		}
	}
	keys, err := f.SigningKeys(t.Context())
	must(t, err)
	if len(keys) != 3 || keys[0].ID != a.ID || keys[1].ID != b.ID {
		t.Errorf("SigningKeys = %v, want a, b, c", keys)
	}
}

// testDropSigningKeys forgets what is named, and minds no id that is not there.
func testDropSigningKeys(t *testing.T, f *fixture) {
	a, b, c := f.newKey("kid-a-00001", 0), f.newKey("kid-b-00001", time.Hour), f.newKey("kid-c-00001", 2*time.Hour)
	newest := ""
	for _, k := range []store.SigningKey{a, b, c} {
		did, err := f.AddSigningKey(t.Context(), k, newest)
		if !did || err != nil {
			t.Fatalf("AddSigningKey = %v, %v, want true", did, err)
		}
		newest = k.ID
	}
	must(t, f.DropSigningKeys(t.Context(), nil))
	must(t, f.DropSigningKeys(t.Context(), []string{"nobody", ""}))
	f.wantKeys(t, a, b, c)
	must(t, f.DropSigningKeys(t.Context(), []string{a.ID, "nobody", c.ID, a.ID}))
	f.wantKeys(t, b)
	if did, err := f.AddSigningKey(t.Context(), c, b.ID); !did || err != nil {
		t.Errorf("AddSigningKey(after a drop) = %v, %v, want true", did, err)
	}
}

// testRevokeSigningKey forgets a key at once, and has another sign if it was the one that did.
func testRevokeSigningKey(t *testing.T, f *fixture) {
	retiring, active := f.newKey("kid-a-00001", -time.Hour), f.newKey("kid-b-00001", -time.Minute)
	pending := f.newKey("kid-c-00001", time.Minute)
	early, next := pending, f.newKey("kid-d-00001", 0)
	early.ActiveFrom, next.CreatedAt = f.now, f.now.Add(-time.Second)
	tests := []struct {
		name   string
		keys   []store.SigningKey
		revoke string
		signs  store.SigningKey
		left   []store.SigningKey
	}{
		{"the only one", []store.SigningKey{active}, active.ID, next, []store.SigningKey{next}},
		{"the active one", []store.SigningKey{retiring, active}, active.ID, next, []store.SigningKey{retiring, next}},
		{
			"the active one before a pending one", []store.SigningKey{retiring, active, pending}, active.ID, early,
			[]store.SigningKey{retiring, early},
		},
		{"a pending one", []store.SigningKey{active, pending}, pending.ID, active, []store.SigningKey{active}},
		{
			"a retiring one", []store.SigningKey{retiring, active, pending}, retiring.ID, active,
			[]store.SigningKey{active, pending},
		},
		{"the only one, which is pending", []store.SigningKey{pending}, pending.ID, next, []store.SigningKey{next}},
	}
	for _, tt := range tests {
		newest, seq := "", f.mustHead(t)
		for _, k := range tt.keys {
			_, err := f.AddSigningKey(t.Context(), k, newest)
			must(t, err)
			newest = k.ID
		}
		other := next
		other.ActiveFrom = time.Time{} // what it says does not count
		got, err := f.RevokeSigningKey(t.Context(), tt.revoke, other, f.now)
		must(t, err)
		same(t, tt.name+": signs", got, tt.signs)
		f.wantKeys(t, tt.left...)
		if e := f.mustEntry(t, seq); e.Kind != revoked.Key || e.ID != tt.revoke || e.NotBefore != 0 {
			t.Errorf("%s: log = %+v, want one entry for the key", tt.name, e)
		}
		_, err = f.RevokeSigningKey(t.Context(), tt.revoke, other, f.now)
		wantFault(t, tt.name+": again", err, fault.KeyNotFound)
		f.wantKeys(t, tt.left...)
		f.wantLogged(t, seq+1)
		for _, k := range tt.left {
			must(t, f.DropSigningKeys(t.Context(), []string{k.ID}))
		}
	}
}

// testRaceSigningKey adds one of several keys that follow the same one.
func testRaceSigningKey(t *testing.T, f *fixture) {
	newest := ""
	for round := range rounds {
		did := make([]bool, 8)
		race(len(did), func(i int) {
			var err error
			did[i], err = f.AddSigningKey(background, f.newKey(fmt.Sprintf("kid-%02d-%d", round, i), 0), newest)
			if err != nil {
				t.Error(err)
			}
		})
		f.pass(moment)
		added := 0
		for i := range did {
			if did[i] {
				added++
				newest = fmt.Sprintf("kid-%02d-%d", round, i)
			}
		}
		if added != 1 {
			t.Errorf("AddSigningKey did it %d times, want once", added)
		}
	}
	keys, err := f.SigningKeys(t.Context())
	if len(keys) != rounds || err != nil {
		t.Errorf("SigningKeys = %d, %v, want %d", len(keys), err, rounds)
	}
}

// mustKey keeps a new signing key after those that there are.
func (f *fixture) mustKey(t *testing.T, id string, after time.Duration) store.SigningKey {
	t.Helper()
	k := f.newKey(id, after)
	did, err := f.AddSigningKey(t.Context(), k, f.newestKey(t))
	if must(t, err); !did {
		t.Fatalf("AddSigningKey(%s) did nothing", id)
	}
	return k
}

// newestKey returns the id of the last of all keys, or "".
func (f *fixture) newestKey(t *testing.T) string {
	t.Helper()
	keys, err := f.SigningKeys(t.Context())
	if must(t, err); len(keys) == 0 {
		return ""
	}
	return keys[len(keys)-1].ID
}

// keyRows keeps one that is active, one that is pending, and the entry of one that was revoked.
func keyRows(t *testing.T, f *fixture) rowCount {
	gone := f.mustKey(t, "kid-c", -time.Hour)
	f.mustKey(t, "kid-b", 0)
	f.mustKey(t, "kid-a", time.Hour)
	_, err := f.RevokeSigningKey(t.Context(), gone.ID, f.newKey("kid-d", 0), f.now)
	must(t, err)
	return rowCount{"signing_keys": 2, "revocations": 1}
}

// SigningKeys calls the engine, unless it shall fail.
func (fs *FaultStore) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	return through(fs, OpSigningKeys, func() ([]store.SigningKey, error) { return fs.engine.SigningKeys(ctx) })
}

// AddSigningKey calls the engine, unless it shall fail.
func (fs *FaultStore) AddSigningKey(ctx context.Context, k store.SigningKey, newest string) (bool, error) {
	return through(fs, OpAddSigningKey, func() (bool, error) { return fs.engine.AddSigningKey(ctx, k, newest) })
}

// DropSigningKeys calls the engine, unless it shall fail.
func (fs *FaultStore) DropSigningKeys(ctx context.Context, ids []string) error {
	return fs.run(OpDropSigningKeys, func() error { return fs.engine.DropSigningKeys(ctx, ids) })
}

// RevokeSigningKey calls the engine, unless it shall fail.
func (fs *FaultStore) RevokeSigningKey(
	ctx context.Context, id string, next store.SigningKey, now time.Time,
) (store.SigningKey, error) {
	return through(fs, OpRevokeSigningKey,
		func() (store.SigningKey, error) { return fs.engine.RevokeSigningKey(ctx, id, next, now) })
}
