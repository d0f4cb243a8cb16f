package verify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// TestNewRefuses lists configurations that would be open, or never work (JV-27).
func TestNewRefuses(t *testing.T) {
	private := `{"keys":[{"kid":"k","alg":"ES256","kty":"EC","crv":"P-256","d":"AA","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`
	for _, test := range []struct {
		name   string
		change func(c *verify.Config)
		want   string
	}{
		{"no issuer", func(c *verify.Config) { c.Issuer = "" }, "Config.Issuer: required"},
		{"no audience", func(c *verify.Config) { c.Audience = "" }, "Config.Audience: required"},
		{"an audience with a blank", func(c *verify.Config) { c.Audience = "a b" }, "Config.Audience"},
		{"an audience with a line end", func(c *verify.Config) { c.Audience = "a\nb" }, "Config.Audience"},
		{"an issuer without scheme", func(c *verify.Config) { c.Issuer = "auth.example.com" }, "https://"},
		{"an issuer by http", func(c *verify.Config) { c.Issuer = "http://auth.example.com" }, "must be https"},
		{"an issuer by ftp", func(c *verify.Config) { c.Issuer = "ftp://auth.example.com" }, "https://"},
		{"an issuer that only looks like loopback", func(c *verify.Config) { c.Issuer = "http://localhost.example.com" }, "must be https"},
		{"an issuer with a query", func(c *verify.Config) { c.Issuer += "?a=b" }, "more than"},
		{"an issuer with a fragment", func(c *verify.Config) { c.Issuer += "#a" }, "more than"},
		{"an issuer with a password", func(c *verify.Config) { c.Issuer = "https://a:b@example.com" }, "more than"},
		{"an issuer without host", func(c *verify.Config) { c.Issuer = "https:///auth" }, "no host"},
		{"an issuer that is no URL", func(c *verify.Config) { c.Issuer = "https://[::1" }, "not a URL"},
		{"a public URL by http", func(c *verify.Config) { c.PublicURL = "http://app.example.com" }, "Config.PublicURL"},
		{"a trusted origin with a path", func(c *verify.Config) { c.TrustedOrigins = []string{"https://a.example/x"} },
			"Config.TrustedOrigins"},
		{"a trusted pattern", func(c *verify.Config) { c.TrustedOrigins = []string{"a.example"} },
			"Config.TrustedOrigins"},
		{"a leeway of hours", func(c *verify.Config) { c.Leeway = time.Hour }, "Config.Leeway"},
		{"a leeway below zero", func(c *verify.Config) { c.Leeway = -1 }, "Config.Leeway"},
		{"a key age below zero", func(c *verify.Config) { c.MaxKeyAge = -1 }, "Config.MaxKeyAge"},
		{"keys by http", func(c *verify.Config) { c.Keys = verify.JWKS("http://auth.example.com/jwks.json") }, "must be https"},
		{"keys by http from loopback", func(c *verify.Config) { c.Keys = verify.JWKS("http://localhost/jwks.json") }, "must be https"},
		{"keys from a file", func(c *verify.Config) { c.Keys = verify.JWKS("file:///etc/jwks.json") }, "key set"},
		{"keys from nowhere", func(c *verify.Config) { c.Keys = verify.JWKS("") }, "key set"},
		{"a key set that is none", func(c *verify.Config) { c.Keys = verify.StaticJWKS(nil) }, "Config.Keys"},
		{"an empty key set", func(c *verify.Config) { c.Keys = verify.StaticJWKS([]byte(`{"keys":[]}`)) }, "empty"},
		{"a private key", func(c *verify.Config) { c.Keys = verify.StaticJWKS([]byte(private)) }, "secret member"},
		{"a shared key among public ones", func(c *verify.Config) {
			c.Keys = verify.StaticJWKS([]byte(`{"keys":[{"kid":"k","alg":"HS256","kty":"oct","k":"AAAA"}]}`))
		}, "secret member"},
		{"no secret", func(c *verify.Config) { c.Keys = verify.HMAC(nil) }, "32 bytes"},
		{"a short secret", func(c *verify.Config) { c.Keys = verify.HMAC([]byte("changeme")) }, "32 bytes"},
		{"a known secret",
			func(c *verify.Config) { c.Keys = verify.HMAC([]byte("a-string-secret-at-least-256-bits-long")) },
			"words"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := testConfig()
			test.change(&c)
			v, err := verify.New(context.Background(), c)
			if err == nil {
				v.Close()
				t.Fatal("New: no error, want one")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("New = %q, want something of %q", err, test.want)
			}
		})
	}
}

// TestNewReportsAll names every mistake at once.
func TestNewReportsAll(t *testing.T) {
	_, err := verify.New(
		context.Background(),
		verify.Config{Leeway: time.Hour, MaxKeyAge: -1, PublicURL: "x", TrustedOrigins: []string{"y"}},
	)
	if err == nil {
		t.Fatal("New: no error, want one")
	}
	for _, field := range []string{"Issuer", "Audience", "Leeway", "MaxKeyAge", "PublicURL", "TrustedOrigins"} {
		if !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("New = %q says nothing of %s", err, field)
		}
	}
}

// TestNewAccepts lists issuers that are unusual and good.
func TestNewAccepts(t *testing.T) {
	for _, issuer := range []string{
		"https://auth.example.com", "https://auth.example.com/", "https://example.com/auth", "https://example.com:8443",
		"http://localhost:8787", "http://127.0.0.1:8787", "http://127.8.8.8", "http://[::1]:8787", "http://app.localhost",
	} {
		c := testConfig()
		c.Issuer = issuer
		v, err := verify.New(context.Background(), c)
		if err != nil {
			t.Errorf("New with issuer %q = %v, want no error", issuer, err)
			continue
		}
		v.Close()
		v.Close() // closing twice is harmless
	}
}

// TestConfigDoesNotPrint looks for the secret in every way to print a configuration.
func TestConfigDoesNotPrint(t *testing.T) {
	const secret = "0cd11f7a39b54fa2a1ad2f9f0e8b6f64"
	c := testConfig()
	c.Keys = verify.HMAC([]byte(secret))
	v := mustNew(t, c)
	in := struct {
		c verify.Config
		v *verify.Verifier
	}{c, v}
	numbers := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, what := range []any{c, &c, c.Keys, v, in} {
			got := fmt.Sprintf(verb, what)
			for _, form := range []string{secret, fmt.Sprintf("%x", secret), numbers} {
				if strings.Contains(got, form) {
					t.Errorf("Sprintf(%q, %T) holds the secret", verb, what)
				}
			}
		}
	}
}

// TestStatus lists the keys, and no more.
func TestStatus(t *testing.T) {
	s := mustNew(t, testConfig()).Status()
	want := []string{signingKeys()[jose.ES256].ID(), signingKeys()[jose.EdDSA].ID(), signingKeys()[jose.RS256].ID()}
	if fmt.Sprint(s.KeyIDs) != fmt.Sprint(want) || s.Issuer != issuer || !s.KeysFetched.IsZero() || s.KeysError != nil {
		t.Errorf("Status = %+v, want keys %v", s, want)
	}
}
