package web

import (
	"strings"

	"github.com/mileusna/useragent"

	"github.com/handstamp/handstamp/internal/store"
)

// Device returns a User-Agent header as people speak of it, such as "Firefox on Linux".
func Device(agent string) string {
	const unknown = "an unknown device"
	if agent == "" {
		return unknown
	}
	ua := useragent.Parse(agent)
	name, system := plain(ua.Name), plain(ua.OS)
	switch {
	case name == "" && system == "":
		return unknown
	case name == "":
		return system
	case system == "":
		return name
	}
	return name + " on " + system
}

// plain keeps a stranger's text short and harmless: what a browser or a system is called is
// a few letters, digits and spaces.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" .-_/", r) {
			return r
		}
		return -1
	}, s)
	if len(s) > 40 {
		s = s[:40]
	}
	return strings.TrimSpace(s)
}

// Address returns a client's address as text, empty when it is not known.
func Address(c store.Client) string {
	if !c.IP.IsValid() {
		return ""
	}
	return c.IP.String()
}
