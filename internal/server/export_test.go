package server

import (
	"context"
	"net/http"
)

// Ops gives what answers whoever runs the server.
func (s *Server) Ops() http.Handler { return s.opsHandler() }

// CompareClocks does at once what happens every few seconds in the background.
func (s *Server) CompareClocks(ctx context.Context) error { return s.clock.compare(ctx) }

// Calm is calm.
const Calm = calm

// Processors is processors.
type Processors struct{ p processors }

// Lend is lend.
func (p *Processors) Lend() (after func()) { return p.p.lend() }
