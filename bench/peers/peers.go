// Package peers sets up every library that we are measured beside, and ourselves, each in one file
// and behind one interface: the same issuer, the same audience, an expiry that must be there, and
// one algorithm.
//
// Each is set up as its own documentation advises for production, with up to 30 s of leeway where
// it has any. Where a library leaves one of these four checks to its caller, the caller's line is
// written here, and Setup says so. Nothing beyond them is added on a library's behalf.
package peers

import (
	"errors"
	"time"

	"github.com/handstamp/handstamp/bench"
	"github.com/handstamp/handstamp/bench/mint"
)

// Verifier accepts a token, or says why not. It may be used from several goroutines.
type Verifier interface {
	Verify(token string) error
}

// Peer is one library.
type Peer struct {
	Name   string // as tables call it
	Module string
	Setup  string // how it is set up here, for a reader to judge; Markdown
	New    func(mint.Trust) (Verifier, error)
}

// ErrUnsupported is what New returns for an algorithm that the library does not check.
var ErrUnsupported = errors.New("the library has no such algorithm")

// leeway is how far clocks may differ, for libraries that can be told
const leeway = 30 * time.Second

// What a caller says on behalf of a library that leaves a check of the four to it.
var (
	errIssuer   = errors.New("another issuer")
	errAudience = errors.New("another audience")
	errExpiry   = errors.New("no expiry, or it has passed")
)

// Ours is this project's verifier.
func Ours() Peer { return handstamp }

// GolangJWT is the library that most programs use.
func GolangJWT() Peer { return golangJWT }

// Others is every other library.
func Others() []Peer {
	return []Peer{golangJWT, jwx, goJOSE, cristalhq, kataras, pascaldekloe, goOIDC, jwtauth, auth0}
}

// All is ours and every other.
func All() []Peer { return append([]Peer{Ours()}, Others()...) }

// Version is the library's version; for ours, the tree that this is run in.
func (p Peer) Version() string {
	if p.Module == handstamp.Module {
		return "this tree"
	}
	return bench.Version(p.Module)
}

// Custom is what an application reads of a token beside the registered claims, for libraries
// that decode into a struct of the caller's.
type Custom struct {
	ClientID string   `json:"client_id"`
	Session  string   `json:"sid"`
	Scope    string   `json:"scope"`
	Roles    []string `json:"roles"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
}
