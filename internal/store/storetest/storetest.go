// Package storetest is the contract of package store as tests. Every engine passes all of
// them: there is nothing to switch off.
//
// A file is about one subject. It registers all that the subject adds to the contract: tests,
// a call of each operation, and sample rows of each table.
package storetest

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/handstamp/handstamp/internal/store"
)

// Run tests an engine. open returns a new, empty store and closes it when t ends; a test may
// have closed it before.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, s := range subjects {
		for _, c := range s.tests {
			t.Run(s.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				c.run(t, newFixture(t, open))
			})
		}
	}
}

// subjects are those that the files of this package register.
var subjects []subject

// subject is what a file adds to the contract.
type subject struct {
	name       string // before the names of its tests
	tests      []test
	operations []operation
	rows       func(*testing.T, *fixture) rowCount // keeps samples for its tables; nil: it has no table
}

// test is one test of the contract.
type test struct {
	name string
	run  func(*testing.T, *fixture)
}

// operation is a method of store.Store, and how it is called.
type operation struct {
	name    Operation
	writes  bool // the call changes what is kept
	prepare func(*testing.T, *fixture) call
}

// call calls an operation, in a way that has it succeed.
type call func(context.Context) error

// reading returns an operation that changes nothing.
func reading(name Operation, prepare func(*testing.T, *fixture) call) operation {
	return operation{name: name, prepare: prepare}
}

// writing returns an operation that changes something. prepare keeps what it needs for that.
func writing(name Operation, prepare func(*testing.T, *fixture) call) operation {
	return operation{name: name, writes: true, prepare: prepare}
}

// rowCount is how many rows are kept, by the name of their table.
type rowCount map[string]int

// register adds a subject to the contract.
func register(s subject) bool {
	subjects = append(subjects, s)
	return true
}

// operations returns those of all subjects.
func operations() []operation {
	var all []operation
	for _, s := range subjects {
		all = append(all, s.operations...)
	}
	return all
}

// The contract is whole.
var _ = register(subject{
	name:  "contract",
	tests: []test{{"every operation is registered", testOperationsRegistered}},
})

// testOperationsRegistered holds the contract to a call of each method of store.Store. Close is
// the exception, because nothing can be done after it.
func testOperationsRegistered(t *testing.T, _ *fixture) {
	var want, got []string
	for m := range reflect.TypeFor[store.Store]().Methods() {
		if m.Name != "Close" {
			want = append(want, m.Name)
		}
	}
	for _, o := range operations() {
		got = append(got, string(o.name))
	}
	slices.Sort(got)
	same(t, "registered operations", got, want) // reflection sorts them
}
