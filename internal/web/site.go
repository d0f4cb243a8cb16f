package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/handstamp/handstamp/internal/origin"
)

// Site is where the server is reached, and from where else it may be used.
type Site struct {
	Issuer  string         // the public URL as configured, without a slash at the end
	Origin  string         // its scheme, host and port
	Prefix  string         // its path; empty: none
	Host    string         // its host and port, as a Host header has them
	HTTPS   bool           // false only on loopback
	Allowed []string       // other origins that may use it with credentials; nil: none
	Apps    []string       // origins of apps, which may use it with tokens alone; nil: none
	Proxies []netip.Prefix // peers whose X-Forwarded-For counts; nil: none
	Domain  string         // whose hosts all get the access cookie; empty: our own host alone
}

// NewSite reads the public URL. What config has checked is not checked again.
func NewSite(publicURL string, allowed []string, proxies []netip.Prefix) (Site, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return Site{}, fmt.Errorf("public URL: %w", err)
	}
	s := Site{
		Issuer: publicURL, Origin: u.Scheme + "://" + u.Host, Prefix: u.Path, Host: u.Host,
		HTTPS: u.Scheme == "https", Proxies: proxies,
	}
	for _, listed := range allowed {
		if isApp(listed, u.Hostname()) {
			s.Apps = append(s.Apps, listed)
		} else {
			s.Allowed = append(s.Allowed, listed)
		}
	}
	return s, nil
}

// isApp reports whether an origin is that of an app in a shell, or of a page of the person's own
// machine, of a server elsewhere. Many programs there share one origin, such as https://localhost,
// and so none of them gets cookies, which browsers would keep from them anyway.
func isApp(listed, ownHost string) bool {
	u, err := url.Parse(listed)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return true
	}
	return onThisMachine(u.Hostname()) && !onThisMachine(ownHost)
}

// onThisMachine reports whether a host is the loopback, by whatever name. RFC 6761 §6.3
func onThisMachine(host string) bool {
	return isLoopback(host) || strings.HasSuffix(host, ".localhost")
}

// FromApp reports whether a request comes from an app that is listed: no cookie of it counts, and
// it gets none.
func (s Site) FromApp(r *http.Request) bool {
	return len(s.Apps) > 0 && slices.Contains(s.Apps, origin.Single(r.Header))
}

// withoutAppCookies returns r without cookies, if it comes from an app.
func (s Site) withoutAppCookies(r *http.Request) *http.Request {
	if !s.FromApp(r) || len(r.Header["Cookie"]) == 0 {
		return r
	}
	r = r.Clone(r.Context())
	r.Header.Del("Cookie")
	return r
}

// Dedicated reports whether nothing but this server answers on its host.
func (s Site) Dedicated() bool { return s.HTTPS && s.Prefix == "" }

// answers reports whether a request's Host is one we go by: the public one, or an address of
// the loopback, which a proxy on this machine may use. The scheme's own port and a dot at the end
// change nothing: clients may write either. RFC 9110 §4.2.3, RFC 1034 §3.1, standards ER-10
func (s Site) answers(host string) bool {
	host = s.withoutOwnPort(host)
	name, port := splitHost(host)
	name = strings.TrimSuffix(name, ".")
	return strings.EqualFold(name+port, s.Host) || isLoopback(name)
}

// withoutOwnPort returns a host without the port that the site's scheme has anyway.
func (s Site) withoutOwnPort(host string) string {
	name, port := splitHost(host)
	if port == ":" || s.HTTPS && port == ":443" || !s.HTTPS && port == ":80" { // RFC 3986 §3.2.3
		return name
	}
	return host
}

// splitHost takes the port off a host, its colon included; empty: there is none.
func splitHost(host string) (name, port string) {
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		return host[:colon], host[colon:]
	}
	return host, ""
}

// hostname returns our host without its port; empty for an address, which has no domains above it.
func (s Site) hostname() string {
	name, _ := splitHost(s.Host)
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return ""
	}
	return name
}

// isLoopback reports whether a host, without a port, is this machine.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// fromWellKnown returns r for the path below the public URL where it stands for one of a well-known
// place: an issuer's path goes behind it there, not before. RFC 8414 §3.1
func (s Site) fromWellKnown(r *http.Request) *http.Request {
	place, ours := strings.CutSuffix(r.URL.Path, s.Prefix)
	if !ours || place != "/.well-known/oauth-authorization-server" && place != "/.well-known/openid-configuration" {
		return r
	}
	inside := *r
	at := *r.URL
	at.Path, at.RawPath = s.Prefix+place, ""
	inside.URL = &at
	return &inside
}

// own returns the origins that a request may have gone to: the public one, and the one under whose
// Host it came, which is an address of the loopback or has a dot at the end.
func (s Site) own(r *http.Request) []string {
	scheme, _, _ := strings.Cut(s.Origin, ":")
	return []string{s.Origin, origin.Of(scheme, r.Host)}
}

// allows returns a request's Origin, and whether it is another one that may use the server.
func (s Site) allows(r *http.Request) (from string, ok bool) {
	from = origin.Single(r.Header)
	return from, slices.Contains(s.Allowed, from)
}

// FromBrowser reports whether a request says where it comes from, as browsers do: only then
// can the check of its origin mean anything.
func FromBrowser(r *http.Request) bool {
	return origin.Says(r.Header)
}

// ClearSiteData has the browser forget what scripts keep of this host, unless other programs
// live there too. Cookies are cleared one by one. There is nothing of ours in the cache, where all
// sites are looked through for it, which takes seconds in a full browser. standards SE-24
func ClearSiteData(w http.ResponseWriter, site Site) {
	if site.Dedicated() {
		w.Header().Set("Clear-Site-Data", `"storage"`)
	}
}
