package origin_test

import (
	"errors"
	"testing"

	"github.com/handstamp/handstamp/internal/origin"
)

// The origins of the tests.
const (
	own    = "https://auth.example.com"
	friend = "https://app.example.com"
	evil   = "https://evil.example"
)

// said is what a request says, and whether it is let in.
type said struct {
	name       string
	site, from []string // Sec-Fetch-Site and Origin; nil: not there
	good       bool
}

// one is a header with a value.
func one(value string) []string { return []string{value} }

// requests are what browsers send, and what none does.
var requests = []said{
	{"own page", one("same-origin"), one(own), true},
	{"own page, by GET's rules", one("same-origin"), nil, true},
	{"own page that passes no address on", one("same-origin"), one("null"), true},
	{"own page, before Fetch Metadata", nil, one(own), true},
	{"own page, Fetch Metadata blanked", one(""), one(own), true},
	{"typed", one("none"), nil, true},
	{"a form sent again after a restart", one("none"), one(own), true},
	{"trusted sibling", one("same-site"), one(friend), true},
	{"trusted on another site", one("cross-site"), one(friend), true},
	{"trusted, before Fetch Metadata", nil, one(friend), true},
	{"trusted that a proxy calls our own", one("same-origin"), one(friend), true},
	{"trusted extension", one("none"), one(friend), true},

	{"sibling", one("same-site"), one("https://www.example.com"), false},
	{"sibling without Origin", one("same-site"), nil, false},
	{"another site", one("cross-site"), one(evil), false},
	{"another site without Origin", one("cross-site"), nil, false},
	{"another site, before Fetch Metadata", nil, one(evil), false},
	{"sandboxed frame", one("cross-site"), one("null"), false},
	{"sandboxed frame, before Fetch Metadata", nil, one("null"), false},
	{"redirected through a sibling", one("same-site"), one("null"), false},

	{"our own, and yet another site", one("cross-site"), one(own), false},
	{"our own, and yet a sibling", one("same-site"), one(own), false},
	{"another, and yet our own", one("same-origin"), one(evil), false},
	{"another, and yet typed", one("none"), one(evil), false},
	{"our own in http", nil, one("http://auth.example.com"), false},
	{"our own in http, and yet our own", one("same-origin"), one("http://auth.example.com"), false},
	{"our own in another scheme", nil, one("ftp://auth.example.com"), false},
	{"our own, another port", nil, one(own + ":8443"), false},
	{"our own with its port", nil, one(own + ":443"), false},
	{"our own with a dot", nil, one(own + "."), false},
	{"our own with a slash", nil, one(own + "/"), false},
	{"our own with a path", nil, one(own + "/signin"), false},
	{"our own with a user", nil, one("https://x@auth.example.com"), false},
	{"our own in capitals", nil, one("https://AUTH.example.com"), false},
	{"our own without a scheme", nil, one("auth.example.com"), false},
	{"our own with white space", nil, one(own + " "), false},
	{"two in one header", nil, one(own + " " + evil), false},
	{"two in one header, with a comma", nil, one(own + ", " + evil), false},
	{"two Origins", nil, []string{own, evil}, false},
	{"two Origins, the second ours", nil, []string{evil, own}, false},
	{"our Origin twice", one("same-origin"), []string{own, own}, false},
	{"an empty Origin and ours", nil, []string{"", own}, false},
	{"two Sec-Fetch-Site", []string{"same-origin", "cross-site"}, one(own), false},
	{"Sec-Fetch-Site twice", []string{"same-origin", "same-origin"}, one(own), false},
	{"an empty Sec-Fetch-Site and another", []string{"", "cross-site"}, nil, false},
	{"Sec-Fetch-Site joined", one("same-origin, cross-site"), one(own), false},
	{"Sec-Fetch-Site in capitals", one("Same-Origin"), nil, false},
	{"Sec-Fetch-Site that nobody knows", one("same-planet"), one(friend), false},
}

// TestCheck lets in our own origin and those trusted by name, compared exactly, and refuses what
// contradicts itself. standards XO-01, XO-07
func TestCheck(t *testing.T) {
	for _, tt := range requests {
		t.Run(tt.name, func(t *testing.T) {
			headers := map[string][]string{}
			if tt.site != nil {
				headers["Sec-Fetch-Site"] = tt.site
			}
			if tt.from != nil {
				headers["Origin"] = tt.from
			}
			err := origin.Check(headers, []string{own}, []string{friend})
			if (err == nil) != tt.good || errors.Is(err, origin.ErrSilent) {
				t.Errorf("Check(%q) = %v, want good: %v", headers, err, tt.good)
			}
			if !origin.Says(headers) {
				t.Errorf("Says(%q) = false, want true", headers)
			}
		})
	}
}

// TestCheckSilent leaves a request that says nothing to whoever asks.
func TestCheckSilent(t *testing.T) {
	for _, headers := range []map[string][]string{nil, {"Origin": {""}}, {"Origin": {""}, "Sec-Fetch-Site": {""}}} {
		if err := origin.Check(headers, []string{own}, []string{friend}); !errors.Is(err, origin.ErrSilent) {
			t.Errorf("Check(%q) = %v, want ErrSilent", headers, err)
		}
		if origin.Says(headers) {
			t.Errorf("Says(%q) = true, want false", headers)
		}
	}
}

// TestSingle returns the one origin, and none of two.
func TestSingle(t *testing.T) {
	for want, values := range map[string][]string{own: {own}, "": {own, own}} {
		if got := origin.Single(map[string][]string{"Origin": values}); got != want {
			t.Errorf("Single(%q) = %q, want %q", values, got, want)
		}
	}
}

// TestOf writes origins as browsers do.
func TestOf(t *testing.T) {
	for _, tt := range []struct{ scheme, host, want string }{
		{"https", "auth.example.com", own},
		{"https", "Auth.Example.com:443", own},
		{"https", "auth.example.com:80", own + ":80"},
		{"http", "localhost:80", "http://localhost"},
		{"http", "localhost:8787", "http://localhost:8787"},
		{"https", "[::1]:443", "https://[::1]"},
		{"https", "auth.example.com.", own + "."},
	} {
		if got := origin.Of(tt.scheme, tt.host); got != tt.want {
			t.Errorf("Of(%s, %s) = %s, want %s", tt.scheme, tt.host, got, tt.want)
		}
	}
}
