package verify

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/handstamp/handstamp/internal/origin"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify/internal/cache"
	"github.com/handstamp/handstamp/verify/internal/clock"
	"github.com/handstamp/handstamp/verify/internal/feed"
	"github.com/handstamp/handstamp/verify/internal/keyset"
	"github.com/handstamp/handstamp/verify/internal/throttle"
)

// Verifier checks the access tokens of one issuer for one audience. It never changes its mind about
// configuration, and all its methods may be called at once from everywhere.
type Verifier struct {
	config  Config // with defaults
	issuer  *url.URL
	clock   *clock.Clock
	keys    *keyset.Keys
	cache   *cache.Cache // nil: nothing is remembered
	plain   policy       // of what demands nothing
	cookies []string     // names of the access cookie, the safest first
	public  string       // the origin of Config.PublicURL; empty: the request's Host says

	// What ended early.
	revoked *revoked.Set     // nil: tokens end by time alone
	feed    *feed.Feed       // fills revoked; nil: there is none
	memory  disconnector     // says whether revoked is cut off; nil: it never is, or feed says so
	service *feed.ServiceKey // nil: none
	caller  *http.Client     // for what needs it
	asker   *asker
	watch   *watcher

	// How refusals are answered, counted and logged.
	refusals refusals
	bad      *throttle.Throttle
	marker   *marker
	metrics  *Metrics
}

// New makes a verifier, or returns all mistakes in config at once. It does not wait for the
// network: while there are no keys, protected routes answer 503. What runs in the background takes
// values from ctx but outlives it; Close ends it.
func New(ctx context.Context, config Config) (*Verifier, error) {
	config = config.withDefaults()
	mistakes := config.check()
	if len(mistakes) > 0 {
		return nil, mistaken(mistakes)
	}
	v := &Verifier{
		config:  config,
		metrics: newMetrics(),
		plain:   newPolicy(nil),
	}
	v.clock = clock.New(config.Now)
	v.cache = cache.New(config.CacheBytes, v.clock)
	v.metrics.cache = v.cache
	v.bad = throttle.New(v.clock, string(CodeTooManyBadTokens), config.Logger)
	v.marker = newMarker()
	v.refusals = newRefusals(config.Audience)
	v.issuer, _ = url.Parse(config.Issuer) // checked above
	v.cookies = cookieNames(v.issuer)
	if public, err := url.Parse(config.PublicURL); err == nil && config.PublicURL != "" {
		v.public = origin.Of(public.Scheme, public.Host)
	}
	v.service, v.config.ServiceKey = feed.NewServiceKey(config.ServiceKey), ""
	v.caller = newCaller(config)
	v.asker = newAsker(v)
	ctx = context.WithoutCancel(ctx)
	keys, err := v.openKeys(ctx)
	if err != nil {
		return nil, mistaken([]error{err})
	}
	v.keys = keys
	v.listen(ctx)
	v.metrics.clock, v.metrics.feed = v.clock, v.feed
	v.watch = newWatcher(v.revoked, v.clock)
	return v, nil
}

// mistaken joins mistakes into the one error that New returns
func mistaken(mistakes []error) error {
	return errors.Join(append([]error{errors.New("verify: the configuration is not usable")}, mistakes...)...)
}

// Close ends what runs in the background. Sessions that are being watched are Done.
func (v *Verifier) Close() {
	v.keys.Close()
	if v.feed != nil {
		v.feed.Close()
	}
	if v.config.HTTPClient == nil {
		v.caller.CloseIdleConnections()
	}
	v.watch.close()
}
