package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// PublicURL is where people and services reach the server. There is one way to write each,
// because it is compared byte for byte as the issuer of tokens. The zero PublicURL is none.
type PublicURL struct {
	scheme string // https or http
	host   string // with the port, unless it is the scheme's own
	path   string // empty, or /auth without a slash at the end
}

// String returns the URL as it was set: the issuer.
func (u PublicURL) String() string {
	if u.host == "" {
		return ""
	}
	return u.Origin() + u.path
}

// Origin returns scheme://host[:port].
func (u PublicURL) Origin() string { return u.scheme + "://" + u.host }

// Path returns what comes before every route: empty, or such as /auth.
func (u PublicURL) Path() string { return u.path }

// Host returns the host with its port, unless that is the scheme's own, as a Host header has it.
func (u PublicURL) Host() string { return u.host }

// Hostname returns the host without port and brackets.
func (u PublicURL) Hostname() string { return (&url.URL{Host: u.host}).Hostname() }

// IsHTTPS reports whether cookies can be Secure. Otherwise the host is loopback.
func (u PublicURL) IsHTTPS() bool { return u.scheme == "https" }

// The hints that several mistakes share.
const (
	hintPublicURL = "write it like https://id.example.com or https://example.com/auth"
	hintHTTPS     = "use https (TLS may end in a proxy in front of this server; listen stays as it is), " +
		"or a loopback host such as http://localhost:8787 to try things out"
	hintOrigin = "write scheme, host and port only, like https://app.example.com; " +
		"for apps in a shell like capacitor://localhost"
)

// appSchemes are those of pages that no site serves but an app brings along, and of extensions.
// Others are named in reverse, such as com.example.app: RFC 8252 §7.1.
var appSchemes = []string{
	"app", "capacitor", "ionic", "tauri", "chrome-extension", "moz-extension", "safari-web-extension",
}

// isAppScheme reports whether a scheme is an app's.
func isAppScheme(scheme string) bool {
	named := strings.Contains(scheme, ".") && strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
	return slices.Contains(appSchemes, scheme) || named && isLetterOrDigit(rune(scheme[0]))
}

// readAppOrigin reads the origin of an app, as its shell sends it: a scheme and a name.
func readAppOrigin(text, name string) (string, error) {
	host, port, hasPort := strings.Cut(name, ":")
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case strings.HasSuffix(name, "/"):
		return "", wrong("ends in a slash, which an origin does not", "leave out the slash at the end")
	case strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != "" || host == "",
		hasPort && (err != nil || n == 0):
		return "", wrong("has no good name after ://",
			"write the origin as the app sends it, like capacitor://localhost")
	}
	return text, nil
}

// ParsePublicURL reads a public URL. Whatever it accepts, String returns unchanged.
func ParsePublicURL(text string) (PublicURL, error) {
	u, rest, err := readSite(text, hintPublicURL)
	if err != nil {
		return PublicURL{}, err
	}
	if u.scheme == "http" && !isLoopback(u.Hostname()) {
		return PublicURL{}, wrong("is plain http: "+
			"passwords and tokens would cross the network for all to read", hintHTTPS)
	}
	if err := checkPath(text, rest); err != nil {
		return PublicURL{}, err
	}
	u.path = rest
	return u, nil
}

// readPublicURL is ParsePublicURL, under the name that the table of settings goes by.
func readPublicURL(text string) (PublicURL, error) { return ParsePublicURL(text) }

// readOrigin reads an origin, exactly as browsers send it.
func readOrigin(text string) (string, error) {
	switch text {
	case "*":
		return "", wrong(`"*" would let every page in the world act for the person who looks at it`,
			"list each origin; "+hintOrigin)
	case "null":
		return "", wrong(`"null" is what sandboxed frames and files send, and so anybody`,
			"serve the page from an origin of its own")
	}
	if strings.Contains(text, "*") {
		return "", wrong("has a wildcard, and a forgotten host under it could act for people",
			"list each origin; "+hintOrigin)
	}
	if scheme, name, found := strings.Cut(text, "://"); found && isAppScheme(scheme) {
		return readAppOrigin(text, name)
	}
	u, rest, err := readSite(text, hintOrigin)
	switch {
	case err != nil:
		return "", err
	case rest == "/":
		return "", wrong("ends in a slash, which an origin does not", "leave out the slash at the end")
	case rest != "":
		return "", wrong("has more than an origin", "leave out what comes after the host and its port")
	case u.scheme == "http" && !isLoopback(u.Hostname()):
		return "", wrong("is plain http: whoever is on the network could act for its people",
			"use https, or a loopback host such as http://localhost:3000")
	}
	return text, nil
}

