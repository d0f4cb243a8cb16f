// Package server builds everything, serves it, and stops it. It is the one place that names
// an engine and that knows all the parts.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/service"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/token"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/api"
	"github.com/handstamp/handstamp/internal/web/pages"
	"github.com/handstamp/handstamp/verify"
)

// Options are what a program or a test adds to the settings.
type Options struct {
	Log                *slog.Logger
	Now                func() time.Time // nil: time.Now
	SharedSecret       []byte           // signs with HS256 instead of keys of its own; nil: keys
	Beside             bool             // a command beside the server: it makes and drops no signing keys
	Alone              bool             // the server has the process for itself, and tunes the Go runtime
	TestingOnlyParams  password.Params  // cheaper password hashes; zero: the real cost
	TestingOnlyWrapped func(store.Store) store.Store
	TestingOnlyEngine  store.Store // open already; nil: the one that the settings name
}

// Server is all parts of one node, built and ready to serve.
type Server struct {
	Users    *user.Manager
	Sessions *session.Manager
	Keys     *keyring.Ring
	Services *service.Manager

	config   *config.Config
	options  Options
	store    store.Store
	engine   store.Store // the same, without what a test puts around it
	ended    *revocation.Log
	site     web.Site
	verifier *verify.Verifier
	surfaces []web.Surface
	handler  http.Handler
	clock    *clock
	release  func() error // gives up the claim; nil: none was made
	draining atomic.Bool  // the server stops, and finishes what is under way
	probe    probe
}

