package server

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// How long an answer about readiness may take, and for how long one about writing is good.
const (
	readyTimeout = 2 * time.Second
	probeAge     = time.Second
)

// writeProber is an engine that can say whether anything can be written.
type writeProber interface {
	// ProbeWrite returns an error while nothing can be written.
	ProbeWrite(ctx context.Context) error
}

// probe asks the engine whether it can write, and not more often than once in probeAge: whoever
// asks for readiness must not be able to keep the disk busy.
type probe struct {
	mu   sync.Mutex // guards what follows, and is held while the engine is asked
	at   time.Time
	last error
}

// write returns the engine's answer.
func (p *probe) write(ctx context.Context, engine writeProber) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) > probeAge {
		// Whoever asks may go away, which is no answer for the next.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
		defer cancel()
		p.last = engine.ProbeWrite(ctx)
		p.at = time.Now()
	}
	return p.last
}

// opsHandler answers whoever runs the server: is it alive, is it ready.
func (s *Server) opsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if reason := s.unready(ctx); reason != "" {
			http.Error(w, reason, http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ok\n"))
	})
	return mux
}

// unready says why nobody should send requests here, or nothing.
func (s *Server) unready(ctx context.Context) string {
	if s.draining.Load() {
		return "this node is stopping"
	}
	if _, _, err := s.store.Head(ctx); err != nil {
		return "the database does not answer"
	}
	if !s.ended.Fresh() {
		return "this node does not follow the revocation log"
	}
	if off := s.clock.off(); off != "" {
		return off
	}
	if prober := s.prober(); prober != nil && s.probe.write(ctx, prober) != nil {
		return "the database takes no writes"
	}
	return ""
}

// prober returns what can say whether anything can be written, or nil.
func (s *Server) prober() writeProber {
	if prober, ok := s.store.(writeProber); ok { // what a test has put around the engine
		return prober
	}
	prober, _ := s.engine.(writeProber)
	return prober
}
