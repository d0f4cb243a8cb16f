// Package handstamp puts the whole server inside your own program: one handler that signs
// people in, and middleware that protects everything else. What verifies runs in memory, and
// an ended session is refused at once.
//
//	auth, err := handstamp.Open(ctx, handstamp.Config{
//		PublicURL: "https://example.com/auth",
//		Database:  "sqlite:data/handstamp.db",
//	})
//	if err != nil {
//		return err
//	}
//	defer auth.Close()
//	mux.Handle("/auth/", auth)
//	mux.Handle("/", auth.Require(app))
//
// The handler expects to be mounted under the path of PublicURL, unstripped. Services in
// other programs use package verify.
package handstamp

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/verify"
)

// Config says where the server is reached and where it keeps what it knows. PublicURL is
// required; everything else has a good zero value.
type Config struct {
	// PublicURL is where browsers reach the handler.
	//
	//	"https://example.com/auth"   // permitted
	//	"http://localhost:8080/auth" // permitted: loopback
	//	"http://example.com/auth"    // prohibited: passwords in clear
	PublicURL string

	// Database is "sqlite:" and a path, or a URL of PostgreSQL,
	// "postgres://user:password@host/database", which any number of programs may share. Empty means
	// "sqlite:handstamp.db".
	Database string

	// MasterKeyFile is made with mode 0600 when it and the database are new. Empty means
	// "handstamp.key".
	MasterKeyFile string

	// Signup is "open" or "closed". Empty means "open".
	Signup string

	// AccessTTL is how long an access token is good, 1 to 15 minutes. Zero means 10 minutes.
	AccessTTL time.Duration

	// SharedSecret, at least 32 random bytes, signs access tokens with HS256 instead of keys of the
	// server's own. It is for one program that signs and verifies: no other program can verify such
	// a token without being able to make it. Words are refused, and so is an empty one that is not
	// nil. Nil: ES256, or as Settings say.
	SharedSecret []byte

	// AllowedOrigins are other origins that may use the server with credentials; those of apps in a
	// shell, such as capacitor://localhost, with tokens alone. Nil: none.
	AllowedOrigins []string

	// Settings are any others by their names in docs/config.md, such as "signing_alg". Nil: none.
	Settings map[string]string

	// Logger gets what was decided, one line each, and no secret. Nil means slog.Default().
	Logger *slog.Logger
}

// Auth is a running server. It is an http.Handler for everything under PublicURL.
type Auth struct {
	server   *server.Server
	verifier *verify.Verifier
	stop     context.CancelFunc
	working  sync.WaitGroup
}

// Open opens the database, makes what is new, and begins the work in the background. ctx
// bounds the opening alone; Close ends the rest. The error lists every mistake in c at once.
func Open(ctx context.Context, c Config) (*Auth, error) {
	settings, err := config.Load(config.Sources{Given: c.given()})
	if err != nil {
		return nil, err
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	s, err := server.Open(ctx, settings, server.Options{Log: c.Logger, SharedSecret: c.SharedSecret})
	if err != nil {
		return nil, err
	}
	if err := s.Claim(); err != nil {
		s.Close()
		return nil, err
	}
	v, err := verify.New(ctx, s.Verification())
	if err != nil {
		s.Close()
		return nil, err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	a := &Auth{server: s, verifier: v, stop: stop}
	a.working.Go(func() { s.Work(background) })
	return a, nil
}

// given turns the fields that are set into settings by name.
func (c Config) given() map[string]string {
	all := map[string]string{}
	for name, value := range c.Settings {
		all[name] = value
	}
	fields := map[string]string{
		"public_url": c.PublicURL, "database": c.Database, "master_key_file": c.MasterKeyFile,
		"signup": c.Signup, "allowed_origins": strings.Join(c.AllowedOrigins, ","),
	}
	if c.AccessTTL != 0 {
		fields["access_ttl"] = c.AccessTTL.String()
	}
	for name, value := range fields {
		if value != "" {
			all[name] = value
		}
	}
	return all
}

// ServeHTTP answers everything under PublicURL.
func (a *Auth) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.server.ServeHTTP(w, r) }

// Require lets only those in who are signed in and meet every demand; see verify.Require. h
// finds the session with verify.FromContext. An ended session is refused at once.
func (a *Auth) Require(h http.Handler, demands ...verify.Demand) http.Handler {
	return a.verifier.Require(h, demands...)
}

// Optional lets anonymous requests in too; see verify.Optional.
func (a *Auth) Optional(h http.Handler) http.Handler { return a.verifier.Optional(h) }

// Verifier checks tokens that do not come by HTTP.
func (a *Auth) Verifier() *verify.Verifier { return a.verifier }

// EndStreams ends the streams of the revocation feed, which services in other programs read, and
// which would hold up an orderly stop for ever: give it to http.Server.RegisterOnShutdown. The
// services go on when the server is back.
func (a *Auth) EndStreams() { a.server.EndStreams() }

// Close stops the background work and lets go of the database. Call it when no request is
// under way any more.
func (a *Auth) Close() error {
	a.stop()
	a.working.Wait()
	a.verifier.Close()
	return a.server.Close()
}
