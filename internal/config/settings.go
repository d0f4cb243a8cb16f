package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/secret"
)

// The bounds of durations. protocol.md, the table of credentials, and §4
const (
	minAccessTTL = time.Minute
	maxAccessTTL = 15 * time.Minute
	maxGrace     = 30 * time.Second
	minIdle      = 10 * time.Second
	maxIdle      = time.Hour
)

// kind says in what way a setting is given.
type kind int

// The kinds of settings.
const (
	single kind = iota // one text
	list               // several, with commas between them; in the file an array
	hidden             // one text that is never shown, and has no flag
)

// setting describes one setting, once.
type setting struct {
	name      string // as in the file; dots make tables
	kind      kind
	fallback  string // the default, as one would give it; empty: none, or as otherwise says
	otherwise string // what is done without it, where that is no fixed value; empty: fallback
	values    string // what may be given
	say       string // what it is, in one sentence
	shape     string // what stands for a value in --help; the words themselves with | between them, where these are all
	optional  bool   // may be given as nothing, which then stands for otherwise, or for none
	access
}

// access reads a setting's texts into Config, and shows what is there.
type access struct {
	set  func(c *Config, texts []string) error
	show func(c *Config) string
}

// settings is every setting there is, in the order of docs/config.md.
var settings = []setting{
	{
		name: "public_url", shape: "URL", fallback: "http://localhost:8787",
		values: "an https URL without query and trailing slash, with or without a path; http on loopback only",
		say:    "Where people and services reach this server; it is the issuer of every token, exactly as written.",
		access: one(func(c *Config) *PublicURL { return &c.PublicURL }, readPublicURL),
	},
	{
		name: "listen", shape: "HOST:PORT", fallback: "127.0.0.1:8787",
		values: "host:port; no host means all addresses, port 0 any free one; or unix: and the path of a socket",
		say:    "The address that the server listens on; TLS may end in a proxy in front of it.",
		access: one(func(c *Config) *string { return &c.Listen }, readListen),
	},
	{
		name: "ops_listen", shape: "HOST:PORT", optional: true, fallback: "127.0.0.1:8788",
		values: "host:port, or unix: and the path of a socket; empty means none",
		say:    "The address for health checks, which are for you alone.",
		access: one(func(c *Config) *string { return &c.OpsListen }, readListen),
	},
	{
		name: "idle_timeout", shape: "TIME", fallback: "11m",
		values: "10s to 1h",
		say: "How long a connection without requests stays open; " +
			"a proxy in front must close its own sooner, or it answers 502 now and then.",
		access: one(func(c *Config) *time.Duration { return &c.IdleTimeout }, duration(minIdle, maxIdle)),
	},
	{
		name: "database", shape: "DATABASE", fallback: "sqlite:handstamp.db",
		values: "sqlite: and the path of a file, or postgres://user:password@host:port/database",
		say: "Where users, sessions and sealed keys are kept: a file for one server, or PostgreSQL for any number; " +
			"other users of the machine can read a password in a flag.",
		access: one(func(c *Config) *Database { return &c.Database }, readDatabase),
	},
	{
		name: "database_file", shape: "FILE", optional: true, otherwise: "none",
		values: "the path of a file",
		say:    "A file that holds the value of database, for places that mount secrets as files.",
		access: one(func(c *Config) *string { return &c.databaseFile }, readPath),
	},
	{
		name: "master_key_file", shape: "FILE", fallback: "handstamp.key",
		values: "the path of a file",
		say:    "The file with the master key; the first start on a new database makes it.",
		access: one(func(c *Config) *string { return &c.MasterKeyFile }, readPath),
	},
	{
		name: "master_key", kind: hidden, otherwise: "read from master_key_file",
		values: "hsm_ and 43 base64url characters",
		say:    "The master key itself, for places without files; it takes the place of master_key_file.",
		access: one(func(c *Config) *secret.Text { return &c.MasterKey }, readMasterKey),
	},
	{
		name: "audit_file", shape: "FILE", fallback: "handstamp-audit.log",
		values: "the path of a file",
		say: "The file in which commands such as user disable keep what they did, a line in JSON each; " +
			"the server's own acts are in its log.",
		access: one(func(c *Config) *string { return &c.AuditFile }, readPath),
	},
	{
		name: "signup", shape: "open|closed", fallback: "open",
		values: "open or closed",
		say:    "Whether anybody may sign up, or only an administrator makes users.",
		access: one(func(c *Config) *Signup { return &c.Signup }, choice(SignupOpen, SignupClosed)),
	},
	{
		name: "access_ttl", shape: "TIME", fallback: "10m", otherwise: "10m; with session.preset aal3 2m30s",
		values: "1m to 15m, and at most a sixth of the preset's idle limit",
		say: "How long an access token lives; " +
			"a service without the revocation feed accepts an ended session for as long.",
		access: one(func(c *Config) *time.Duration { return &c.AccessTTL }, duration(minAccessTTL, maxAccessTTL)),
	},
	{
		name: "signing_alg", shape: "ES256|EdDSA|RS256", fallback: "ES256",
		values: "ES256, EdDSA or RS256",
		say:    "The algorithm of new signing keys; older keys stay good until they retire.",
		access: one(func(c *Config) *string { return &c.SigningAlg }, choice("ES256", "EdDSA", "RS256")),
	},
	{
		name: "audience", shape: "TEXT", optional: true, otherwise: "public_url",
		values: "any text without spaces",
		say:    "What access tokens name as their audience, and services check.",
		access: one(func(c *Config) *string { return &c.Audience }, readAudience),
	},
	{
		name: "session.preset", shape: "standard|aal2|aal3", fallback: presetStandard,
		values: "standard (idle 14 days, at most 30 days), aal2 (1 hour, 24 hours) or aal3 (15 minutes, 12 hours)",
		say:    "How long sessions live: unused, and at most.",
		access: one(func(c *Config) *string { return &c.Session.Preset },
			choice(presetStandard, presetAAL2, presetAAL3)),
	},
	{
		name: "session.grace", shape: "TIME", fallback: "10s",
		values: "0s to 30s",
		say: "How long after a refresh the same refresh token, from the same place, " +
			"is answered with the same successor.",
		access: one(func(c *Config) *time.Duration { return &c.Session.Grace }, duration(0, maxGrace)),
	},
	{
		name: "session.recovery", shape: "session|off", optional: true,
		otherwise: "session; with session.preset aal2 and aal3 off",
		values:    "session or off",
		say: "Whether a client that lost the answer to a refresh may come back with its old token " +
			"as long as the session lives, or only within session.grace.",
		access: one(func(c *Config) *Recovery { return &c.Session.Recovery }, choice(RecoverySession, RecoveryOff)),
	},
	{
		name: "allowed_origins", shape: "ORIGIN,...", kind: list, otherwise: "none",
		values: "origins, such as https://app.example.com; of apps in a shell such as capacitor://localhost",
		say: "Other origins whose pages may use a person's session here, and that people may be sent back to; " +
			"apps in a shell, and pages of the person's own machine, sign in with tokens alone.",
		access: many(func(c *Config) *[]string { return &c.AllowedOrigins }, readOrigin),
	},
	{
		name: "trusted_proxies", shape: "NETWORK,...", kind: list, fallback: "127.0.0.0/8,::1/128",
		values: "addresses and networks, such as 10.0.0.0/8; empty means nobody",
		say:    "Peers whose forwarding headers are believed about where a request came from.",
		access: many(func(c *Config) *[]netip.Prefix { return &c.TrustedProxies }, readNetwork),
	},
	{
		name: "cookie.domain", shape: "DOMAIN", optional: true, otherwise: "cookies stay on the host of public_url",
		values: "the host of public_url or a parent domain of it; https only",
		say:    "The domain whose hosts all receive the access cookie; any of them can then also overwrite it.",
		access: one(func(c *Config) *string { return &c.CookieDomain }, readDomain),
	},
	{
		name: "log.level", shape: "debug|info|warn|error", fallback: "info",
		values: "debug, info, warn or error",
		say:    "The least important kind of line that is logged.",
		access: one(func(c *Config) *slog.Level { return &c.LogLevel }, readLevel),
	},
	{
		name: "log.format", shape: "auto|text|json", fallback: "auto",
		values: "text, json, or auto: text for people at a terminal, json everywhere else",
		say:    "How log lines are written.",
		access: one(func(c *Config) *string { return &c.LogFormat }, choice("auto", "text", "json")),
	},
}

