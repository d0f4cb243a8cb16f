package web_test

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// defaultPorts are the special schemes. https://url.spec.whatwg.org/#special-scheme
var defaultPorts = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443",
	"ftp": "21"} // scheme → port

// browsed returns the origin that a browser goes to when it follows target on a page, as the
// URL standard says: "null" when that has no origin, "invalid" when it goes nowhere. It
// reads host names no more closely than the tests need: no punycode, no numbers as IPv4.
// https://url.spec.whatwg.org/#concept-basic-url-parser
func browsed(target, page string) string {
	base, err := url.Parse(page)
	if err != nil {
		return "invalid"
	}
	text := strings.TrimFunc(target, func(r rune) bool { return r <= ' ' })
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	scheme, rest, given := schemeOf(text)
	switch _, special := defaultPorts[scheme]; {
	case given && !special:
		return "null"
	case given && scheme != base.Scheme:
		return authority(scheme, strings.TrimLeft(rest, `/\`))
	case given && !slashes(rest): // "https:x" on a page of https is relative
		return origin(base.Scheme, base.Host)
	case given:
		return authority(scheme, strings.TrimLeft(rest, `/\`))
	case slashes(text):
		return authority(base.Scheme, strings.TrimLeft(text, `/\`))
	}
	return origin(base.Scheme, base.Host)
}

// schemeOf cuts a scheme off. https://url.spec.whatwg.org/#scheme-state
func schemeOf(text string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(text, ":")
	for i, c := range []byte(strings.ToLower(scheme)) {
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return "", text, false
		}
	}
	return strings.ToLower(scheme), rest, ok && scheme != ""
}

// slashes reports whether an authority follows: a backslash is a slash in special schemes.
func slashes(text string) bool {
	return len(text) > 1 && strings.ContainsRune(`/\`, rune(text[0])) && strings.ContainsRune(`/\`, rune(text[1]))
}

// authority reads what follows the slashes, up to the path.
// https://url.spec.whatwg.org/#authority-state
func authority(scheme, text string) string {
	if end := strings.IndexAny(text, `/\?#`); end >= 0 {
		text = text[:end]
	}
	return origin(scheme, text[strings.LastIndexByte(text, '@')+1:])
}

// origin writes scheme, host and port. https://url.spec.whatwg.org/#host-parsing
func origin(scheme, hostAndPort string) string {
	host, port := hostAndPort, ""
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		host, port = host[:colon], host[colon+1:]
	}
	if port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return "invalid"
		}
		if port = ":" + strconv.FormatUint(number, 10); port == ":"+defaultPorts[scheme] {
			port = ""
		}
	}
	if strings.HasPrefix(host, "[") {
		if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil || !ip.Is6() {
			return "invalid"
		}
		return scheme + "://" + host + port
	}
	name, err := url.PathUnescape(host)
	if err != nil {
		name = host // a stray percent sign stays, and is refused below
	}
	// RFC 5892 and UTS #46, as far as they matter here: other full stops, soft hyphens, width.
	name = norm.NFKC.String(strings.NewReplacer("\u3002", ".", "\uff61", ".", "\u00ad", "").Replace(name))
	name = strings.ToLower(norm.NFKC.String(name))
	if name == "" || strings.ContainsFunc(name, forbidden) {
		return "invalid"
	}
	return scheme + "://" + name + port
}

// forbidden tells of what no host name has.
// https://url.spec.whatwg.org/#forbidden-domain-code-point
func forbidden(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`#/:<>?@[\]^|%`, r)
}
