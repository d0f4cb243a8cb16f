// Package web is what all HTTP shares: the table of routes and who may call them, the steps
// before and after every handler, cookies, and faults turned into responses. What a route
// does is said elsewhere: api for programs, pages for people.
package web

import (
	"fmt"
	"net/http"
)

// Access says who may call a route. The zero Access is not a rule: New refuses it.
type Access int

// The rules. docs/http-api.md
const (
	Anyone   Access = iota + 1 // no credential needed
	SignedIn                   // a valid access token, by cookie or header
	Fresh                      // the same, fully authenticated at most FreshFor ago
	Service                    // a service key; in development on loopback none
)

// String names the rule for tables that people read.
func (a Access) String() string {
	names := [...]string{"no rule", "anyone", "signed in", "fresh", "service"}
	if a < 0 || int(a) >= len(names) {
		return names[0]
	}
	return names[a]
}

// Handler reads a request, calls one domain method and writes the answer. An error it
// returns has written nothing; the surface's Refuse answers it.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one line of a table of routes.
type Route struct {
	Pattern string // method and path, as http.ServeMux takes them
	Access  Access
	Handler Handler
}

// Surface is routes that answer in one form.
type Surface struct {
	Root   string  // the path below which unknown addresses are answered in this form, such as "/v1/"
	Routes []Route // every one with its access
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
}

// check tells of the first route that does not say who may call it.
func (s Surface) check() error {
	for _, route := range s.Routes {
		if route.Access < Anyone || route.Access > Service {
			return fmt.Errorf("route %q does not say who may call it", route.Pattern)
		}
	}
	return nil
}