// byName finds a setting, or nothing.
func byName(name string) (setting, bool) {
	for _, s := range settings {
		if s.name == name {
			return s, true
		}
	}
	return setting{}, false
}

// flag returns the name of the setting's flag, without dashes.
func (s setting) flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.name) }

// variable returns the name of the setting's environment variable.
func (s setting) variable() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.name, ".", "_"))
}

// take sets what was given. Several texts for a setting that is no list: the last counts.
func (s setting) take(c *Config, texts []string) error {
	if s.kind == list || texts[len(texts)-1] != "" {
		return s.set(c, texts)
	}
	if s.optional {
		return nil // as if there were no default either
	}
	return wrong("is empty", "set "+s.values+"; or leave the setting out")
}

// split takes one text apart where the setting is a list. Nothing is an empty list.
func (s setting) split(text string) []string {
	if s.kind != list {
		return []string{text}
	}
	var texts []string
	for piece := range strings.SplitSeq(text, ",") {
		if piece = strings.TrimSpace(piece); piece != "" {
			texts = append(texts, piece)
		}
	}
	return texts
}

// one makes the access to a setting with one value.
func one[T any](at func(*Config) *T, read func(string) (T, error)) access {
	return access{
		set: func(c *Config, texts []string) error {
			v, err := read(texts[len(texts)-1])
			if err == nil {
				*at(c) = v
			}
			return err
		},
		show: func(c *Config) string { return display(*at(c)) },
	}
}

// many makes the access to a list.
func many[T any](at func(*Config) *[]T, read func(string) (T, error)) access {
	return access{
		set: func(c *Config, texts []string) error {
			var all []T
			for i, text := range texts {
				v, err := read(text)
				if c, ok := errors.AsType[complaint](err); ok && len(texts) > 1 {
					return wrong(fmt.Sprintf("number %d of the list %s", i+1, c.wrong), c.do)
				}
				if err != nil {
					return err
				}
				all = append(all, v)
			}
			*at(c) = all
			return nil
		},
		show: func(c *Config) string {
			var shown []string
			for _, v := range *at(c) {
				shown = append(shown, display(v))
			}
			return strings.Join(shown, ",")
		},
	}
}
