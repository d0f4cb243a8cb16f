package peers

import (
	"strings"
	"sync"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
)

// PlainMap is golang-jwt behind a map of the tokens that were good, as anybody writes it who wants
// to check each once: no bound, no look at keys, and no look at what ended early.
var PlainMap = Peer{
	Name:   "golang-jwt behind a plain map",
	Module: golangJWT.Module,
	Setup:  "as golang-jwt, with a `map[string]*claims` under a `sync.RWMutex`",
	New: func(trust mint.Trust) (Verifier, error) {
		inner, err := golangJWT.New(trust)
		if err != nil {
			return nil, err
		}
		return &plainMap{inner: inner.(golangJWTVerifier), good: map[string]*golangJWTClaims{}}, nil
	},
}

// plainMap remembers claims by the whole token
type plainMap struct {
	inner golangJWTVerifier

	mu   sync.RWMutex // guards good
	good map[string]*golangJWTClaims
}

// Verify is as Verifier has it.
func (m *plainMap) Verify(token string) error {
	m.mu.RLock()
	claims := m.good[token]
	m.mu.RUnlock()
	if claims != nil && time.Now().Before(claims.ExpiresAt.Time) {
		return nil
	}
	claims, err := m.inner.parse(token)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.good[strings.Clone(token)] = claims
	return nil
}
