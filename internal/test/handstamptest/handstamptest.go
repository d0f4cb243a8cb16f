// Package handstamptest starts a whole server inside a test, with people to act as:
// each has a cookie jar, a browser's or a program's manners, and a clock shared with the
// server.
package handstamptest

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/user"
)

// GoodPassword is one that every policy takes.
const GoodPassword = "violet teapots orbit quietly"

// Options change what Start returns.
type Options struct {
	Settings map[string]string             // over those of a test; nil: none
	Log      io.Writer                     // gets the whole log; nil: nowhere
	Wrap     func(store.Store) store.Store // puts something around the engine; nil: nothing
	Work     bool                          // what happens in the background does, at its usual intervals
}

// Server is a running server.
type Server struct {
	*server.Server
	URL   string // where requests of its people go: the public URL
	Local string // where it listens
	Clock *Clock
	store store.Store
	t     testing.TB
}

// Start runs a server on a free port until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	given := map[string]string{
		"public_url":      "http://" + strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1),
		"database":        "sqlite:" + filepath.Join(folder, "handstamp.db"),
		"master_key_file": filepath.Join(folder, "handstamp.key"),
	}
	maps.Copy(given, o.Settings)
	c, err := config.Load(config.Sources{Given: given})
	if err != nil {
		t.Fatal(err)
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	clock, kept := &Clock{}, store.Store(nil)
	s, err := server.Open(t.Context(), c, server.Options{
		Log: slog.New(slog.NewJSONHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: clock.Now,
		TestingOnlyParams: password.Params{Memory: 64, Time: 1, Threads: 1},
		TestingOnlyWrapped: func(engine store.Store) store.Store {
			if kept = engine; o.Wrap != nil {
				return o.Wrap(engine)
			}
			return engine
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	local := "http://" + strings.Replace(listener.Addr().String(), "127.0.0.1", "localhost", 1)
	started := &Server{s, given["public_url"], local, clock, kept, t}
	web := s.Front()
	var serving sync.WaitGroup
	serving.Go(func() { web.Serve(listener) })
	background, stop := context.WithCancel(context.Background())
	if o.Work {
		serving.Go(func() { s.Work(background) })
	}
	t.Cleanup(func() {
		stop()
		web.Close()
		serving.Wait()
		s.Close()
	})
	return started
}

// Clock is the server's, and a test may move it.
type Clock struct {
	mu    sync.Mutex // guards ahead
	ahead time.Duration
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Advance moves the clock on, or back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// MustUser makes a user with GoodPassword, whatever the sign-up mode, and returns the id.
func (s *Server) MustUser(email string) store.UserID {
	s.t.Helper()
	made, err := s.Users.Create(s.t.Context(), audit.Operator(),
		user.Fresh{Email: email, Password: secret.New(GoodPassword)})
	if err != nil {
		s.t.Fatal(err)
	}
	return made.User
}
