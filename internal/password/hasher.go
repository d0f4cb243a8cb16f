package password

import (
	"context"
	"crypto/subtle"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// Options say how hard to hash and how much of it at once.
type Options struct {
	Params Params        // of new hashes; zero: DefaultParams
	Lanes  int           // hashes computed at once, 19 MiB each; zero: GOMAXPROCS
	Queue  int           // callers that may wait for a lane; zero: 64
	Wait   time.Duration // how long each may wait; zero: 5 s

	// Before is called before each computation, and the function that it returns after it. Nil:
	// nothing is called.
	Before func() (after func())

	TestingOnlyDerived func(p Params) // runs at each computation; nil: nobody counts
}

// Hasher hashes and checks passwords, never more of them at once than it has lanes: a flood
// of sign-ins waits or is turned away, and takes neither the memory nor the processor.
// It is safe for concurrent use.
type Hasher struct {
	params  Params
	lanes   chan struct{} // holds one token for each hash under way
	queue   int64
	waiting atomic.Int64 // callers that were let in and have no lane yet
	wait    time.Duration
	before  func() (after func()) // Options.Before
	nobody  phc                   // what an unknown user's password is compared with; nothing matches it

	testingOnlyDerive func(password, salt []byte, p Params) // sees each computation; nil: nobody looks
}

// NewHasher makes a Hasher and computes nothing. It panics for parameters that Check would
// refuse in a stored hash: they are constants of the program.
func NewHasher(o Options) *Hasher {
	params := o.Params.orDefault()
	if err := params.check(); err != nil {
		panic("password: parameters out of bounds")
	}
	if o.Lanes < 1 {
		o.Lanes = runtime.GOMAXPROCS(0)
	}
	if o.Queue < 1 {
		o.Queue = 64
	}
	if o.Wait <= 0 {
		o.Wait = 5 * time.Second
	}
	return &Hasher{
		params: params,
		lanes:  make(chan struct{}, o.Lanes),
		queue:  int64(o.Queue),
		wait:   o.Wait,
		before: o.Before,
		// Random bytes are as good as a hash of nobody's password, and take no time at start.
		nobody:            phc{params, secret.Random(saltLength), secret.Random(keyLength)},
		testingOnlyDerive: o.derive(),
	}
}

// derive returns what sees each computation; nil: nothing does.
func (o Options) derive() func(password, salt []byte, p Params) {
	if o.TestingOnlyDerived == nil {
		return nil
	}
	return func(_, _ []byte, p Params) { o.TestingOnlyDerived(p) }
}

// Hash returns what to store for a password. The fault is overloaded when too many wait; the
// error is ErrUnusable for a password that Judge would have refused as no text or too long.
func (h *Hasher) Hash(ctx context.Context, given secret.Text) (store.PasswordHash, error) {
	normal, err := normalise(given)
	if err != nil {
		return "", ErrUnusable
	}
	made := phc{h.params, secret.Random(saltLength), make([]byte, keyLength)}
	if made.key, err = h.derive(ctx, normal, made); err != nil {
		return "", err
	}
	return store.PasswordHash(made.String()), nil
}

// Check reports whether the given password is the one that was stored, and, if so, whether its
// hash should be made again because our parameters have risen. An empty hash belongs to a
// user without a password: as CheckNothing. What no password can be (not UTF-8, too long) is
// wrong, without work and whoever the user is, so that it tells nothing either.
// The fault is overloaded when too many wait.
func (h *Hasher) Check(ctx context.Context, hash store.PasswordHash, given secret.Text) (ok, rehash bool, err error) {
	if hash == "" {
		return false, false, h.CheckNothing(ctx, given)
	}
	stored, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	ok, err = h.compare(ctx, stored, given)
	return ok, ok && stored.params.weakerThan(h.params), err
}

// CheckNothing does the work of Check for a user that does not exist: the time taken must not
// tell. It returns an error where Check would.
func (h *Hasher) CheckNothing(ctx context.Context, given secret.Text) error {
	_, err := h.compare(ctx, h.nobody, given)
	return err
}

// compare is the one path for users and for nobody.
func (h *Hasher) compare(ctx context.Context, stored phc, given secret.Text) (bool, error) {
	normal, err := normalise(given)
	if err != nil {
		return false, nil // no password can be this one
	}
	key, err := h.derive(ctx, normal, stored)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, stored.key) == 1, nil
}

// derive computes a key as long as like's, with like's salt and parameters, in a lane.
func (h *Hasher) derive(ctx context.Context, normal string, like phc) ([]byte, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.lanes }()
	if h.before != nil {
		defer h.before()()
	}
	if h.testingOnlyDerive != nil {
		h.testingOnlyDerive([]byte(normal), like.salt, like.params)
	}
	p, length := like.params, uint32(len(like.key))
	return argon2.IDKey([]byte(normal), like.salt, p.Time, p.Memory, p.Threads, length), nil
}

// Ready returns the fault overloaded if the queue is full, so that callers can refuse a request
// before they do other work.
func (h *Hasher) Ready() error {
	if h.waiting.Load() >= h.queue {
		return overloaded(errQueueFull)
	}
	return nil
}

// errQueueFull is why most of a flood are turned away.
var errQueueFull = errors.New("the queue for hashing is full")

// enter takes a lane. Callers are served in the order in which they came: Go assigns a freed
// place in a channel to the sender that waits longest.
func (h *Hasher) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return overloaded(err)
	}
	select {
	case h.lanes <- struct{}{}:
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > h.queue {
		return overloaded(errQueueFull)
	}
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.lanes <- struct{}{}:
	case <-timer.C:
		return overloaded(errors.New("waited too long for hashing"))
	case <-ctx.Done():
		return overloaded(ctx.Err())
	}
	if err := ctx.Err(); err != nil { // both were ready
		<-h.lanes
		return overloaded(err)
	}
	return nil
}

// overloaded is the answer to a caller that got no lane.
func overloaded(cause error) error { return fault.New(fault.Overloaded).Because(cause) }
