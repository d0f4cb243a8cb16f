package config

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// serviceLinks are the variables that Kubernetes and Docker set in every container for a service
// named handstamp, or handstamp-something: their names, and what their values are.
// https://kubernetes.io/docs/concepts/services-networking/service
var serviceLinks = []struct {
	name *regexp.Regexp
	is   func(value string) bool
}{
	{linkName(`SERVICE_HOST|PORT_\d+_(TCP|UDP|SCTP)_ADDR`), isAddress},
	{linkName(`SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)_PORT`), isPort},
	{linkName(`PORT(_\d+_(TCP|UDP|SCTP))?`), isLink},
	{linkName(`PORT_\d+_(TCP|UDP|SCTP)_PROTO`), isProtocol},
}

// linkName returns the expression for the names that end so.
func linkName(end string) *regexp.Regexp {
	return regexp.MustCompile(`^` + envPrefix + `([A-Z0-9_]+_)?(` + end + `)$`)
}

// isServiceLink reports whether a variable is exactly such a one, name and value.
func isServiceLink(name, value string) bool {
	for _, link := range serviceLinks {
		if link.name.MatchString(name) && link.is(value) {
			return true
		}
	}
	return false
}

// isAddress reports whether a text is an IP address.
func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// isPort reports whether a text is the number of a port.
func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// isLink reports whether a text is such as tcp://10.96.0.17:8787.
func isLink(text string) bool {
	protocol, at, found := strings.Cut(text, "://")
	_, err := netip.ParseAddrPort(at)
	return found && isProtocol(protocol) && err == nil
}

// isProtocol reports whether a text is one of a service's protocols.
func isProtocol(text string) bool { return text == "tcp" || text == "udp" || text == "sctp" }
