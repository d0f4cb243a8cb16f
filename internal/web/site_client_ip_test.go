package web_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/logtest"
)

// TestClientIP believes what trusted proxies say of where a request came from, from the
// nearest hop outwards and no further than the first that is not one, and nobody else.
func TestClientIP(t *testing.T) {
	const proxies = "127.0.0.0/8,::1/128,10.0.0.0/8,fd00::/8"
	const unknown = "invalid IP"
	long := strings.Repeat("a", 5000)
	tests := []struct {
		name, trusted string
		forwarded     []string
		want          string
	}{
		{"no header", proxies, nil, "127.0.0.1"},
		{"one hop", proxies, []string{"198.51.100.7"}, "198.51.100.7"},
		{"two hops, the inner trusted", proxies, []string{"198.51.100.7, 10.1.2.3"}, "198.51.100.7"},
		{"two headers", proxies, []string{"198.51.100.7", "10.1.2.3"}, "198.51.100.7"},
		{"client made up a hop", proxies, []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		{"client made up a trusted hop", proxies, []string{"203.0.113.9, 198.51.100.7, 10.1.2.3"}, "198.51.100.7"},
		{"all trusted", proxies, []string{"10.9.9.9, 10.1.2.3"}, "10.9.9.9"},
		{"nobody is trusted", "", []string{"198.51.100.7"}, "127.0.0.1"},
		{"others are trusted", "10.0.0.0/8", []string{"198.51.100.7"}, "127.0.0.1"},
		{"IPv6", proxies, []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv4 in IPv6", proxies, []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"trusted IPv4 in IPv6", proxies, []string{"198.51.100.7, ::ffff:10.1.2.3"}, "198.51.100.7"},
		{"zone", proxies, []string{"fe80::1%eth0"}, "fe80::1"},
		{"zone that is no zone", proxies, []string{`fe80::1%<script>`}, "fe80::1"},
		{"zone without an end", proxies, []string{"fe80::1%" + long}, "fe80::1"},
		{"trusted, with a zone", proxies, []string{"198.51.100.7, fd00::1%eth0"}, "198.51.100.7"},
		{"with a port", proxies, []string{"198.51.100.7:51234"}, "198.51.100.7"},
		{"with a port, beyond a trusted hop with one", proxies, []string{"198.51.100.7:51234, 10.1.2.3:443"},
			"198.51.100.7"},
		{"IPv6 with a port", proxies, []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"IPv6 in brackets", proxies, []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"in quotes", proxies, []string{`"198.51.100.7"`}, "198.51.100.7"},
		{"IPv6 with a port, in quotes", proxies, []string{`"[2001:db8::7]:443"`}, "2001:db8::7"},
		{"IPv4 in IPv6 in brackets", proxies, []string{"[::ffff:198.51.100.7]:443"}, "198.51.100.7"},
		{"a hidden port", proxies, []string{`"198.51.100.7:_port"`}, "198.51.100.7"},
		{"white space", proxies, []string{"\t198.51.100.7\t ,\t10.1.2.3 "}, "198.51.100.7"},
		{"empty hops", proxies, []string{", ,"}, "127.0.0.1"},
		{"empty hops beside a good one", proxies, []string{",198.51.100.7, ,"}, "198.51.100.7"},
		{"not known", proxies, []string{"unknown"}, unknown},
		{"not known beyond a trusted hop", proxies, []string{"203.0.113.9, unknown, 10.1.2.3"}, unknown},
		{"hidden", proxies, []string{"_secret:_port"}, unknown},
		{"rubbish", proxies, []string{"rubbish"}, unknown},
		{"rubbish beyond a good hop", proxies, []string{"rubbish, 198.51.100.7"}, "198.51.100.7"},
		{"rubbish beyond a trusted hop", proxies, []string{"203.0.113.9, rubbish, 10.1.2.3"}, unknown},
		{"leading zeros", proxies, []string{"198.051.100.7"}, unknown},
		{"no port after the colon", proxies, []string{"198.51.100.7:"}, unknown},
		{"a port too large", proxies, []string{"198.51.100.7:65536"}, unknown},
		{"IPv4 in brackets", proxies, []string{"[198.51.100.7]"}, unknown},
		{"an open bracket", proxies, []string{"[2001:db8::7"}, unknown},
		{"an open quote", proxies, []string{`"198.51.100.7`}, unknown},
		{"rubbish of one who is not trusted", "10.0.0.0/8", []string{"rubbish"}, "127.0.0.1"},
		{"a great many", proxies, []string{strings.Repeat("198.51.100.7,", 500) + "203.0.113.9"}, "203.0.113.9"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := handstamptest.Start(t,
				handstamptest.Options{Settings: map[string]string{"trusted_proxies": tt.trusted}})
			s.MustUser("ada@example.com")
			p := s.Program("curl")
			p.Header["X-Forwarded-For"] = tt.forwarded
			in := p.SignIn("ada@example.com")
			if got := s.Session(in.Text("session.id")).CreatedBy.IP.String(); got != tt.want {
				t.Errorf("X-Forwarded-For %.80q from 127.0.0.1 = %.80s, want %s", tt.forwarded, got, tt.want)
			}
		})
	}
}

// TestUnreadableClientIP says once that a trusted proxy sends what cannot be read, quotes nothing
// of it, and says nothing where the proxy itself does not know.
func TestUnreadableClientIP(t *testing.T) {
	var seen logtest.Log
	s := handstamptest.Start(t, handstamptest.Options{Log: &seen})
	p := s.Program("curl")
	say := func(forwarded string) {
		p.Header.Set("X-Forwarded-For", forwarded)
		p.Do("GET", "/.well-known/jwks.json", "").Want(200)
	}
	const line = `"level":"ERROR","msg":"the address of a client cannot be read from X-Forwarded-For`
	say("unknown")
	say("198.51.100.7:443")
	say("rubbish, 198.51.100.7")
	if log := seen.String(); strings.Contains(log, line) {
		t.Errorf("the log has an error about what can be read:\n%s", log)
	}
	say("rubbish\x80" + strings.Repeat("a", 5000))
	say("more rubbish")
	log := seen.String()
	if n := strings.Count(log, line); n != 1 || strings.Contains(log, "rubbish") {
		t.Errorf("the log has %d errors about an address, want one that quotes nothing:\n%s", n, log)
	}
}

// TestForwardedElsewhere believes no other header about the client, the host or the scheme.
func TestForwardedElsewhere(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	p := s.Program("curl")
	for _, name := range []string{"X-Real-Ip", "Forwarded", "Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip",
		"X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-Url", "X-Rewrite-Url"} {
		p.Header.Set(name, "203.0.113.9")
	}
	p.Header.Set("Forwarded", "for=203.0.113.9;host=evil.example;proto=https")
	in := p.SignIn("ada@example.com")
	if got := s.Session(in.Text("session.id")).CreatedBy.IP.String(); got != "127.0.0.1" {
		t.Errorf("the client's address = %s, want the peer's", got)
	}
	got := p.Do("GET", "/.well-known/oauth-authorization-server", "").Want(200)
	if got.Text("issuer") != s.URL || strings.Contains(got.Body, "203.0.113.9") || strings.Contains(got.Body, "evil") {
		t.Errorf("metadata = %s, want it about %s alone", got.Body, s.URL)
	}
}
