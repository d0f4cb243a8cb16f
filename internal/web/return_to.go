package web

import (
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxReturnTo is how long an address to go back to may be, in bytes.
const maxReturnTo = 2048

// ReturnTo returns where a person asked to go back to, if it is ours: a path on this origin, or an
// absolute URL on an allowed one. It is read as browsers read it, and returned in the one spelling
// that all of them read alike. Anything else makes it return fallback. standards XO-16
func (s Site) ReturnTo(target, fallback string) string {
	if place, _ := s.placeOf(target); place != "" {
		return place
	}
	return fallback
}

// placeOf returns target as ReturnTo does. If it is refused because its origin is not allowed, it
// returns the origin instead.
func (s Site) placeOf(target string) (place, foreign string) {
	target = strings.Trim(target, " ")
	if target == "" || len(target) > maxReturnTo || !utf8.ValidString(target) ||
		strings.ContainsFunc(target, unsafeInURL) {
		return "", ""
	}
	scheme, rest, absolute := strings.Cut(target, "://")
	if !absolute || strings.ContainsAny(scheme, "/?#") {
		return pathOf(target), ""
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	origin := originOf(scheme, rest[:end])
	switch {
	case origin == "":
		return "", ""
	case !s.returnsTo(origin):
		return "", origin
	}
	return origin + escaped(rest[end:]), ""
}

// pathOf returns target in its one spelling if it is a path on this origin; else empty. Browsers
// read "//host" as another host; "/%2Fhost" they do not, but an app may that takes the escape off.
func pathOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	path, _, _ = strings.Cut(path, "#")
	plain, err := url.PathUnescape(path)
	if err != nil {
		plain = path // a stray percent sign is one
	}
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.HasPrefix(plain, "//") {
		return ""
	}
	return escaped(target)
}

// hosts reads a host as browsers do: in any case, and in Unicode.
// https://url.spec.whatwg.org/#host-parsing
var hosts = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.VerifyDNSLength(false),
	idna.StrictDomainName(true), idna.CheckHyphens(false))

// originOf returns the origin of a scheme and an authority in its one spelling; empty for what is
// no http, or names a user, or has no host that we read.
func originOf(scheme, authority string) string {
	scheme = strings.ToLower(scheme)
	if scheme != "http" && scheme != "https" {
		return ""
	}
	host, port := splitHost(authority)
	if !strings.HasPrefix(host, "[") {
		name, err := hosts.ToASCII(host)
		if err != nil {
			return ""
		}
		host = name
	}
	switch port {
	case ":", map[string]string{"http": ":80", "https": ":443"}[scheme]:
		port = ""
	}
	origin := scheme + "://" + strings.ToLower(host) + port
	if u, err := url.Parse(origin); err != nil || host == "" || u.User != nil || u.Host != origin[len(scheme+"://"):] {
		return ""
	}
	return origin
}

// returnsTo reports whether people may go back to an origin. While we are on loopback by http,
// which is development, they may go to whatever else runs there.
func (s Site) returnsTo(origin string) bool {
	if origin == s.Origin || slices.Contains(s.Allowed, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && !s.HTTPS && isLoopback(u.Hostname())
}

// FormTargets returns the origins that a form of ours may lead to, as a Content-Security-Policy
// lists them.
func (s Site) FormTargets() []string {
	if s.HTTPS {
		return s.Allowed
	}
	return append([]string{"http://localhost:*", "http://127.0.0.1:*"}, s.Allowed...)
}

// unsafeInURL reports whether r is one of the characters that browsers drop, or read as a slash.
func unsafeInURL(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }

// escaped returns what follows the host as browsers send it: blanks and what is beyond ASCII
// escaped. https://url.spec.whatwg.org/#percent-encoded-bytes
func escaped(text string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for _, c := range []byte(text) {
		if c == ' ' || c >= 0x80 {
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// maxRefusedOrigins is how many origins are named in the log; of more, none is.
const maxRefusedOrigins = 100

// refusedOrigins remembers the origins that the log names already.
type refusedOrigins struct {
	mu    sync.Mutex // guards named
	named map[string]bool
}

// first reports whether an origin comes for the first time.
func (o *refusedOrigins) first(origin string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.named[origin] || len(o.named) >= maxRefusedOrigins {
		return false
	}
	if o.named == nil {
		o.named = map[string]bool{}
	}
	o.named[origin] = true
	return true
}

// ReturnTo does what Site.ReturnTo does. An origin that is refused is named in the log, once.
func (m *Middleware) ReturnTo(target, fallback string) string {
	place, foreign := m.site.placeOf(target)
	if place != "" {
		return place
	}
	if foreign != "" && m.refused.first(foreign) {
		m.log.Warn("a page asks to send people back to an origin that is not allowed",
			slog.String("origin", foreign), slog.String("setting", "allowed_origins"))
	}
	return fallback
}
