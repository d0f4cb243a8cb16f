package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/store"
)

// Operation names a method of store.Store. Each has a constant beside its tests, such as OpRotate.
type Operation string

// FaultStore stands between a server and its engine: it records what is called, and fails what a
// test wants to fail. It embeds no store, so that it compiles only if it has every method.
type FaultStore struct {
	engine store.Store

	mu     sync.Mutex // guards what follows
	asked  []Operation
	before map[Operation]error  // what an operation returns without being done
	after  map[Operation]error  // what an operation returns although it was done
	once   map[Operation]func() // what happens before an operation is done, once
}

// A FaultStore has every method.
var _ store.Store = (*FaultStore)(nil)

// NewFaultStore returns a store whose engine is set by Wrap.
func NewFaultStore() *FaultStore {
	return &FaultStore{before: map[Operation]error{}, after: map[Operation]error{}, once: map[Operation]func(){}}
}

// Wrap puts the store around an engine.
func (fs *FaultStore) Wrap(engine store.Store) store.Store {
	fs.engine = engine
	return fs
}

// FailBefore has an operation fail without being done; nil: no longer.
func (fs *FaultStore) FailBefore(o Operation, err error) {
	o.mustExist()
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.before[o] = err
}

// FailAfter has an operation fail after it was done, as when its answer is lost; nil: no longer.
func (fs *FaultStore) FailAfter(o Operation, err error) {
	o.mustExist()
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.after[o] = err
}

// Once calls do before an operation is done the next time, and not again.
func (fs *FaultStore) Once(o Operation, do func()) {
	o.mustExist()
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.once[o] = do
}

// Asked returns the operations that were called since the last call of Asked, in order.
func (fs *FaultStore) Asked() []Operation {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	asked := fs.asked
	fs.asked = nil
	return asked
}

// Close closes the engine. It is no operation: it is not recorded and does not fail.
func (fs *FaultStore) Close() error { return fs.engine.Close() }

// mustExist panics unless there is such an operation: what never happens cannot fail either.
func (o Operation) mustExist() {
	if !slices.ContainsFunc(operations(), func(known operation) bool { return known.name == o }) {
		panic(fmt.Sprintf("store.Store has no operation %q", o))
	}
}

// begin records an operation, and returns what it shall fail with before and after it is done.
func (fs *FaultStore) begin(o Operation) (before, after error) {
	fs.mu.Lock()
	fs.asked = append(fs.asked, o)
	before, after = fs.before[o], fs.after[o]
	do := fs.once[o]
	if before == nil {
		delete(fs.once, o)
	}
	fs.mu.Unlock()
	if before == nil && do != nil {
		do()
	}
	return before, after
}

// through calls an operation of the engine that returns a value, unless it shall fail.
func through[T any](fs *FaultStore, o Operation, call func() (T, error)) (T, error) {
	var nothing T
	before, after := fs.begin(o)
	if before != nil {
		return nothing, before
	}
	got, err := call()
	if err == nil && after != nil {
		return nothing, after
	}
	return got, err
}

// run calls an operation of the engine that returns an error alone, unless it shall fail.
func (fs *FaultStore) run(o Operation, call func() error) error {
	_, err := through(fs, o, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// The store that fails on demand.
var _ = register(subject{name: "fault store", tests: []test{{"every operation", testFaultStore}}})

// testFaultStore has each operation fail before and after it is done: nothing is changed, or all
// of it, and exactly this operation is recorded.
func testFaultStore(t *testing.T, f *fixture) {
	for _, o := range operations() {
		t.Run(string(o.name), func(t *testing.T) {
			engine, faults := f.another(t), NewFaultStore()
			call := o.prepare(t, &fixture{Store: faults.Wrap(engine), now: f.now, another: f.another})
			faults.Asked()
			kept := dump(t, engine)

			faults.FailBefore(o.name, errBefore)
			if err := call(t.Context()); !errors.Is(err, errBefore) {
				t.Errorf("%s = %v, want %v", o.name, err, errBefore)
			}
			wantRows(t, "what is kept after "+errBefore.Error(), dump(t, engine), kept)

			faults.FailBefore(o.name, nil)
			faults.FailAfter(o.name, errAfter)
			happened := false
			faults.Once(o.name, func() { happened = true })
			if err := call(t.Context()); !errors.Is(err, errAfter) || !happened {
				t.Errorf("%s = %v, Once was done: %v, want %v", o.name, err, happened, errAfter)
			}
			if changed := !equalRows(dump(t, engine), kept); changed != o.writes {
				t.Errorf("%s changed what is kept: %v, want %v", o.name, changed, o.writes)
			}
			same(t, "Asked", faults.Asked(), []Operation{o.name, o.name})
		})
	}
}

// The errors of a fault store under test.
var (
	errBefore = errors.New("a fault before")
	errAfter  = errors.New("a fault after")
)
