package storetest

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// Everything is copied.
var _ = register(subject{
	name: "copy",
	tests: []test{
		{"sample rows", testSampleRows},
		{"round trip", testCopy},
		{"failing row", testCopyFails},
		{"refused", testCopyRefused},
		{"one moment", testCopyMoment},
		{"race", testRaceCopy},
	},
	operations: []operation{
		reading(OpCopyOut, func(_ *testing.T, f *fixture) call {
			return func(ctx context.Context) error {
				for _, err := range f.CopyOut(ctx) {
					if err != nil {
						return err
					}
				}
				return nil
			}
		}),
		writing(OpCopyIn, func(t *testing.T, f *fixture) call {
			from := newFixture(t, f.another)
			from.fill(t)
			rows := dump(t, from)
			return func(ctx context.Context) error { return f.CopyIn(ctx, given(rows...)) }
		}),
	},
})

// Its operations.
const (
	OpCopyOut Operation = "CopyOut"
	OpCopyIn  Operation = "CopyIn"
)

// RunCopy tests that one engine takes over what another keeps. Each opens a new, empty store.
func RunCopy(t *testing.T, from, to func(t *testing.T) store.Store) {
	t.Run("round trip", func(t *testing.T) { testCopy(t, &fixture{Store: from(t), now: start, another: to}) })
	t.Run("failing row", func(t *testing.T) { testCopyFails(t, &fixture{Store: from(t), now: start, another: to}) })
}

// fill keeps the sample rows of all subjects, and returns how many there are of each kind.
func (f *fixture) fill(t *testing.T) rowCount {
	t.Helper()
	all := rowCount{}
	for _, s := range subjects {
		if s.rows == nil {
			continue
		}
		for kind, n := range s.rows(t, f) {
			all[kind] += n
		}
	}
	return all
}

// dump returns everything that a store keeps.
func dump(t *testing.T, s store.Store) []store.Row {
	t.Helper()
	var all []store.Row
	for row, err := range s.CopyOut(t.Context()) {
		must(t, err)
		all = append(all, row)
	}
	return all
}

// wantRows compares all that a store keeps.
func wantRows(t *testing.T, what string, got, want []store.Row) {
	t.Helper()
	same(t, what, got, want, cmpopts.EquateEmpty())
}

// equalRows reports whether two stores keep the same.
func equalRows(a, b []store.Row) bool { return cmp.Equal(a, b, cmpopts.EquateEmpty(), addresses) }

// testSampleRows holds the samples to be all that is kept, to be of every table, and to say
// something in every column.
func testSampleRows(t *testing.T, f *fixture) {
	want, got := f.fill(t), rowCount{}
	said := map[string]bool{} // table and column → a sample has it
	for _, row := range dump(t, f) {
		got[row.Table()]++
		table, err := records.TableOf(row)
		must(t, err)
		for i, field := range row.Fields() {
			name := table.Name + "." + table.Columns[i]
			said[name] = said[name] || !reflect.ValueOf(field).Elem().IsZero()
		}
	}
	same(t, "rows of each table", got, want)
	for _, table := range records.Tables {
		for _, column := range table.Columns {
			if name := table.Name + "." + column; !said[name] {
				t.Errorf("no sample row has a %s", name)
			}
		}
	}
}

// testCopy copies everything, as it is, and the copy goes on where the store stood.
func testCopy(t *testing.T, f *fixture) {
	f.fill(t)
	made := f.mustSampleSessions(t)
	rows := dump(t, f)
	to := &fixture{Store: f.another(t), now: f.now}
	must(t, to.CopyIn(t.Context(), f.CopyOut(t.Context())))
	wantRows(t, "the copy", dump(t, to), rows)
	wantRows(t, "what was copied", dump(t, f), rows)

	seq := to.mustHead(t)
	same(t, "log of the copy", to.mustEntries(t, 0), f.mustEntries(t, 0))
	to.mustRotate(t, made.live, store.Rotated)
	to.mustRotate(t, made.ended, store.Ended)
	to.mustRotate(t, made.forked.next(), store.Rotated)
	to.mustRotate(t, made.spent, store.Reused)
	if e := to.mustEntry(t, seq); e.Kind != revoked.Session || e.Prev != seq {
		t.Errorf("entry after the copy = %+v, want it to follow %d", e, seq)
	}
	later, err := to.User(t.Context(), to.mustUser(t).ID)
	must(t, err)
	if head := rows[0].(*records.LogHead); head.NotBefore == 0 || later.NotBefore != head.NotBefore {
		t.Errorf("a new user's NotBefore = %d, the log's %d, want that of the end of everything",
			later.NotBefore, head.NotBefore)
	}
	to.wantRowsSwept(t)
}

// wantRowsSwept checks that what was copied is swept in its time.
func (f *fixture) wantRowsSwept(t *testing.T) {
	t.Helper()
	for range 3 {
		_, err := f.Sweep(t.Context(), store.Sweeping{Limit: 100}, f.now.Add(100*lifetime))
		must(t, err)
	}
	for _, row := range dump(t, f) {
		table, err := records.TableOf(row)
		must(t, err)
		if table.Expires != "" || table.Name == "sessions" || table.Name == "revocations" {
			t.Errorf("after everything is over there is still %+v", row)
		}
	}
}

// errSource is what a source of rows fails with.
var errSource = errors.New("the source is gone")

// failing yields rows, and then an error.
func failing(rows []store.Row) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
		yield(nil, errSource)
	}
}

