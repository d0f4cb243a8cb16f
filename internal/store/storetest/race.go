package storetest

import (
	"sync"
)

// rounds is how often each race is run. A missing lock may need some of them to show.
const rounds = 25

// race makes n calls at once, from behind one gate, and waits for all.
func race(n int, call func(i int)) {
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-gate
			call(i)
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
}
