package config

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/handstamp/handstamp/internal/secret"
)

// choice reads one of a few words, exactly.
func choice[T ~string](options ...T) func(string) (T, error) {
	words := make([]string, len(options))
	for i, option := range options {
		words[i] = string(option)
	}
	all := strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	return func(text string) (T, error) {
		for _, option := range options {
			if text == string(option) {
				return option, nil
			}
		}
		return "", wrong("is not "+all, cmp.Or(DidYouMean(text, words), "set one of these"))
	}
}

// duration reads a length of time in whole seconds, from least to most, both included.
func duration(least, most time.Duration) func(string) (time.Duration, error) {
	bounds := display(least) + " to " + display(most)
	return func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return 0, wrong("is not a length of time",
				"write a number and its unit, like 10m or 90s; "+bounds+" is allowed")
		case d < least || d > most:
			return 0, wrong(display(d)+" is out of bounds", "set "+bounds)
		case d%time.Second != 0:
			return 0, wrong(display(d)+" is not in whole seconds", "set "+bounds)
		}
		return d, nil
	}
}

// maxSocketPath is the longest path of a unix socket, in bytes: Linux has room for 108, others for
// 104.
const maxSocketPath = 100

// readListen reads host:port to listen on, or unix: and a path.
func readListen(text string) (string, error) {
	const hint = "write host:port, like 127.0.0.1:8787, or :8787 for all addresses"
	if path, isSocket := strings.CutPrefix(text, "unix:"); isSocket {
		if path == "" || strings.HasPrefix(path, "//") || len(path) > maxSocketPath {
			return "", wrong("names no good path for a socket",
				"write unix:/run/handstamp/handstamp.sock, at most 100 bytes")
		}
		return text, nil
	}
	if strings.Contains(text, "/") {
		return "", wrong("is not an address to listen on", hint+"; public_url is where the URL goes")
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", wrong("is not an address to listen on", hint)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "", wrong("has no good port", "write a number from 0 to 65535 after the last colon")
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && !isHostname(strings.ToLower(host)) {
		return "", wrong("has no good host", hint)
	}
	return text, nil
}

// readPath reads the path of a file.
func readPath(text string) (string, error) {
	if looksLikeKey(text) {
		return "", wrong("is a key, not the path of a file",
			"give the key itself as master_key, in the file or the environment; "+
				"take this one out of sight and make another if it was visible")
	}
	if strings.Contains(text, "://") { // of a database, with its password
		return "", wrong("is a URL, not the path of a file", "write the path; a URL of PostgreSQL is for database")
	}
	return text, nil
}

// looksLikeKey reports whether a text is a key rather than a path: with our prefix, or 32 bytes or
// more in the spellings that keys have. A path that begins with a slash is one.
func looksLikeKey(text string) bool {
	if strings.HasPrefix(text, "hsm_") {
		return true
	}
	if strings.HasPrefix(text, "/") || len(text) < 43 {
		return false
	}
	digits := strings.TrimRight(text, "=")
	return strings.Trim(digits, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/-_") == "" &&
		strings.ContainsAny(digits, "0123456789")
}

// readMasterKey reads the master key itself. No message quotes it.
func readMasterKey(text string) (secret.Text, error) {
	const hint = "give the key exactly as its file has it, from the backup where there is a database; " +
		"only for a new database, make one with: echo hsm_$(openssl rand -base64 32 | tr +/ -_ | tr -d =)"
	body, found := strings.CutPrefix(text, "hsm_")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	switch {
	case !found || err != nil || len(raw) != 32 || len(body) != 43:
		return secret.Text{}, wrong("is not hsm_ and 43 base64url characters, which make 32 bytes", hint)
	case guessable(raw):
		return secret.Text{}, wrong("is not random: somebody who tries a few keys would find it", hint)
	}
	key := secret.New(text)
	if _, err := secret.ParseMaster(key); err != nil { // the last word on what a master key is
		return secret.Text{}, wrong("is not random: somebody who tries a few keys would find it", hint)
	}
	return key, nil
}

// guessable reports whether 32 bytes were made up: typed text, or counting. Random bytes look
// like either less than once in 10^13 keys.
func guessable(raw []byte) bool {
	typed, even := true, true
	for i, b := range raw {
		typed = typed && b >= ' ' && b <= '~'
		even = even && (i == 0 || b-raw[i-1] == raw[1]-raw[0])
	}
	return typed || even
}

// readAudience reads an audience.
func readAudience(text string) (string, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\ufffd' }) {
		return "", wrong("has a space or a control character",
			"write a URL or a name without them, like https://api.example.com")
	}
	return text, nil
}

// readNetwork reads an address or a network in CIDR form.
func readNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		return netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return netip.Prefix{}, wrong("is neither an address nor a network",
			"write 10.1.2.3, 10.0.0.0/8 or fd00::/8")
	case network.Addr().Is4In6():
		return netip.Prefix{}, wrong("is an IPv4 network in IPv6 clothes", "write it as IPv4")
	case network.Bits() == 0:
		return netip.Prefix{}, wrong("is everybody: any visitor could claim any address",
			"name the proxies' own addresses or networks")
	case network != network.Masked():
		return netip.Prefix{}, wrong("has bits set beyond its length",
			"write the first address of the network, and zeros where it ends")
	}
	return network, nil
}

// readDomain reads a domain for cookies. Whether it fits public_url is seen later.
func readDomain(text string) (string, error) {
	const hint = "write the domain that the hosts share, like example.com"
	switch _, err := netip.ParseAddr(strings.Trim(text, "[]")); {
	case err == nil:
		return "", wrong("is an address, and browsers keep no domain cookies for those", "leave it empty")
	case strings.HasPrefix(text, "."):
		return "", wrong("begins with a dot", "leave out the dot")
	case !isHostname(text):
		return "", wrong("is not a domain in lower case", hint)
	case isPublicSuffix(text):
		return "", wrong("is a domain under which anybody can have a host", hint)
	case !strings.Contains(text, "."):
		return "", wrong("is a top-level domain, whose hosts have nothing to do with each other", hint)
	}
	return text, nil
}

// isPublicSuffix reports whether strangers have hosts right below a domain, such as co.uk: browsers
// keep no cookies for those. https://publicsuffix.org
func isPublicSuffix(domain string) bool {
	suffix, listed := publicsuffix.PublicSuffix(domain)
	return suffix == domain && (listed || strings.Contains(suffix, "."))
}

// readLevel reads the name of a log level.
func readLevel(text string) (slog.Level, error) {
	name, err := choice("debug", "info", "warn", "error")(text)
	if err != nil {
		return 0, err
	}
	var level slog.Level
	return level, level.UnmarshalText([]byte(name))
}

// display shows a value as one would set it.
func display(value any) string {
	switch v := value.(type) {
	case time.Duration:
		return shortDuration(v)
	case slog.Level:
		return strings.ToLower(v.String())
	}
	return fmt.Sprint(value)
}

// shortDuration writes 10m, not 10m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
