package storetest

import (
	"context"
	"fmt"
	"testing"
)

// Facts are kept once.
var _ = register(subject{
	name: "fact",
	tests: []test{
		{"keep", testKeepFact},
		{"race/keep", testRaceFact},
	},
	operations: []operation{
		reading("Fact", func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, err := f.Fact(ctx, "x"); return err }
		}),
		writing("KeepFact", func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, err := f.KeepFact(ctx, "x", []byte("x")); return err }
		}),
	},
	rows: factRows,
})

// testKeepFact keeps what came first under a name.
func testKeepFact(t *testing.T, f *fixture) {
	got, err := f.Fact(t.Context(), "master key")
	if got != nil || err != nil {
		t.Errorf("Fact(none) = %v, %v, want nil", got, err)
	}
	first, second := []byte{0, 0xff, '\n'}, []byte("second")
	for _, value := range [][]byte{first, second, first} {
		got, err = f.KeepFact(t.Context(), "master key", value)
		must(t, err)
		same(t, "KeepFact", got, first)
	}
	got, err = f.KeepFact(t.Context(), "Master key", second)
	must(t, err)
	same(t, "KeepFact(another name)", got, second)
	got, err = f.Fact(t.Context(), "master key")
	must(t, err)
	same(t, "Fact", got, first)
}

// testRaceFact gives everybody the value that won.
func testRaceFact(t *testing.T, f *fixture) {
	for round := range rounds {
		name := fmt.Sprint("fact ", round)
		got := make([]string, 8)
		race(len(got), func(i int) {
			value, err := f.KeepFact(background, name, []byte{byte('a' + i)})
			if err != nil {
				t.Error(err)
			}
			got[i] = string(value)
		})
		kept, err := f.Fact(t.Context(), name)
		must(t, err)
		for _, value := range got {
			if value != string(kept) {
				t.Errorf("KeepFact = %q, want the kept %q", value, kept)
			}
		}
	}
}

// factRows keeps bytes that are no text.
func factRows(t *testing.T, f *fixture) rowCount {
	_, err := f.KeepFact(t.Context(), "bytes", []byte{0, 0xff, '\''})
	must(t, err)
	return rowCount{"store.FactRow": 1}
}
