package verify

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/handstamp/handstamp/internal/revoked"
)

// Verifier checks the access tokens of one issuer for one audience. It never changes its mind about
// configuration, and all its methods may be called at once from everywhere.
type Verifier struct {
	config  Config // with defaults
	issuer  *url.URL
	keys    keyFinder
	revoked *revoked.Set // nil: tokens end by time alone
	origins *http.CrossOriginProtection
	cookies []string // names of the access cookie, the safest first
	watch   *watcher
	clock   *clock
	table   *table // nil: nothing is remembered
	headers headers
	bad     *throttle
	marker  *marker

	refusals refusals
	metrics  *Metrics
}

// New makes a verifier, or returns all mistakes in config at once. It does not wait for the network:
// while there are no keys, protected routes answer 503. What runs in the background
// takes values from ctx but outlives it; Close ends it.
func New(ctx context.Context, config Config) (*Verifier, error) {
	config = config.withDefaults()
	mistakes := config.check()
	if len(mistakes) > 0 {
		return nil, mistaken(mistakes)
	}
	v := &Verifier{config: config, origins: http.NewCrossOriginProtection(), metrics: newMetrics()}
	v.clock = newClock(config.Now)
	v.table = newTable(config.CacheBytes, v.metrics)
	v.bad = newThrottle(v.clock, config.Logger)
	v.marker = newMarker()
	v.refusals = newRefusals(config.Audience)
	v.issuer, _ = url.Parse(config.Issuer) // checked above
	v.cookies = cookieNames(v.issuer)
	for _, origin := range config.TrustedOrigins {
		_ = v.origins.AddTrustedOrigin(origin) // checked above
	}
	if public, err := url.Parse(config.PublicURL); err == nil && config.PublicURL != "" {
		_ = v.origins.AddTrustedOrigin(public.Scheme + "://" + public.Host) // our own, whatever Host says
	}
	keys, err := config.Keys.open(context.WithoutCancel(ctx), v)
	if err != nil {
		return nil, mistaken([]error{err})
	}
	v.keys = keys
	v.watch = newWatcher(v.revoked, v.clock)
	return v, nil
}

// mistaken joins mistakes into the one error that New returns
func mistaken(mistakes []error) error {
	return errors.Join(append([]error{errors.New("verify: the configuration is not usable")}, mistakes...)...)
}

// Close ends what runs in the background. Sessions that are being watched are Done.
func (v *Verifier) Close() {
	v.keys.close()
	v.watch.close()
}
