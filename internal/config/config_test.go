package config_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/secret"
)

// someKey is a master key as the first start makes it. It opens nothing.
var someKey = secret.NewMaster().Text().Reveal()

// mustFlags parses a command line.
func mustFlags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("handstamp", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatalf("Parse(%q) = %v", args, err)
	}
	return flags
}

// mustWrite writes a settings file and returns its path.
func mustWrite(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "handstamp.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mustLoad loads or ends the test.
func mustLoad(t *testing.T, src config.Sources) *config.Config {
	t.Helper()
	c, err := config.Load(src)
	if err != nil {
		t.Fatalf("Load = %v, want no mistake", err)
	}
	return c
}

// TestDefaults loads nothing at all: the server runs on this machine alone.
func TestDefaults(t *testing.T) {
	c := mustLoad(t, config.Sources{})
	got := map[string]any{
		"listen": c.Listen, "ops": c.OpsListen, "url": c.PublicURL.String(), "database": c.Database.String(),
		"key file": c.MasterKeyFile, "key": c.MasterKey.Reveal(), "signup": c.Signup, "ttl": c.AccessTTL,
		"preset": c.Session.Preset, "idle": c.Session.Idle, "absolute": c.Session.Absolute, "alg": c.SigningAlg,
		"browser": c.Session.BrowserIdle, "acr": c.Session.ACR,
		"grace": c.Session.Grace, "recovery": c.Session.Recovery, "origins": c.AllowedOrigins, "audience": c.Audience,
		"proxies": c.TrustedProxies[0].String() + " " + c.TrustedProxies[1].String(), "domain": c.CookieDomain,
		"level": c.LogLevel, "format": c.LogFormat, "idle timeout": c.IdleTimeout,
	}
	want := map[string]any{
		"listen": "127.0.0.1:8787", "ops": "127.0.0.1:8788", "url": "http://localhost:8787",
		"database": "sqlite:handstamp.db", "key file": "handstamp.key", "key": "", "alg": "ES256",
		"signup": config.SignupOpen, "ttl": 10 * time.Minute,
		"preset": "standard", "idle": 14 * 24 * time.Hour, "absolute": 30 * 24 * time.Hour,
		"browser": 24 * time.Hour, "acr": "aal1", "grace": 10 * time.Second, "recovery": config.RecoverySession,
		"origins": []string(nil), "audience": "http://localhost:8787", "proxies": "127.0.0.0/8 ::1/128",
		"domain": "", "level": slog.LevelInfo, "format": "auto", "idle timeout": 11 * time.Minute,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Load(nothing) (-want +got):\n%s", diff)
	}
}

// TestPrecedence sets one setting in every source, and takes the strongest away one by one.
func TestPrecedence(t *testing.T) {
	file := mustWrite(t, `listen = "127.0.0.1:1"`)
	src := config.Sources{
		Given:   map[string]string{"listen": "127.0.0.1:4"},
		Flags:   mustFlags(t, "--listen=127.0.0.1:3", "--config="+file),
		Environ: []string{"HANDSTAMP_LISTEN=127.0.0.1:2", "HANDSTAMP_CONFIG=/nowhere", "HOME=/root"},
	}
	for _, step := range []struct {
		want, source string
		then         func()
	}{
		{"127.0.0.1:4", "program", func() { src.Given = nil }},
		{"127.0.0.1:3", "flag --listen", func() { src.Flags = mustFlags(t, "--config="+file) }},
		{"127.0.0.1:2", "environment HANDSTAMP_LISTEN", func() { src.Environ = nil }},
		{"127.0.0.1:1", "file " + file, func() { src.Flags, src.Environ = nil, []string{"HANDSTAMP_CONFIG=" + file} }},
		{"127.0.0.1:1", "file " + file, func() { src.Environ, src.File = nil, file }},
		{"127.0.0.1:1", "file " + file, func() { src = config.Sources{} }},
		{"127.0.0.1:8787", "default", func() {}},
	} {
		c := mustLoad(t, src)
		got := valueOf(t, c, "listen")
		if got.Value != step.want || got.Source != step.source || c.Listen != step.want {
			t.Errorf("listen = %s from %s, want %s from %s", got.Value, got.Source, step.want, step.source)
		}
		step.then()
	}
}

// valueOf returns a setting in effect.
func valueOf(t *testing.T, c *config.Config, name string) config.Value {
	t.Helper()
	for _, v := range c.Values() {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("Values has no %s", name)
	return config.Value{}
}

// TestEverySource sets each setting in each way that it has, and sees it arrive.
func TestEverySource(t *testing.T) {
	values := map[string]string{ // setting → a good value that is not the default
		"public_url": "https://id.example.com/auth", "listen": ":9000", "ops_listen": "[::1]:9001",
		"database": "sqlite:/var/lib/x.db", "master_key_file": "/run/key", "master_key": someKey,
		"signup": "closed", "access_ttl": "2m", "signing_alg": "EdDSA", "audience": "https://api.example.com",
		"session.preset": "aal3", "session.grace": "0s", "session.recovery": "session",
		"allowed_origins": "https://a.example.com,http://localhost:3000",
		"trusted_proxies": "10.0.0.0/8,fd00::1/128",
		"idle_timeout":    "2m", "audit_file": "/var/log/a", "database_file": mustWrite(t, "sqlite:/var/lib/y.db\n"),
		"cookie.domain": "example.com", "log.level": "debug", "log.format": "text",
	}
	for _, names := range config.Names() {
		name, flag, variable := names[0], names[1], names[2]
		text := values[name]
		base := map[string]string{}
		if name == "cookie.domain" {
			base["public_url"] = "https://id.example.com"
		}
		ways := map[string]config.Sources{
			"environment": {Given: base, Environ: []string{variable + "=" + text}},
			"file":        {Given: base, File: mustWrite(t, tomlLine(name, text))},
		}
		if flag != "" {
			ways["flag"] = config.Sources{Given: base, Flags: mustFlags(t, "--"+flag, text)}
		}
		for way, src := range ways {
			want := text
			if name == "master_key" {
				want = "(secret)"
			}
			if got := valueOf(t, mustLoad(t, src), name); got.Value != want || !strings.HasPrefix(got.Source, way) {
				t.Errorf("%s by %s = %q from %q, want %q", name, way, got.Value, got.Source, want)
			}
		}
	}
}

// tomlLine writes a setting as a file has it.
func tomlLine(name, text string) string {
	if strings.Contains(text, ",") {
		return name + ` = ["` + strings.ReplaceAll(text, ",", `", "`) + `"]`
	}
	return name + ` = "` + text + `"`
}

// TestLists repeats a flag, and empties a list that has a default.
func TestLists(t *testing.T) {
	flags := mustFlags(t, "--trusted-proxies=10.0.0.1,10.0.0.2", "--trusted-proxies", "::ffff:10.0.0.3",
		"--listen=:1", "--listen=:2")
	c := mustLoad(t, config.Sources{Flags: flags})
	var want []netip.Prefix
	for _, text := range []string{"10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32"} {
		want = append(want, netip.MustParsePrefix(text))
	}
	same := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(want, c.TrustedProxies, same); diff != "" {
		t.Errorf("trusted_proxies (-want +got):\n%s", diff)
	}
	if c.Listen != ":2" {
		t.Errorf("listen given twice = %q, want the last", c.Listen)
	}
	if c := mustLoad(t, config.Sources{File: mustWrite(t, "trusted_proxies = []")}); len(c.TrustedProxies) != 0 {
		t.Errorf("trusted_proxies = [] gives %v, want nobody", c.TrustedProxies)
	}
	empty := []string{"HANDSTAMP_TRUSTED_PROXIES=", "HANDSTAMP_OPS_LISTEN="}
	if c := mustLoad(t, config.Sources{Environ: empty}); len(c.TrustedProxies) != 0 || c.OpsListen != "" {
		t.Errorf("empty variables give %v and %q, want nobody and nothing", c.TrustedProxies, c.OpsListen)
	}
}

// TestPresets looks at what follows from session.preset. protocol.md §1
func TestPresets(t *testing.T) {
	tests := []struct {
		preset                      string
		idle, absolute, browser, at time.Duration // at: the default life of an access token
		recovery                    config.Recovery
	}{
		{"standard", 14 * 24 * time.Hour, 30 * 24 * time.Hour, 24 * time.Hour, 10 * time.Minute,
			config.RecoverySession},
		{"aal2", time.Hour, 24 * time.Hour, time.Hour, 10 * time.Minute, config.RecoveryOff},
		{"aal3", 15 * time.Minute, 12 * time.Hour, 15 * time.Minute, 150 * time.Second, config.RecoveryOff},
	}
	for _, test := range tests {
		c := mustLoad(t, config.Sources{Environ: []string{"HANDSTAMP_SESSION_PRESET=" + test.preset}})
		s := c.Session
		if s.Idle != test.idle || s.Absolute != test.absolute || s.BrowserIdle != test.browser ||
			s.Recovery != test.recovery || c.AccessTTL != test.at {
			t.Errorf("%s = %+v with access tokens of %v, want %+v", test.preset, s, c.AccessTTL, test)
		}
	}
	given := map[string]string{"session.preset": "aal2", "session.recovery": "session"}
	set := mustLoad(t, config.Sources{Given: given})
	if set.Session.Recovery != config.RecoverySession {
		t.Errorf("aal2 with recovery set = %s, want session", set.Session.Recovery)
	}
}

// TestMasterKeyAlone takes the place of the file.
func TestMasterKeyAlone(t *testing.T) {
	c := mustLoad(t, config.Sources{Environ: []string{"HANDSTAMP_MASTER_KEY=" + someKey}})
	if c.MasterKey.Reveal() != someKey || c.MasterKeyFile != "" {
		t.Errorf("master_key = %v, file %q, want the key and no file", c.MasterKey, c.MasterKeyFile)
	}
}

// TestMistakesAreTold finds every mistake of every source at once, in one error of one type.
func TestMistakesAreTold(t *testing.T) {
	_, err := config.Load(config.Sources{
		File:    mustWrite(t, "signup = \"maybe\"\nmystery = 1\n"),
		Environ: []string{"HANDSTAMP_LISTEN=nowhere", "HANDSTAMP_SIGN_UP=open"},
		Flags:   mustFlags(t, "--access-ttl=1h"),
	})
	mistakes, ok := errors.AsType[config.Mistakes](err)
	if !ok {
		t.Fatalf("Load = %v, want Mistakes", err)
	}
	var got []string
	for _, m := range mistakes {
		got = append(got, m.Setting)
		if m.Source == "" || m.Wrong == "" {
			t.Errorf("mistake %+v lacks its source or what is wrong", m)
		}
	}
	want := []string{"mystery", "HANDSTAMP_SIGN_UP", "listen", "signup", "access_ttl"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Load told mistakes of (-want +got):\n%s", diff)
	}
}

// TestNothingShowsSecrets puts keys where they belong and where they do not, right and wrong,
// and reads everything that is printed.
func TestNothingShowsSecrets(t *testing.T) {
	const password = "hunter2hunter2"
	sources := map[string]config.Sources{
		"good":              {Environ: []string{"HANDSTAMP_MASTER_KEY=" + someKey}},
		"with file":         {Environ: []string{"HANDSTAMP_MASTER_KEY=" + someKey, "HANDSTAMP_MASTER_KEY_FILE=x"}},
		"cut short":         {Environ: []string{"HANDSTAMP_MASTER_KEY=" + someKey[:40]}},
		"without prefix":    {Environ: []string{"HANDSTAMP_MASTER_KEY=" + someKey[4:]}},
		"as a file":         {Flags: mustFlags(t, "--master-key-file", someKey)},
		"as a listener":     {Flags: mustFlags(t, "--listen", someKey)},
		"as a choice":       {Flags: mustFlags(t, "--signup", someKey)},
		"as a variable":     {Environ: []string{"HANDSTAMP_" + someKey + "=1"}},
		"as a key":          {File: mustWrite(t, `"`+someKey+`" = "x"`)},
		"not quoted":        {File: mustWrite(t, "master_key = "+someKey)},
		"not quoted either": {File: mustWrite(t, "master_key = 1"+someKey[4:])},
		"broken":            {File: mustWrite(t, "master_key = \"\"\"\n"+someKey+"\n")},
		"a list":            {File: mustWrite(t, `master_key = ["`+someKey+`"]`)},
		"good, postgres": {Flags: mustFlags(t,
			"--database=postgres://admin:"+password+"@db:5432,db2/x?sslmode=verify-full")},
		"postgres, broken":   {Flags: mustFlags(t, "--database=postgres://admin:%"+password+"@db/x")},
		"postgres, in query": {Flags: mustFlags(t, "--database=postgres://db/x?password="+password)},
		"postgres, spelled":  {Flags: mustFlags(t, "--database=postgres://db/x?sslpass%77ord="+password)},
		"postgres, no host":  {Flags: mustFlags(t, "--database=postgres:admin:"+password)},
		"mysql":              {Flags: mustFlags(t, "--database=mysql://admin:"+password+"@db/x")},
		"postgres, bare":     {File: mustWrite(t, "database = postgres://admin:"+password+"@db/x")},
		"public url":         {Flags: mustFlags(t, "--public-url=https://admin:"+password+"@id.example.com")},
		"origin":             {Flags: mustFlags(t, "--allowed-origins=https://admin:"+password+"@id.example.com")},
	}
	for name, src := range sources {
		c, err := config.Load(src)
		var shown strings.Builder
		if err != nil {
			shown.WriteString(err.Error())
		} else if err := c.Show(&shown); err != nil {
			t.Fatal(err)
		}
		for _, canary := range []string{someKey, someKey[4:40], password} {
			if strings.Contains(shown.String(), canary) {
				t.Errorf("%s: a secret is shown:\n%s", name, shown.String())
			}
		}
		if (err == nil) != strings.HasPrefix(name, "good") {
			t.Errorf("%s: Load = %v", name, err)
		}
	}
	if flags := mustFlags(t); flags.Lookup("master-key") != nil {
		t.Error("there is a flag for the master key, which every user of the machine could read")
	}
}
