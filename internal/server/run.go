package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// How often things happen in the background, and how long things may take.
const (
	followEvery   = 250 * time.Millisecond // read what other processes have ended: docs/protocol.md §6
	maintainEvery = 5 * time.Second        // read, rotate and drop signing keys
	revokeEvery   = 500 * time.Millisecond // look for service keys that were revoked elsewhere
	noteEvery     = time.Minute            // keep when service keys were used
	sweepEvery    = time.Minute            // drop rows that nobody needs
	sweepLimit    = 500                    // rows of each kind at once, so that nobody waits for a sweep
	keepEnded     = 30 * 24 * time.Hour    // an ended session's reason can be told for so long

	drainTime = 10 * time.Second // for requests under way when the server stops
)

// Listeners are where a server answers.
type Listeners struct {
	Public net.Listener
	Ops    net.Listener // nil: none
}

// Listen opens the addresses of the settings.
func (s *Server) Listen() (Listeners, error) {
	public, err := listen(s.config.Listen)
	if err != nil {
		return Listeners{}, err
	}
	if s.config.OpsListen == "" {
		return Listeners{Public: public}, nil
	}
	ops, err := listen(s.config.OpsListen)
	if err != nil {
		public.Close()
		return Listeners{}, err
	}
	return Listeners{public, ops}, nil
}

// Claim makes this process a server of the database, for as long as it runs or until Close.
// The fault is database_in_use when there is another, and the engine has room for one.
func (s *Server) Claim() (err error) {
	s.release, err = claimEngine(s.config.Database)
	return err
}

// Serve answers until ctx ends, then lets the requests under way finish. It returns nil
// after an orderly end.
func (s *Server) Serve(ctx context.Context, l Listeners) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var working sync.WaitGroup
	defer working.Wait()
	defer stop()
	working.Go(func() { s.Work(background) })

	public := s.Front()
	failed := make(chan error, 2)
	go func() { failed <- public.Serve(l.Public) }()
	ops := s.httpServer(s.opsHandler())
	if l.Ops != nil {
		go func() { failed <- ops.Serve(l.Ops) }()
	}
	select {
	case err := <-failed:
		public.Close()
		ops.Close()
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	drain, cancel := context.WithTimeout(background, drainTime)
	defer cancel()
	s.EndStreams()
	err := public.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		s.options.Log.Warn("stopped with requests under way", "after", drainTime.String())
		err = public.Close()
	}
	return errors.Join(err, ops.Close())
}

// Front makes the server for the public listener.
func (s *Server) Front() Front { return Front{s.httpServer(s)} }

// httpServer sets the bounds that keep slow and greedy clients off. standards RL-15
func (s *Server) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       s.config.IdleTimeout,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
}

// Work does what happens in the background, until ctx ends: an embedding program calls it
// beside its own server.
func (s *Server) Work(ctx context.Context) {
	var all sync.WaitGroup
	report := s.reporter()
	all.Go(func() { s.ended.Follow(ctx, followEvery, report) })
	all.Go(func() { every(ctx, compareEvery, report, func() error { return s.clock.compare(ctx) }) })
	all.Go(func() { every(ctx, maintainEvery, report, func() error { return s.Keys.Maintain(ctx, s.now()) }) })
	all.Go(func() { every(ctx, revokeEvery, report, func() error { return s.Services.CloseRevoked(ctx) }) })
	all.Go(func() { every(ctx, noteEvery, report, func() error { return s.Services.NoteUses(ctx) }) })
	if engine, ok := s.engine.(store.Notifier); ok {
		all.Go(func() { engine.Notify(ctx, s.ended.Wake, report) })
	}
	all.Go(func() { every(ctx, sweepEvery, report, func() error { return s.sweep(ctx) }) })
	all.Wait()
}

// maintainOnRevocation looks at the signing keys as soon as one of them was revoked, by whichever
// node or command, and before anyone is told: what it would sign from now on would be refused, and
// who is told asks for the next key. Without success it is tried again with the next Maintain.
func (s *Server) maintainOnRevocation(ctx context.Context) {
	if !s.Keys.HoldsAny(s.ended.Revoked()) {
		return
	}
	if err := s.Keys.Maintain(ctx, s.now()); err != nil && ctx.Err() == nil {
		s.options.Log.Warn("a signing key was revoked, and the next cannot be read yet", "error", err)
	}
}

// every does something at an interval until ctx ends.
func every(ctx context.Context, interval time.Duration, report func(error), do func() error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := do(); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
	}
}

// reporter logs background errors, one in ten seconds: a database that is away fails four
// times a second.
func (s *Server) reporter() func(error) {
	var mu sync.Mutex // guards last
	var last time.Time
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(last) >= 10*time.Second {
			last = now
			s.options.Log.Error("background work failed; it goes on trying", "error", err)
		}
	}
}

// sweep drops old rows a batch at a time, until there are none left.
func (s *Server) sweep(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := s.store.Sweep(ctx, store.Sweeping{Keep: keepEnded, Limit: sweepLimit}, s.now())
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}
