package verify

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/origin"
	"github.com/handstamp/handstamp/verify/internal/feed"
	"github.com/handstamp/handstamp/verify/internal/keyset"
)

// Config says whose tokens are good here. Issuer and Audience are required; everything else has a
// good zero value.
type Config struct {
	// Issuer is the server whose tokens are accepted, exactly as its tokens spell it.
	//
	//	"https://auth.example.com"      // permitted
	//	"https://example.com/auth"      // permitted
	//	"http://localhost:8787"         // permitted: loopback
	//	"http://auth.example.com"       // prohibited: anyone on the way could sign
	//	"auth.example.com"              // prohibited: no scheme
	Issuer string

	// Audience is this service's own name: tokens that do not list it are for somebody else
	// (RFC 9068 §4).
	Audience string

	// Keys is where the issuer's keys come from: JWKS, StaticJWKS or HMAC. Nil finds them by the
	// issuer's metadata.
	Keys KeySource

	// ServiceKey opens the issuer's feed of what ended early, so that an ended session is refused
	// here within a second: one from handstamp service create. Empty means that there is no feed,
	// and that tokens are good until they expire; but an issuer on loopback is asked for its feed
	// without a key, unless Keys needs no network.
	ServiceKey string

	// TrustedOrigins may send requests that change something and carry the access cookie, although
	// they are other origins than this service: "https://app.example.com". Exact; no wildcards.
	// Empty trusts this service's own origin alone.
	TrustedOrigins []string

	// PublicURL is where browsers reach this service, for the way back from signing in:
	// "https://example.com/app". Empty takes the request's Host, and https when the issuer has it.
	// It is needed only behind a proxy that rewrites the host or cuts a path prefix off: without
	// it, the origin of this service's own pages is not the one that Host says, and what they send
	// is refused.
	PublicURL string

	// NoRedirect answers 401 to a browser that opens a page without a session, instead of sending
	// it to the issuer's /session/renew.
	NoRedirect bool

	// Leeway is how far the clocks may differ. Zero means 30 s; more than 60 s is refused.
	Leeway time.Duration

	// MaxKeyAge is how long keys are used while the issuer cannot be reached. Zero means 24 h.
	// Afterwards every token is refused with 503.
	MaxKeyAge time.Duration

	// CacheBytes bounds the memory for tokens that were verified, which are not checked again until
	// they expire; one of 600 characters takes 0.9 KB. Zero means 64 MiB. Negative means none:
	// every signature is checked each time.
	CacheBytes int64

	// ClientAddress says where a request comes from, for counting bad tokens. Nil takes its
	// RemoteAddr. It is needed only behind a proxy, whose address all requests have else; take the
	// address from where that proxy writes it, and from nothing that a client can write.
	ClientAddress func(*http.Request) netip.Addr

	// Now is the clock that tokens are judged by. Nil means time.Now.
	Now func() time.Time

	// HTTPClient fetches keys, and does all else that needs the network. Nil means the usual one,
	// but with HTTP/1.1 alone for the feed. Fetching keys is limited to 5 s, its Timeout if that is
	// less, and to redirects on the same host.
	HTTPClient *http.Client

	// Logger hears of keys that cannot be had, of a feed that cannot be followed, and of addresses
	// that send too many bad tokens (warnings, at most one a minute each), and of each refusal but
	// those (debug): its code and a fingerprint of the token, never the token. Nil means
	// slog.Default.
	Logger *slog.Logger
}

// What a zero Config means, and how far it may be stretched.
const (
	defaultLeeway    = 30 * time.Second
	maxLeeway        = 60 * time.Second
	defaultMaxKeyAge = 24 * time.Hour
	defaultCache     = 64 << 20
)

// withDefaults fills in what is left empty
func (c Config) withDefaults() Config {
	if c.Keys == nil {
		c.Keys = discovered{}
	}
	if c.Leeway == 0 {
		c.Leeway = defaultLeeway
	}
	if c.MaxKeyAge == 0 {
		c.MaxKeyAge = defaultMaxKeyAge
	}
	if c.CacheBytes == 0 {
		c.CacheBytes = defaultCache
	}
	if c.ClientAddress == nil {
		c.ClientAddress = clientAddress
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// check returns every mistake in c
func (c Config) check() []error {
	var mistakes []error
	note := func(field string, err error) {
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", field, err))
		}
	}
	note("Config.Issuer", checkIssuer(c.Issuer))
	note("Config.Audience", checkAudience(c.Audience))
	note("Config.ServiceKey", feed.CheckServiceKey(c.ServiceKey))
	if _, ours := c.Keys.(memory); ours && c.ServiceKey != "" {
		note("Config.ServiceKey", errors.New("the issuer's own memory needs none"))
	}
	if c.PublicURL != "" {
		note("Config.PublicURL", checkIssuer(c.PublicURL))
	}
	for _, trusted := range c.TrustedOrigins {
		note("Config.TrustedOrigins", checkOrigin(trusted))
	}
	if c.Leeway < 0 || c.Leeway > maxLeeway {
		note("Config.Leeway", fmt.Errorf("%v is not between 0 and %v", c.Leeway, maxLeeway))
	}
	if c.MaxKeyAge < 0 {
		note("Config.MaxKeyAge", fmt.Errorf("%v is negative", c.MaxKeyAge))
	}
	return mistakes
}

// checkOrigin takes an origin as browsers write it: any other spelling would never be met
func checkOrigin(text string) error {
	if err := new(http.CrossOriginProtection).AddTrustedOrigin(text); err != nil {
		return err
	}
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	if written := origin.Of(u.Scheme, u.Host); u.User != nil || written != text {
		return fmt.Errorf("%q is not how browsers write it, which is %q", text, written)
	}
	return nil
}

// checkAudience refuses what no token should be made out to
func checkAudience(audience string) error {
	if audience == "" {
		return errors.New("required: the name of this service, as tokens list it")
	}
	if strings.ContainsFunc(audience, func(c rune) bool { return c <= ' ' || c == '"' || c == '\\' || c >= 0x7F }) {
		return fmt.Errorf("%q holds a blank, a quote or a character beyond ASCII", audience)
	}
	return nil
}

// checkIssuer takes https anywhere and http on loopback, without anything after the path
// (RFC 8414 §2)
func checkIssuer(issuer string) error {
	if issuer == "" {
		return errors.New("required: the URL of the issuer")
	}
	u, err := url.Parse(issuer)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a URL", issuer)
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q does not begin with https://", issuer)
	case u.Hostname() == "":
		return fmt.Errorf("%q names no host", issuer)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#"):
		return fmt.Errorf("%q has more than scheme, host and path", issuer)
	}
	return keyset.CheckScheme(u)
}