// readSite reads scheme://host[:port] in its one canonical form, and returns what follows.
func readSite(text, hint string) (PublicURL, string, error) {
	scheme, after, found := strings.Cut(text, "://")
	if found && scheme != strings.ToLower(scheme) {
		return PublicURL{}, "", wrong("has capitals before ://", "write it in lower case")
	}
	if !found || (scheme != "https" && scheme != "http") {
		return PublicURL{}, "", wrong("does not begin with https://", hint)
	}
	end := strings.IndexAny(after, "/?#\\")
	if end < 0 {
		end = len(after)
	}
	host, rest := after[:end], after[end:]
	switch {
	case strings.Contains(host, "@"):
		return PublicURL{}, "", wrong("holds a user name or password",
			"leave out everything before and with the @")
	case strings.Contains(rest, "?"):
		return PublicURL{}, "", wrong("has a query", "leave out the ? and what follows")
	case strings.Contains(rest, "#"):
		return PublicURL{}, "", wrong("has a fragment", "leave out the # and what follows")
	}
	if err := checkHost(text, scheme, host, hint); err != nil {
		return PublicURL{}, "", err
	}
	return PublicURL{scheme: scheme, host: host}, rest, nil
}

// checkHost holds host[:port] to the form in which browsers send it in Host and Origin.
func checkHost(text, scheme, host, hint string) error {
	name, port := host, ""
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		name, port = host[:colon], host[colon+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return wrong("has no good port",
				"write a number from 1 to 65535 after the colon, or leave out both")
		}
	}
	switch {
	case name == "":
		return wrong("has no host", hint)
	case name != strings.ToLower(name):
		return wrong("has capitals in its host", "write the host in lower case, as browsers do")
	case scheme == "https" && port == "443", scheme == "http" && port == "80":
		return wrong("names the port that "+scheme+" has anyway", "leave out :"+port+", as browsers do")
	case !isHostname(name):
		return wrong("has no good host",
			"write a DNS name (not ASCII: in its xn-- form) or an address (IPv6: in brackets)")
	}
	return nil
}

// checkPath takes an empty path or a clean one: segments of unreserved characters.
func checkPath(text, path string) error {
	switch {
	case path == "":
		return nil
	case strings.HasSuffix(path, "/"):
		return wrong("ends in a slash", "leave out the slash at the end")
	}
	for _, segment := range strings.Split(path, "/")[1:] {
		if segment == "" || segment == "." || segment == ".." {
			return wrong("has an empty, . or .. segment in its path",
				"write the path as it is after cleaning")
		}
	}
	for _, r := range path {
		if !isLetterOrDigit(r) && !strings.ContainsRune("/-._~", r) {
			return wrong("has another character in its path than letters, digits and / - . _ ~", "use these only")
		}
	}
	return nil
}

// isHostname reports whether a host is a DNS name in lower case or an address as browsers
// write it.
func isHostname(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		return ok && err == nil && ip.Is6() && !ip.Is4In6() && ip.Zone() == "" && ip.String() == inner
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	// Browsers take 127.1 and 0x7f.1 for addresses, so a host that ends in a number must be
	// one in full. WHATWG URL §4.3.
	last := labels[len(labels)-1]
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.Is4()
	}
	return len(host) <= 253
}

// isLoopback reports whether a host never leaves this machine. RFC 6761 §6.3
func isLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// isLetterOrDigit reports whether r is one, in ASCII.
func isLetterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
