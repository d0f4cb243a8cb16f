package storetest

import (
	"context"
	"fmt"
	"testing"
)

// Metadata is kept once.
var _ = register(subject{
	name: "metadata",
	tests: []test{
		{"keep", testKeepMetadata},
		{"race/keep", testRaceMetadata},
	},
	operations: []operation{
		reading(OpReadMetadata, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, err := f.ReadMetadata(ctx, "x"); return err }
		}),
		writing(OpKeepMetadata, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error { _, err := f.KeepMetadata(ctx, "x", []byte("x")); return err }
		}),
	},
	rows: metadataRows,
})

// Its operations.
const (
	OpReadMetadata Operation = "ReadMetadata"
	OpKeepMetadata Operation = "KeepMetadata"
)

// testKeepMetadata keeps what came first under a name.
func testKeepMetadata(t *testing.T, f *fixture) {
	got, err := f.ReadMetadata(t.Context(), "master key")
	if got != nil || err != nil {
		t.Errorf("ReadMetadata(none) = %v, %v, want nil", got, err)
	}
	first, second := []byte{0, 0xff, '\n'}, []byte("second")
	for _, value := range [][]byte{first, second, first} {
		got, err = f.KeepMetadata(t.Context(), "master key", value)
		must(t, err)
		same(t, "KeepMetadata", got, first)
	}
	got, err = f.KeepMetadata(t.Context(), "Master key", second)
	must(t, err)
	same(t, "KeepMetadata(another name)", got, second)
	got, err = f.ReadMetadata(t.Context(), "master key")
	must(t, err)
	same(t, "ReadMetadata", got, first)
}

// testRaceMetadata keeps one of several values, and everybody gets it.
func testRaceMetadata(t *testing.T, f *fixture) {
	for round := range rounds {
		name := fmt.Sprint("name ", round)
		got := make([]string, 8)
		race(len(got), func(i int) {
			value, err := f.KeepMetadata(background, name, []byte{byte('a' + i)})
			if err != nil {
				t.Error(err)
			}
			got[i] = string(value)
		})
		kept, err := f.ReadMetadata(t.Context(), name)
		must(t, err)
		for _, value := range got {
			if value != string(kept) {
				t.Errorf("KeepMetadata = %q, want the kept %q", value, kept)
			}
		}
	}
}

// metadataRows keeps bytes that are no text.
func metadataRows(t *testing.T, f *fixture) rowCount {
	_, err := f.KeepMetadata(t.Context(), "bytes", []byte{0, 0xff, '\''})
	must(t, err)
	return rowCount{"metadata": 1}
}

// ReadMetadata calls the engine, unless it shall fail.
func (fs *FaultStore) ReadMetadata(ctx context.Context, name string) ([]byte, error) {
	return through(fs, OpReadMetadata, func() ([]byte, error) { return fs.engine.ReadMetadata(ctx, name) })
}

// KeepMetadata calls the engine, unless it shall fail.
func (fs *FaultStore) KeepMetadata(ctx context.Context, name string, value []byte) ([]byte, error) {
	return through(fs, OpKeepMetadata, func() ([]byte, error) { return fs.engine.KeepMetadata(ctx, name, value) })
}
