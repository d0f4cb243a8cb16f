package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/store"
)

// newKey gives a signing key that becomes active after a while; nobody keeps it yet.
func (w *world) newKey(id string, after time.Duration) store.SigningKey {
	return store.SigningKey{ID: id, Algorithm: "ES256", Sealed: random(120), CreatedAt: w.now, ActiveFrom: w.now.Add(after)}
}

// wantKeys checks all keys, in order.
func (w *world) wantKeys(t *testing.T, want ...store.SigningKey) {
	t.Helper()
	got, err := w.SigningKeys(t.Context())
	must(t, err)
	same(t, "SigningKeys", got, want, cmpopts.EquateEmpty())
}

// testAddSigningKey adds a key only after the one that the caller believes to be the newest.
func testAddSigningKey(t *testing.T, w *world) {
	w.wantKeys(t)
	a, b, c := w.newKey("kid-a-00001", 0), w.newKey("kid-b-00001", time.Hour), w.newKey("kid-c-00001", -time.Hour)
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
		{"after the older one", w.newKey("kid-d-00001", 2*time.Hour), c.ID, false},
	}
	for _, step := range steps {
		if got, err := w.AddSigningKey(t.Context(), step.key, step.newest); got != step.want || err != nil {
			t.Errorf("AddSigningKey(%s) = %v, %v, want %v", step.name, got, err, step.want)
		}
	}
	w.wantKeys(t, c, a, b)
}

// testSigningKeyTie puts keys of one moment in the order of their ids.
func testSigningKeyTie(t *testing.T, w *world) {
	a, b := w.newKey("a-kid-00001", 0), w.newKey("b-kid-00001", 0)
	for _, step := range []struct {
		key    store.SigningKey
		newest string
	}{{b, ""}, {a, b.ID}, {w.newKey("c-kid-00001", time.Hour), b.ID}} {
		if did, err := w.AddSigningKey(t.Context(), step.key, step.newest); !did || err != nil {
			t.Errorf("AddSigningKey(%s after %s) = %v, %v, want true", step.key.ID, step.newest, did, err)
		}
	}
	keys, err := w.SigningKeys(t.Context())
	must(t, err)
	if len(keys) != 3 || keys[0].ID != a.ID || keys[1].ID != b.ID {
		t.Errorf("SigningKeys = %v, want a, b, c", keys)
	}
}

// testDropSigningKeys forgets what is named, and minds no id that is not there.
func testDropSigningKeys(t *testing.T, w *world) {
	a, b, c := w.newKey("kid-a-00001", 0), w.newKey("kid-b-00001", time.Hour), w.newKey("kid-c-00001", 2*time.Hour)
	newest := ""
	for _, k := range []store.SigningKey{a, b, c} {
		did, err := w.AddSigningKey(t.Context(), k, newest)
		if !did || err != nil {
			t.Fatalf("AddSigningKey = %v, %v, want true", did, err)
		}
		newest = k.ID
	}
	must(t, w.DropSigningKeys(t.Context(), nil))
	must(t, w.DropSigningKeys(t.Context(), []string{"nobody", ""}))
	w.wantKeys(t, a, b, c)
	must(t, w.DropSigningKeys(t.Context(), []string{a.ID, "nobody", c.ID, a.ID}))
	w.wantKeys(t, b)
	if did, err := w.AddSigningKey(t.Context(), c, b.ID); !did || err != nil {
		t.Errorf("AddSigningKey(after a drop) = %v, %v, want true", did, err)
	}
}

// testKeepFact keeps what came first under a name.
func testKeepFact(t *testing.T, w *world) {
	got, err := w.Fact(t.Context(), "master key")
	if got != nil || err != nil {
		t.Errorf("Fact(none) = %v, %v, want nil", got, err)
	}
	first, second := []byte{0, 0xff, '\n'}, []byte("second")
	for _, value := range [][]byte{first, second, first} {
		got, err = w.KeepFact(t.Context(), "master key", value)
		must(t, err)
		same(t, "KeepFact", got, first)
	}
	got, err = w.KeepFact(t.Context(), "Master key", second)
	must(t, err)
	same(t, "KeepFact(another name)", got, second)
	got, err = w.Fact(t.Context(), "master key")
	must(t, err)
	same(t, "Fact", got, first)
}
