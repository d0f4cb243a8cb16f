package server

import (
	"context"
	"net/http"
	"os"
	"syscall"
)

// Ops returns what answers whoever runs the server.
func (s *Server) Ops() http.Handler { return s.opsHandler() }

// CompareClocks does at once what happens every few seconds in the background.
func (s *Server) CompareClocks(ctx context.Context) error { return s.clock.compare(ctx) }

// RestoreAfter is restoreAfter.
const RestoreAfter = restoreAfter

// Processors is processors.
type Processors struct{ p processors }

// Raise is raise.
func (p *Processors) Raise() (after func()) { return p.p.raise() }

// CheckSharedSecret is checkSharedSecret.
func CheckSharedSecret(secret []byte) error { return checkSharedSecret(secret) }

// WithoutHardLinks is a file system that has none, until back is called.
func WithoutHardLinks() (back func()) {
	hardLink = func(string, string) error { return syscall.EPERM }
	return func() { hardLink = os.Link }
}

// MadeOfWords is madeOfWords.
func MadeOfWords(text []byte) float64 { return madeOfWords(text) }
