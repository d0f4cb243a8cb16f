// Package config reads the settings, checks them and explains them. It is the one place that knows
// what a variable of the environment means. Each setting is described once, in settings.go; its
// flag, its variable, its key in the file and its line in docs/config.md are made from that.
package config

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/handstamp/handstamp/internal/secret"
)

// Config is every setting, checked: what Load returns can be run.
type Config struct {
	Listen         string // host:port of the public listener, where no host means all addresses, or unix:path
	OpsListen      string // of the operations listener, likewise; empty: there is none
	PublicURL      PublicURL
	Database       Database
	MasterKeyFile  string      // the path of the master key; empty: MasterKey holds it
	MasterKey      secret.Text // empty: it is in MasterKeyFile
	AuditFile      string      // where commands keep what they did
	Signup         Signup
	AccessTTL      time.Duration // of access tokens; whole seconds
	SigningAlg     string        // ES256, EdDSA or RS256
	Session        Session
	AllowedOrigins []string       // exact; nil: none but our own
	Audience       string         // never empty
	TrustedProxies []netip.Prefix // nil: nobody
	CookieDomain   string         // empty: cookies stay on our own host
	LogLevel       slog.Level
	LogFormat      string        // auto, text or json
	IdleTimeout    time.Duration // of connections without requests; whole seconds

	databaseFile string // holds the value of database; empty: it was given itself, or is the default

	from map[string]string // setting → where its value comes from; "default" is not listed
}

// Session is how long sessions live and how forgiving they are.
type Session struct {
	Preset   string // standard, aal2 or aal3
	Limits          // of the preset
	Grace    time.Duration
	Recovery Recovery // never empty
}

// Signup says who may become a user.
type Signup string

// The ways to sign up.
const (
	SignupOpen   Signup = "open"   // anybody
	SignupClosed Signup = "closed" // nobody; users are made by an administrator
)

// Recovery says how long a client that lost an answer may still come back with the token
// that it has. protocol.md §4
type Recovery string

// The ways to recover. Empty means as the preset says.
const (
	RecoverySession Recovery = "session" // as long as the session lives
	RecoveryOff     Recovery = "off"     // within grace only
)

// Sources is where settings come from, the strongest first.
type Sources struct {
	Given   map[string]string // setting → value, from the program itself; lists with commas; nil: none
	Flags   *pflag.FlagSet    // parsed, with what AddFlags added; nil: none
	Environ []string          // as os.Environ returns it; nil: none
	File    string            // path of the TOML file; empty: the flag or the variable may name one
}

// Load reads the settings and checks them. Its error is always Mistakes: all there are.
func Load(src Sources) (*Config, error) {
	r := &reader{given: map[string]value{}}
	r.readAll(src)
	return r.finish()
}

// finish makes the Config of what was read, or returns all that is wrong with it.
func (r *reader) finish() (*Config, error) {
	c := &Config{from: map[string]string{}}
	for _, s := range settings {
		r.apply(c, s)
	}
	r.resolve(c)
	if len(r.mistakes) > 0 {
		return nil, r.mistakes
	}
	return c, nil
}

// apply sets one setting to what was given, or else to its default.
func (r *reader) apply(c *Config, s setting) {
	v, given := r.given[s.name]
	if !given {
		if s.fallback == "" {
			return
		}
		v = value{texts: s.split(s.fallback), source: "default"}
	} else {
		c.from[s.name] = v.source
	}
	texts := make([]string, len(v.texts))
	for i, text := range v.texts { // the newline at the end of a file, and of what a shell makes of one
		texts[i] = strings.TrimSpace(text)
	}
	if err := s.take(c, texts); err != nil {
		r.mistake(s.name, v.source, err)
	}
}