// Open opens the database, its keys and what has ended, and builds the rest. It makes the
// database, the master key's file and the first signing key where all is new.
func Open(ctx context.Context, c *config.Config, o Options) (_ *Server, err error) {
	if o.Beside && o.TestingOnlyEngine == nil {
		if err := WantDatabase(ctx, c.Database); err != nil {
			return nil, err
		}
	}
	engine := o.TestingOnlyEngine
	if engine == nil {
		if err := prepareNew(ctx, c, o.Log); err != nil {
			return nil, err
		}
		if engine, err = openEngine(ctx, c.Database); err != nil {
			return nil, err
		}
	}
	s := &Server{config: c, options: o, store: engine, engine: engine}
	if o.Alone {
		collectLessOften()
	}
	if o.TestingOnlyWrapped != nil {
		s.store = o.TestingOnlyWrapped(engine)
	}
	s.clock = newClock(o.Now, s.timekeeper(), o.Log)
	if err := s.clock.compare(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.build(ctx); err != nil {
		s.Close()
		return nil, err
	}
	warnAboutFiles(c, o.Log)
	return s, nil
}

// hashing says how passwords are hashed.
func (s *Server) hashing() password.Options {
	o := password.Options{Params: s.options.TestingOnlyParams}
	if s.options.Alone {
		o.Before = new(processors).raise
	}
	return o
}

// build makes the parts, from the store up.
func (s *Server) build(ctx context.Context) error {
	c, log := s.config, audit.New(s.options.Log)
	if s.options.Beside {
		if err := wantMasterCheck(ctx, s.store); err != nil {
			return err
		}
	}
	master, err := openMaster(ctx, s.store, c.MasterKey, c.MasterKeyFile, s.options.Log)
	if err != nil {
		return err
	}
	if s.Keys, err = s.openKeys(master, log); err != nil {
		return err
	}
	parts := revocation.Parts{Store: s.store, Logger: s.options.Log, Now: s.now}
	if !s.options.Beside {
		if err := s.Keys.Maintain(ctx, s.now()); err != nil {
			return err
		}
		parts.OnEntries = s.maintainOnRevocation
	}
	s.ended = revocation.New(parts)
	if err := s.ended.CatchUp(ctx); err != nil {
		return err
	}
	s.Users = user.New(user.Parts{
		Users: s.store, Changes: s.store, Metadata: s.store,
		Hasher:      password.NewHasher(s.hashing()),
		Policy:      password.Policy{Words: []string{"handstamp", c.PublicURL.Host()}},
		Revocations: s.ended, Log: log, Signup: c.Signup, SetupKey: master.Derive("setup link"), Now: s.now,
	})
	issue := token.Issue{Issuer: c.PublicURL.String(), Audience: c.Audience, Life: c.AccessTTL}
	s.Sessions = session.New(session.Parts{
		Store:   s.store,
		Access:  token.NewMinter(s.Keys, issue),
		Refresh: token.NewRefresher(master), Revocations: s.ended, Log: log, Limits: limits(c.Session), Now: s.now,
	})
	s.Services = service.New(service.Parts{
		Store: s.store, MACKey: master.Derive("service key check"), Log: log, Now: s.now,
	})
	return s.buildWeb(ctx, master)
}

// openKeys makes the ring: keys of our own, or the secret of the one program we are in.
func (s *Server) openKeys(master secret.Master, log *audit.Log) (*keyring.Ring, error) {
	if s.options.SharedSecret != nil {
		if err := checkSharedSecret(s.options.SharedSecret); err != nil {
			return nil, err
		}
		return keyring.OpenShared(s.options.SharedSecret)
	}
	return keyring.Open(s.store, master, jose.Algorithm(s.config.SigningAlg), log), nil
}

// limits turns the settings into what session writes on a row. A password alone is worth
// aal1, whatever the preset is meant for.
func limits(c config.Session) session.Limits {
	window := store.Window{Grace: c.Grace}
	if c.Recovery == config.RecoverySession {
		window.Recovery = store.RecoverWhileAlive
	}
	return session.Limits{Idle: c.Idle, BrowserIdle: c.BrowserIdle, Absolute: c.Absolute, ACR: "aal1", Window: window}
}

// buildWeb makes the verifier of our own routes and the surfaces behind the middleware.
func (s *Server) buildWeb(ctx context.Context, master secret.Master) (err error) {
	c := s.config
	site, err := web.NewSite(c.PublicURL.String(), c.AllowedOrigins, c.TrustedProxies)
	if err != nil {
		return err
	}
	site.Domain = c.CookieDomain
	s.site = site
	ours := s.Verification()
	ours.NoRedirect, ours.PublicURL = true, site.Origin
	if s.verifier, err = verify.New(ctx, ours); err != nil {
		return err
	}
	middleware := web.NewMiddleware(site, s.verifier, s.Services, s.options.Log)
	cookies := web.NewSessionCookies(middleware, s.Sessions)
	s.surfaces = append([]web.Surface{pages.Surface(pages.Parts{
		Site: site, Cookies: cookies, Users: s.Users, Sessions: s.Sessions,
		FormKey: master.Derive("forms"), Now: s.now,
	})}, api.Surfaces(api.Parts{
		Middleware: middleware, Site: site, Cookies: cookies, Users: s.Users, Sessions: s.Sessions, Keys: s.Keys,
		Ended: s.ended, Services: s.Services, Now: s.now,
	})...)
	s.handler, err = middleware.Handler(s.surfaces...)
	return err
}

// Database returns where the server keeps what it knows.
func (s *Server) Database() config.Database { return s.config.Database }

// Now returns the time that all nodes of the database share, in UTC.
func (s *Server) Now() time.Time { return s.now() }

// Routes returns every route that the server answers, with who may call it.
func (s *Server) Routes() []web.Route {
	var all []web.Route
	for _, surface := range s.surfaces {
		all = append(all, surface.Routes...)
	}
	return all
}

// memory is keys and what has ended, as the verifier of our own routes asks for them.
type memory struct {
	verify.KeySource // is looked into by what follows, and never asked
	keys             *keyring.Ring
	ended            *revocation.Log
}

// Verification is how this server's tokens are verified in this program: from the server's
// own memory, so that what has ended is refused at once.
func (s *Server) Verification() verify.Config {
	return verify.Config{
		Issuer: s.config.PublicURL.String(), Audience: s.config.Audience,
		TrustedOrigins: append([]string{s.site.Origin}, s.site.Allowed...), // ours, though a proxy rewrites Host
		Keys:           memory{keys: s.Keys, ended: s.ended},
		ClientAddress:  s.site.ClientIP, Now: s.clock.forVerifiers(), Logger: s.options.Log,
	}
}

// timekeeper returns whose clock ours is corrected to, or nil.
func (s *Server) timekeeper() store.Timekeeper {
	if keeper, ok := s.store.(store.Timekeeper); ok { // what a test has put around the engine
		return keeper
	}
	keeper, _ := s.engine.(store.Timekeeper)
	return keeper
}

// now returns the time, in UTC: the one that all nodes share.
func (s *Server) now() time.Time { return s.clock.now() }

// Keys returns the keys that may have signed.
func (m memory) Keys() *jose.KeySet { return m.keys.Keys() }

// Revoked returns what has ended.
func (m memory) Revoked() *revoked.Set { return m.ended.Revoked() }

// ServeHTTP answers under the public URL, prefix included.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// EndStreams ends the streams of the revocation feed, which would hold up an orderly stop for ever.
// Their readers go on with another node, or here when it is back.
func (s *Server) EndStreams() { s.ended.Stop() }

// Close lets go of everything. The server must not be serving any more.
func (s *Server) Close() error {
	if s.ended != nil {
		s.ended.Stop()
	}
	if s.verifier != nil {
		s.verifier.Close()
	}
	err := s.store.Close()
	if s.release != nil {
		err = errors.Join(err, s.release())
	}
	return err
}
