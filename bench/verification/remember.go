package verification

import (
	"errors"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/peers"
)

// What remembering tokens costs is measured with so many, a few times.
const (
	rememberedTokens = 30_000
	rememberedRounds = 3
	collections      = 5 // of garbage, in each round
)

// Remembering is the name of the group that measures what remembered tokens take.
const Remembering = "remembering"

// Remembered measures what tokens take that are remembered, by ours and by a plain map, in turns:
// bytes a token, and as Nanos the processor's time for a full collection of garbage with all of
// them, beyond one without any.
func Remembered(scale Scale) ([]Series, error) {
	pool, err := NewPool(mint.EdDSA, scale.of(rememberedTokens))
	if err != nil {
		return nil, err
	}
	all := []Series{
		{Case: Case{Group: Remembering, Name: peers.Ours().Name, Goroutines: 1}},
		{Case: Case{Group: Remembering, Name: peers.PlainMap.Name, Goroutines: 1}},
	}
	for range rememberedRounds {
		for i, peer := range []peers.Peer{peers.Ours(), peers.PlainMap} {
			sample, err := pool.remember(peer)
			if err != nil {
				return nil, err
			}
			all[i].Samples = append(all[i].Samples, sample)
		}
	}
	return all, nil
}

// remember has a verifier remember all tokens of the pool
func (p *Pool) remember(peer peers.Peer) (Sample, error) {
	v, err := peer.New(*p.Trust)
	if err != nil {
		return Sample{}, err
	}
	before, empty := heap(), collecting()
	failed := make([]error, len(p.Tokens))
	each(len(p.Tokens), func(i int) { failed[i] = v.Verify(strings.Clone(p.Tokens[i])) })
	if err := errors.Join(failed...); err != nil {
		return Sample{}, err
	}
	took := heap() - before
	full := collecting()
	runtime.KeepAlive(v)
	if end := closer(v); end != nil {
		end()
	}
	return Sample{Nanos: max(float64(full-empty), 1), Bytes: took / float64(len(p.Tokens))}, nil
}

// heap is how many bytes are in use once the rest is gone
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// collecting is the processor's time that a full collection of garbage takes
func collecting() time.Duration {
	before := processorTime()
	for range collections {
		runtime.GC()
	}
	return (processorTime() - before) / collections
}

// processorTime is what this process took of the processors so far
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // never fails for ourselves
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
