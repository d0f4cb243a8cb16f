package renew

import (
	"net/http"
	"strings"
)

// arrival is how a request got here, which decides what it may do.
type arrival int

// The ways to get here.
const (
	program  arrival = iota // no person opens this page: nothing may happen
	stranger                // somebody opens it, perhaps by another site's link: Strict cookies may be missing
	typed                   // nobody sent the person here, who typed or restored an address: Strict cookies are there
	own                     // our own page sent the person here
)

// arrivalOf returns how r got here. Fetch Metadata decides; where a browser has none, the
// Accept header and the marker do. docs/protocol.md §5
func arrivalOf(r *http.Request, a ask) arrival {
	h := r.Header
	if len(h.Values("Sec-Fetch-Site")) > 1 { // no browser sends two
		return program
	}
	if h.Get("Sec-Purpose") != "" || h.Get("X-Requested-With") != "" || h.Get("Upgrade") != "" {
		return program
	}
	site, mode, dest := h.Get("Sec-Fetch-Site"), h.Get("Sec-Fetch-Mode"), h.Get("Sec-Fetch-Dest")
	if site == "" && mode == "" && dest == "" {
		return arrivalBefore2020(r, a)
	}
	switch {
	case mode != "navigate" || dest != "document":
		return program
	case site == "same-origin":
		return own
	case site == "none":
		return typed
	}
	return stranger
}

// arrivalBefore2020 judges a browser without Fetch Metadata. A marker that another site put
// into its link gains nothing: the Strict cookie is missing then.
func arrivalBefore2020(r *http.Request, a ask) arrival {
	switch {
	case !acceptsHTML(r.Header.Values("Accept")):
		return program
	case a.repeated:
		return own
	}
	return stranger
}

// acceptsHTML reports whether text/html is among the media types, with a weight above zero. It is a
// copy of the function that verify has, which a test holds equal: verify imports next to nothing,
// so that it can be reviewed alone, and does not publish what only we would use. RFC 9110 §12.5.1
func acceptsHTML(accept []string) bool {
	for _, line := range accept {
		for item := range strings.SplitSeq(line, ",") {
			kind, params, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(kind), "text/html") {
				q := strings.ReplaceAll(strings.ToLower(params), " ", "")
				return !strings.HasPrefix(q, "q=0") || strings.ContainsAny(q[len("q=0"):], "123456789")
			}
		}
	}
	return false
}
