package feed

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// verifier is a service of its own: it has its own connections, keys and memory
type verifier struct {
	*verify.Verifier
	guarded http.Handler // behind a route that refuses while endings may be unknown

	mu    sync.Mutex // guards what follows
	from  time.Time  // since when it hears nothing; zero: it was never silenced
	until time.Time  // when it hears again
}

// verifier starts one that follows the feed of any node.
func (c *cluster) verifier(ctx context.Context) (*verifier, error) {
	v := &verifier{}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := c.dial(ctx)
		if err != nil {
			return nil, err
		}
		return &wire{Conn: conn, cluster: c, verifier: v}, nil
	}}
	var err error
	v.Verifier, err = verify.New(ctx, verify.Config{
		Issuer: issuer, Audience: issuer, HTTPClient: &http.Client{Transport: transport},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	v.guarded = v.RequireFunc(
		func(http.ResponseWriter, *http.Request) {}, verify.MaxStaleness(staleness, verify.Refuse),
	)
	return v, nil
}

// ask makes a request to a guarded route, and returns the status.
func (v *verifier) ask(token string) int {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	v.guarded.ServeHTTP(w, r)
	return w.Code
}

// silence lets it hear nothing for so long.
func (v *verifier) silence(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.from = time.Now()
	v.until = v.from.Add(d)
}

// catchUpTime is how long a verifier that hears again may take to catch up.
const catchUpTime = 6 * time.Second

// silent reports whether it hears nothing now, or has only just begun to again.
func (v *verifier) silent() bool { return v.wasSilent(time.Now()) }

// wasSilent reports whether it heard nothing of what ended at a time, or may have been catching up
// then.
func (v *verifier) wasSilent(at time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.from.IsZero() && at.After(v.from.Add(-bound)) && at.Before(v.until.Add(catchUpTime))
}

// wait holds up whoever reads while it hears nothing.
func (v *verifier) wait() {
	v.mu.Lock()
	until := v.until
	v.mu.Unlock()
	time.Sleep(time.Until(until))
}

// wire is a verifier's connection to a node
type wire struct {
	net.Conn
	cluster  *cluster
	verifier *verifier
}

// errTruncated is what a connection that was cut says.
var errTruncated = errors.New("truncated by the trial")

// Read reads, unless the verifier hears nothing. One piece in a hundred comes cut short, and the
// connection ends with it.
func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.verifier.wait()
	if n > 1 && w.cluster.disconnecting.Load() && rand.IntN(100) == 0 {
		_ = w.Conn.Close()
		return n / 2, errTruncated
	}
	return n, err
}
