// Package origin judges whether another site made a browser send a request: by Fetch Metadata and
// Origin, as browsers send them. The server and the library for services judge by it alike.
package origin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The headers by which browsers say where a request comes from, which no page can set.
const (
	fetchSite = "Sec-Fetch-Site"
	header    = "Origin"
)

// ErrSilent is the error for a request that says nothing of where it comes from: from a program, or
// from a browser without Fetch Metadata. Whoever asks decides what that means.
var ErrSilent = errors.New("neither Sec-Fetch-Site nor Origin")

// Says reports whether a request, of which these are the headers, says where it comes from.
func Says(headers map[string][]string) bool {
	return !absent(headers[fetchSite]) || !absent(headers[header])
}

// Check returns an error unless a request comes from one of the origins that it may have gone to,
// or from one that is trusted by name. All are compared exactly: scheme, host and port. What the
// two headers say must fit together, and neither may be there twice.
//
// Fetch Metadata says more, but not which origin of the same site, or of another, it was; Origin
// does. "null" is what pages that pass no address on send with their forms, and also what sandboxed
// frames send, which are never same-origin.
func Check(headers map[string][]string, own, trusted []string) error {
	site, err := single(headers, fetchSite)
	if err != nil {
		return err
	}
	from, err := single(headers, header)
	if err != nil {
		return err
	}
	isOwn, isTrusted := slices.Contains(own, from), slices.Contains(trusted, from)
	switch site {
	case "":
		if from == "" {
			return ErrSilent
		}
		if isOwn || isTrusted {
			return nil
		}
		return fmt.Errorf("the Origin is neither %s nor trusted", strings.Join(own, " nor "))
	case "same-origin", "none":
		if from == "" || from == "null" || isOwn || isTrusted {
			return nil
		}
		return fmt.Errorf("Sec-Fetch-Site is %s, but Origin is not %s: a proxy may have changed Host", site,
			strings.Join(own, " or "))
	case "same-site", "cross-site":
		if isTrusted && !isOwn {
			return nil
		}
		if isOwn {
			return fmt.Errorf("Sec-Fetch-Site is %s, but Origin is our own", site)
		}
		return fmt.Errorf("Sec-Fetch-Site is %s, and Origin is not trusted", site)
	}
	return errors.New("Sec-Fetch-Site has a value that no browser sends")
}

// Single returns the value of Origin, empty when there is none or more than one.
func Single(headers map[string][]string) string {
	value, _ := single(headers, header)
	return value
}

// single returns the value of a header that may be there once.
func single(headers map[string][]string, name string) (string, error) {
	switch values := headers[name]; len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	default:
		return "", fmt.Errorf("%s is there %d times", name, len(values))
	}
}

// absent reports whether a header has no value.
func absent(values []string) bool { return len(values) == 0 || len(values) == 1 && values[0] == "" }

// Of returns the origin of what stands at a host, as browsers write it: in lower case, and without
// the port that the scheme has anyway. RFC 6454 §6.2
func Of(scheme, host string) string {
	host = strings.ToLower(host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host
}
