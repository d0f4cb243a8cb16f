package config_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/config"
)

// TestParsePublicURL takes URLs apart. What is refused, and how, is in the golden file.
func TestParsePublicURL(t *testing.T) {
	tests := []struct {
		text, origin, path, host, hostname string
		https                              bool
	}{
		{"https://id.example.com", "https://id.example.com", "", "id.example.com", "id.example.com", true},
		{"https://example.com/auth", "https://example.com", "/auth", "example.com", "example.com", true},
		{"https://example.com:8443/a/b-c_d.e~f", "https://example.com:8443", "/a/b-c_d.e~f", "example.com:8443",
			"example.com", true},
		{"https://192.0.2.7", "https://192.0.2.7", "", "192.0.2.7", "192.0.2.7", true},
		{"https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", "", "[2001:db8::1]:8443", "2001:db8::1", true},
		{"https://xn--bcher-kva.example", "https://xn--bcher-kva.example", "", "xn--bcher-kva.example",
			"xn--bcher-kva.example", true},
		{"http://localhost:8787", "http://localhost:8787", "", "localhost:8787", "localhost", false},
		{"http://localhost", "http://localhost", "", "localhost", "localhost", false},
		{"http://id.localhost:8787/auth", "http://id.localhost:8787", "/auth", "id.localhost:8787", "id.localhost",
			false},
		{"http://127.0.0.1:8787", "http://127.0.0.1:8787", "", "127.0.0.1:8787", "127.0.0.1", false},
		{"http://127.8.9.10", "http://127.8.9.10", "", "127.8.9.10", "127.8.9.10", false},
		{"http://[::1]:8787", "http://[::1]:8787", "", "[::1]:8787", "::1", false},
	}
	for _, test := range tests {
		u, err := config.ParsePublicURL(test.text)
		if err != nil {
			t.Errorf("ParsePublicURL(%q) = %v, want no mistake", test.text, err)
			continue
		}
		if u.String() != test.text || u.Origin() != test.origin || u.Path() != test.path || u.Host() != test.host ||
			u.Hostname() != test.hostname || u.IsHTTPS() != test.https {
			t.Errorf("ParsePublicURL(%q) = %q, origin %q, path %q, host %q, name %q, https %v, want %+v",
				test.text, u, u.Origin(), u.Path(), u.Host(), u.Hostname(), u.IsHTTPS(), test)
		}
	}
	if got := (config.PublicURL{}).String(); got != "" {
		t.Errorf("zero PublicURL = %q, want nothing", got)
	}
}

// TestAppOrigins takes origins of apps as their shells send them.
func TestAppOrigins(t *testing.T) {
	for _, origin := range []string{
		"capacitor://localhost", "ionic://localhost", "tauri://localhost", "http://tauri.localhost", "https://localhost",
		"app://bundle", "app://.", "app://localhost:8080", "com.example.app://bundle",
		"chrome-extension://abcdefghijklmnopabcdefghijklmnop",
	} {
		c, err := config.Load(config.Sources{Given: map[string]string{"allowed_origins": origin}})
		if err != nil || len(c.AllowedOrigins) != 1 || c.AllowedOrigins[0] != origin {
			t.Errorf("allowed_origins = %s: %v, want it taken", origin, err)
		}
	}
}

// FuzzParsePublicURL holds it to its promise: what it accepts, it returns unchanged.
func FuzzParsePublicURL(f *testing.F) {
	for _, seed := range []string{"https://id.example.com", "http://127.1", "https://a@b", "https://a:443",
		"https://[::1]/x", "http://localhost\\@evil.example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if u, err := config.ParsePublicURL(text); err == nil && u.String() != text {
			t.Errorf("ParsePublicURL(%q).String() = %q", text, u)
		}
	})
}
