package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Site is where the server is reached, and from where else it may be used.
type Site struct {
	Issuer  string         // the public URL as configured, without a slash at the end
	Origin  string         // its scheme, host and port
	Prefix  string         // its path; empty: none
	Host    string         // its host and port, as a Host header has them
	HTTPS   bool           // false only on loopback
	Allowed []string       // other origins that may use it with credentials; nil: none
	Proxies []netip.Prefix // peers whose X-Forwarded-For counts; nil: none
	Domain  string         // whose hosts all get the access cookie; empty: our own host alone
}

// NewSite reads the public URL. What config has checked is not checked again.
func NewSite(publicURL string, allowed []string, proxies []netip.Prefix) (Site, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return Site{}, fmt.Errorf("public URL: %w", err)
	}
	return Site{
		Issuer: publicURL, Origin: u.Scheme + "://" + u.Host, Prefix: u.Path, Host: u.Host,
		HTTPS: u.Scheme == "https", Allowed: allowed, Proxies: proxies,
	}, nil
}

// Dedicated reports whether nothing but this server answers on its host.
func (s Site) Dedicated() bool { return s.HTTPS && s.Prefix == "" }

// answers reports whether a request's Host is one we go by: the public one, or an address of
// the loopback, which a proxy on this machine may use. standards ER-10
func (s Site) answers(host string) bool {
	if strings.EqualFold(host, s.Host) || isLoopback(host) {
		return true
	}
	name, _, err := net.SplitHostPort(host)
	return err == nil && isLoopback(name)
}

// isLoopback reports whether a host, without a port, is this machine.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// ReturnTo returns where a person asked to go back to, if it is ours: a path on this origin,
// or an absolute URL on an allowed one. Anything else, and anything that a browser might
// read otherwise than Go does, makes it return fallback. standards XO-16
func (s Site) ReturnTo(target, fallback string) string {
	if target == "" || len(target) > 2048 || strings.ContainsFunc(target, unsafeInURL) {
		return fallback
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil || u.Opaque != "" {
		return fallback
	}
	if u.Scheme == "" && u.Host == "" {
		// Browsers read "//host" and "/\host" as another host.
		if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.HasPrefix(u.Path, "//") {
			return fallback
		}
		return target
	}
	origin := u.Scheme + "://" + u.Host
	if origin != s.Origin && !slices.Contains(s.Allowed, origin) || !strings.HasPrefix(target, origin) {
		return fallback
	}
	if rest := target[len(origin):]; rest != "" && !strings.ContainsRune("/?#", rune(rest[0])) {
		return fallback
	}
	return target
}

// unsafeInURL reports whether r is one of the characters that browsers drop, or read as a slash.
func unsafeInURL(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }

// origins returns every origin that may change things with a cookie: our own, and the allowed.
func (s Site) origins() []string { return append([]string{s.Origin}, s.Allowed...) }

// allows reports whether a request's Origin is another one that may use the server.
func (s Site) allows(r *http.Request) (origin string, ok bool) {
	origin = r.Header.Get("Origin")
	return origin, slices.Contains(s.Allowed, origin)
}

// ClientIP returns the address of whoever sent the request: the peer or, when the peer is a
// trusted proxy, the nearest address in X-Forwarded-For that is not one. RFC 7239 §8.1
func (s Site) ClientIP(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	ip := peer.Addr().Unmap().WithZone("")
	values := r.Header["X-Forwarded-For"]
	if len(values) == 0 || !s.trusts(ip) {
		return ip
	}
	forwarded := strings.Split(strings.Join(values, ","), ",")
	for i := len(forwarded) - 1; i >= 0 && s.trusts(ip); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(forwarded[i]))
		if err != nil {
			break
		}
		ip = next.Unmap().WithZone("") // a zone means something to one host alone, and may hold any text
	}
	return ip
}

// trusts reports whether ip is a proxy of ours.
func (s Site) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// FromBrowser reports whether a request says where it comes from, as browsers do: only then
// can the check of its origin mean anything.
func FromBrowser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}

// ClearSiteData has the browser forget what it keeps of this host, unless other programs
// live there too. Cookies are cleared one by one. standards SE-24
func ClearSiteData(w http.ResponseWriter, site Site) {
	if site.Dedicated() {
		w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	}
}
