// Package verifytest is an issuer for tests: it signs tokens, publishes keys, ends sessions and
// cuts verifiers off, all in memory, so that a handler behind verify is tested in four lines.
//
//	iss := verifytest.NewIssuer(t)
//	h := iss.Verifier(t).Require(handler, verify.Role("admin"))
//	w := httptest.NewRecorder()
//	h.ServeHTTP(w, iss.Request("GET", "/admin/", verifytest.User("ada"), verifytest.Role("admin")))
//
// Its tokens are made as the server makes them, down to the order of their members. It is
// for tests alone: everything about it is known to everyone.
package verifytest

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify"
)

// What an issuer is called, and whom its tokens are for.
const (
	DefaultIssuer   = "https://issuer.test"
	DefaultAudience = "https://service.test"
)

// Issuer signs tokens and publishes the keys for them. Its fields may be changed before its first
// use.
type Issuer struct {
	Issuer   string           // the URL its tokens name; DefaultIssuer from NewIssuer
	Audience string           // whom its tokens are for; DefaultAudience from NewIssuer
	Now      func() time.Time // its clock, and that of its verifiers; time.Now from NewIssuer

	t       testing.TB
	revoked *revoked.Set // what verifiers in memory have heard of
	ended   *revoked.Set // what ended

	mu      sync.Mutex         // guards all below
	keys    []*jose.PrivateKey // the newest first; it signs
	log     []revoked.Entry    // all that ended
	cut     bool               // nobody hears of what ends
	changed chan struct{}      // closed when log or cut changes, and replaced
}

// NewIssuer makes an issuer that nothing but the test knows of. It does not listen: verifiers made
// with its Config reach it in memory. See Serve for one that other programs can reach.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	iss := &Issuer{
		Issuer: DefaultIssuer, Audience: DefaultAudience, Now: time.Now,
		t: t, revoked: revoked.NewSet(), ended: revoked.NewSet(), changed: make(chan struct{}),
	}
	for _, set := range []*revoked.Set{iss.revoked, iss.ended} {
		if err := set.Merge(revoked.Snapshot{Epoch: epoch}); err != nil {
			t.Fatal(err)
		}
	}
	iss.RotateKeys()
	return iss
}

// Serve makes an issuer that listens on loopback until the test ends, and is called by its address.
func Serve(t testing.TB) *Issuer {
	t.Helper()
	iss := NewIssuer(t)
	server := httptest.NewServer(iss)
	t.Cleanup(func() {
		server.CloseClientConnections() // a stream ends when somebody ends it
		server.Close()
	})
	iss.Issuer = server.URL
	return iss
}

// Config returns a configuration that trusts iss, and hears of ended sessions at once.
func (iss *Issuer) Config() verify.Config {
	return verify.Config{
		Issuer:     iss.Issuer,
		Audience:   iss.Audience,
		Keys:       own{Issuer: iss},
		Now:        iss.Now,
		HTTPClient: iss.Client(),
	}
}

// own is the memory of an issuer, which verifiers in the same program look into.
type own struct {
	verify.KeySource
	*Issuer
}

// Verifier returns a verifier made with Config, which the end of the test closes.
func (iss *Issuer) Verifier(t testing.TB) *verify.Verifier {
	t.Helper()
	v, err := verify.New(context.Background(), iss.Config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// RotateKeys makes a new key, which signs from now on. Tokens of the keys before stay good.
func (iss *Issuer) RotateKeys() {
	iss.t.Helper()
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		iss.t.Fatal(err)
	}
	iss.mu.Lock()
	defer iss.mu.Unlock()
	iss.keys = append([]*jose.PrivateKey{key}, iss.keys...)
}

// WithdrawKeys makes a new key, and forgets all others: their tokens are no longer good.
func (iss *Issuer) WithdrawKeys() {
	iss.t.Helper()
	iss.RotateKeys()
	iss.mu.Lock()
	defer iss.mu.Unlock()
	iss.keys = iss.keys[:1]
}

// End ends the session with this sid: its tokens are refused from now on.
func (iss *Issuer) End(sid string) {
	iss.t.Helper()
	iss.end(revoked.Entry{Kind: revoked.Session, ID: sid})
}

// EndUser refuses every token of the user that was issued until now.
func (iss *Issuer) EndUser(sub string) {
	iss.t.Helper()
	iss.end(revoked.Entry{Kind: revoked.User, ID: sub, NotBefore: iss.Now().Unix()})
}

// Keys returns the issuer's keys.
func (iss *Issuer) Keys() *jose.KeySet {
	iss.mu.Lock()
	defer iss.mu.Unlock()
	keys := make([]*jose.Key, len(iss.keys))
	for i, key := range iss.keys {
		keys[i] = key.Public()
	}
	return jose.NewKeySet(keys...)
}

// Revoked returns what the issuer ended.
func (iss *Issuer) Revoked() *revoked.Set { return iss.revoked }

// ServeHTTP publishes metadata, keys and the revocation feed, and answers questions about tokens,
// as a server does. It asks for no service key.
func (iss *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v1/revocations":
		iss.serveSnapshot(w)
		return
	case "/v1/revocations/stream":
		iss.serveStream(w, r)
		return
	case "/oauth2/introspect":
		iss.serveIntrospection(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		o := jose.NewWriter(128)
		o.String("issuer", iss.Issuer)
		o.String("jwks_uri", iss.Issuer+"/.well-known/jwks.json")
		_, _ = w.Write(o.Close())
	case "/.well-known/jwks.json":
		_, _ = w.Write(iss.Keys().JSON())
	default:
		http.NotFound(w, r)
	}
}

// Client is an HTTP client for which iss is the whole world: every request is answered by
// ServeHTTP, in memory.
func (iss *Issuer) Client() *http.Client { return &http.Client{Transport: inMemory{iss}} }

// randomID is 16 random bytes in base64url, as sid and jti are
func randomID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails, by its contract
	return jose.EncodeBase64(b)
}