// given yields rows.
func given(rows ...store.Row) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// testCopyFails leaves nothing of rows that come with an error, or cannot be kept, and takes them
// all the next time.
func testCopyFails(t *testing.T, f *fixture) {
	f.fill(t)
	rows := dump(t, f)
	to := &fixture{Store: f.another(t), now: f.now}
	empty := dump(t, to)
	fails := func(name string, ctx context.Context, rows iter.Seq2[store.Row, error], want error) {
		t.Helper()
		if err := to.CopyIn(ctx, rows); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: CopyIn = %v, want an error, %v", name, err, want)
		}
		wantRows(t, name, dump(t, to), empty)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for kind, i := range firsts(rows) {
		fails("an error before the first "+kind, t.Context(), failing(rows[:i]), errSource)
		if _, one := rows[i].(*records.LogHead); !one {
			fails("twice the first "+kind, t.Context(), given(append(slices.Clone(rows), rows[i])...), nil)
		}
	}
	user := rows[firsts(rows)["users"]]
	stranger := records.NewSessionRow(f.newSession("usr_nobody"))
	fails("an error at the end", t.Context(), failing(rows), errSource)
	fails("a user twice", t.Context(), given(user, user), nil)
	fails("a session of nobody", t.Context(), given(append(slices.Clone(rows), stranger)...), nil)
	fails("metadata without a value", t.Context(), given(user, &records.MetadataRow{Name: "x", Value: []byte{}}), nil)
	fails("nothing that is known", t.Context(), given(user, nil), nil)
	fails("nobody waits", cancelled, given(rows...), nil)
	must(t, to.CopyIn(t.Context(), given(rows...)))
	wantRows(t, "the copy after all", dump(t, to), rows)
}

// firsts returns where the first row of each kind is.
func firsts(rows []store.Row) map[string]int {
	at := map[string]int{}
	for i, row := range rows {
		if _, ok := at[row.Table()]; !ok {
			at[row.Table()] = i
		}
	}
	return at
}

// testCopyRefused copies nothing into a store that keeps anything, and changes nothing there.
func testCopyRefused(t *testing.T, f *fixture) {
	f.fill(t)
	rows := dump(t, f)
	for kind, i := range firsts(rows) {
		if table, err := records.TableOf(rows[i]); err != nil || table.Owner == "user_id" {
			must(t, err)
			continue // there is no such row without a user
		}
		to := f.another(t)
		must(t, to.CopyIn(t.Context(), given(rows[i])))
		kept := dump(t, to)
		if err := to.CopyIn(t.Context(), given(rows...)); !errors.Is(err, store.ErrNotEmpty) {
			t.Errorf("CopyIn where a %s is = %v, want %v", kind, err, store.ErrNotEmpty)
		}
		wantRows(t, "what was there", dump(t, to), kept)
	}
}

// testCopyMoment copies one moment, whatever is written while it does, and by whoever reads it.
func testCopyMoment(t *testing.T, f *fixture) {
	f.fill(t)
	made := f.mustSampleSessions(t)
	before := dump(t, f)
	var got []store.Row
	for row, err := range f.CopyOut(t.Context()) {
		must(t, err)
		if got = append(got, row); len(got) == 2 { // the rest is still to be read
			f.mustBegin(t, f.mustUser(t).ID)
			f.mustRotate(t, made.live, store.Rotated)
			f.mustEnd(t, made.live.session)
			f.mustService(t, "later")
		}
	}
	wantRows(t, "rows of one moment", got, before)
	for range f.CopyOut(t.Context()) {
		break // and nothing is held up by it
	}
	f.mustUser(t)
}

// testRaceCopy copies into one store at once, from several: one of them is whole.
func testRaceCopy(t *testing.T, f *fixture) {
	f.fill(t)
	rows := dump(t, f)
	to := f.another(t)
	var done atomic.Int32
	race(4, func(int) {
		switch err := to.CopyIn(background, given(rows...)); {
		case err == nil:
			done.Add(1)
		case !errors.Is(err, store.ErrNotEmpty):
			t.Error(err)
		}
	})
	if done.Load() != 1 {
		t.Errorf("%d of 4 copies were kept, want 1", done.Load())
	}
	wantRows(t, "the copy", dump(t, to), rows)
}

// CopyOut calls the engine, unless it shall fail.
func (fs *FaultStore) CopyOut(ctx context.Context) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		before, after := fs.begin(OpCopyOut)
		if before != nil {
			yield(nil, before)
			return
		}
		for row, err := range fs.engine.CopyOut(ctx) {
			if !yield(row, err) || err != nil {
				return
			}
		}
		if after != nil {
			yield(nil, after)
		}
	}
}

// CopyIn calls the engine, unless it shall fail.
func (fs *FaultStore) CopyIn(ctx context.Context, rows iter.Seq2[store.Row, error]) error {
	return fs.run(OpCopyIn, func() error { return fs.engine.CopyIn(ctx, rows) })
}

// WantColumns holds the columns of an engine's schema, as table.column, to be those that are
// copied, and those that the engine has for itself.
func WantColumns(t *testing.T, got map[string]bool, own ...string) {
	t.Helper()
	want := map[string]bool{}
	for _, name := range own {
		want[name] = true
	}
	for _, table := range records.Tables {
		for _, column := range table.Columns {
			want[table.Name+"."+column] = true
		}
	}
	for name := range got {
		if strings.HasPrefix(name, "migrations.") {
			delete(got, name)
		}
	}
	same(t, "columns of the schema", got, want)
}
