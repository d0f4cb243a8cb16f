package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ClientIP returns the address of whoever sent the request: the peer or, when the peer is a
// trusted proxy, the nearest address in X-Forwarded-For that is not one. It is not valid where no
// proxy of ours says what it is. RFC 7239 §8.1
func (s Site) ClientIP(r *http.Request) netip.Addr {
	ip, _ := s.clientIP(r)
	return ip
}

// clientIP is ClientIP, with an error for a hop that a proxy of ours has written and that nobody
// can read: the address of that proxy would be taken for everybody's.
func (s Site) clientIP(r *http.Request) (netip.Addr, error) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, nil
	}
	ip := withoutZone(peer.Addr())
	values := r.Header["X-Forwarded-For"]
	if len(values) == 0 || !s.trusts(ip) {
		return ip, nil
	}
	hops := strings.Split(strings.Join(values, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if hop = strings.Trim(hop, " \t"); hop == "" {
			continue // RFC 9110 §5.6.1.2
		}
		next, err := readHop(hop)
		if err != nil || !next.IsValid() || !s.trusts(next) {
			return next, err
		}
		ip = next
	}
	return ip, nil
}

// readHop reads how proxies write a client's address: alone, in brackets, in quotes, with a port.
// It returns no address and no error where the proxy says that it does not know, or hides it.
// RFC 7239 §6, https://learn.microsoft.com/azure/application-gateway/how-application-gateway-works
func readHop(hop string) (netip.Addr, error) {
	text := hop
	if inner, quoted := strings.CutPrefix(text, `"`); quoted {
		if text, quoted = strings.CutSuffix(inner, `"`); !quoted {
			return netip.Addr{}, errHop(hop)
		}
	}
	if ip, err := netip.ParseAddr(text); err == nil { // IPv6 without brackets has no port
		return withoutZone(ip), nil
	}
	name, port := splitHost(text)
	if port != "" && !isNodePort(port[1:]) {
		return netip.Addr{}, errHop(hop)
	}
	if strings.EqualFold(name, "unknown") || isObfuscated(name) {
		return netip.Addr{}, nil
	}
	inner, bracketed := strings.CutPrefix(name, "[")
	if bracketed {
		if inner, bracketed = strings.CutSuffix(inner, "]"); !bracketed {
			return netip.Addr{}, errHop(hop)
		}
	}
	ip, err := netip.ParseAddr(inner)
	if err != nil || bracketed != ip.Is6() {
		return netip.Addr{}, errHop(hop)
	}
	return withoutZone(ip), nil
}

// isNodePort reports whether a text is a port, or what stands for one. RFC 7239 §6
func isNodePort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil || isObfuscated(text)
}

// isObfuscated reports whether a proxy hides what it means behind a name of its own. RFC 7239 §6.3
func isObfuscated(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	return len(text) > 1 && text[0] == '_' && strings.Trim(text, letters) == ""
}

// errHop is the error of a hop that cannot be read. It does not quote what a stranger may have
// sent: a log holds no secret, wherever it was put.
func errHop(hop string) error {
	return fmt.Errorf("its last hop, of %d bytes, is no address", len(hop))
}

// withoutZone returns the one form of an address. A zone means something to one host alone, and
// may hold any text.
func withoutZone(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

// trusts reports whether ip is a proxy of ours.
func (s Site) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}
