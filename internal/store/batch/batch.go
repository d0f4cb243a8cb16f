// Package batch is group commit: a caller that finds no batch under way begins one at once, and
// those that come meanwhile are in the next.
package batch

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// ErrPanicked is what the other callers of a batch get when its work panicked: nobody knows whether
// anything was done.
var ErrPanicked = errors.New("batch: the work panicked")

// Batcher collects items of one kind. An item is done once, by the caller whose turn it is; the
// others of the batch wait for it. A Batcher is used by any number of goroutines.
type Batcher[T any] struct {
	// Turn waits until a batch can be done, for no longer than ctx, and returns what does it. Items
	// that come while it waits are in the batch. What it returns is called once, with at least one
	// item, in the order in which they came.
	Turn func(ctx context.Context) (do func(items []T), err error)

	// Size is how many items a batch has at most. The others are next, in their order.
	Size int

	// OverlapAfter is how long items wait for a batch under way before the next is begun beside it.
	// Zero: always until it has ended.
	OverlapAfter time.Duration

	mu      sync.Mutex // guards what follows
	led     bool       // a caller leads, and has not taken its batch yet
	working int        // batches under way
	waiting []*entry[T]
}

// entry is an item that waits.
type entry[T any] struct {
	item T
	told chan verdict // receives one; not for a caller that leads the first batch of all
}

// verdict is what a waiting caller is told.
type verdict struct {
	lead bool  // the next batch is for the caller to do
	err  error // nil: the item was done
}

// Do has an item done and then returns nil: what came of it, errors included, is for the item to
// hold. Every error but ErrPanicked says that the item was not done. A caller's context counts
// until the item's batch has begun; a caller that gives up changes nothing for the others.
func (b *Batcher[T]) Do(ctx context.Context, item T) error {
	e := &entry[T]{item, make(chan verdict, 1)}
	if b.join(e) {
		return b.lead(ctx, e)
	}
	overlap, stop := b.alarm()
	defer stop()
	for {
		select {
		case v := <-e.told:
			return b.obey(ctx, e, v)
		case <-overlap:
			b.hasten(e)
			continue
		case <-ctx.Done():
		}
		if b.leave(e) {
			return ctx.Err()
		}
		// The batch has begun, or the next is the caller's to do: Turn then looks at ctx.
		return b.obey(ctx, e, <-e.told)
	}
}

// alarm returns a channel that receives when an item has waited long enough.
func (b *Batcher[T]) alarm() (<-chan time.Time, func()) {
	if b.OverlapAfter <= 0 {
		return nil, func() {}
	}
	timer := time.NewTimer(b.OverlapAfter)
	return timer.C, func() { timer.Stop() }
}

// obey does what a caller is told.
func (b *Batcher[T]) obey(ctx context.Context, e *entry[T], v verdict) error {
	if v.lead {
		return b.lead(ctx, e)
	}
	return v.err
}

// join waits in line, and reports whether the next batch is the caller's to do.
func (b *Batcher[T]) join(e *entry[T]) (lead bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, e)
	if b.led || b.working > 0 {
		return false
	}
	b.led = true
	return true
}

// leave stops waiting, and reports whether it could: it is too late when a batch has the item, or
// the caller leads.
func (b *Batcher[T]) leave(e *entry[T]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, e)
	if i < 0 || len(e.told) > 0 {
		return false
	}
	b.waiting = slices.Delete(b.waiting, i, i+1)
	return true
}

// lead does the next batch, of which e is the first.
func (b *Batcher[T]) lead(ctx context.Context, e *entry[T]) error {
	do, err := b.Turn(ctx)
	if err != nil {
		b.take(1)
		b.end()
		return err
	}
	// Callers that are about to come may come now: on one processor nobody else runs while a batch
	// is done.
	runtime.Gosched()
	batch := b.take(b.Size)
	items := make([]T, len(batch))
	for i, one := range batch {
		items[i] = one.item
	}
	outcome := verdict{err: ErrPanicked}
	defer func() {
		if b.end() && runtime.GOMAXPROCS(0) == 1 {
			// The next batch begins before what follows from this one, and waits for the disk or
			// the network meanwhile. With more processors another one sees to it.
			runtime.Gosched()
		}
		for _, other := range batch[1:] {
			other.told <- outcome
		}
	}()
	do(items)
	outcome = verdict{}
	return nil
}

// take begins a batch with the first that wait, at most so many.
func (b *Batcher[T]) take(most int) []*entry[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(most, len(b.waiting))
	batch := slices.Clone(b.waiting[:n])
	b.waiting = slices.Delete(b.waiting, 0, n)
	b.led = false
	b.working++
	return batch
}

// hasten begins the next batch beside those under way, if e still waits for one.
func (b *Batcher[T]) hasten(e *entry[T]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.Contains(b.waiting, e) {
		b.pass()
	}
}

// end ends a batch, and reports whether another begins.
func (b *Batcher[T]) end() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.working--
	return b.pass()
}

// pass has the caller that waits longest lead, unless another leads. The caller holds mu.
func (b *Batcher[T]) pass() bool {
	if b.led || len(b.waiting) == 0 {
		return false
	}
	b.led = true
	b.waiting[0].told <- verdict{lead: true}
	return true
}
