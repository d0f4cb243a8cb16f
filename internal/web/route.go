// Package web is what all HTTP shares: the table of routes and who may call them, the steps
// before and after every handler, cookies, and faults turned into responses. What a route
// does is said elsewhere: api for programs, pages for people.
package web

import (
	"fmt"
	"net/http"
	"strings"
)

// Access says who may call a route. The zero Access is not a rule: Middleware.Handler refuses it.
type Access int

// The rules. docs/http-api.md
const (
	Anyone   Access = iota + 1 // no credential needed
	SignedIn                   // a valid access token, by cookie or header
	Fresh                      // the same, fully authenticated at most FreshFor ago
	Service                    // a service key; in development on loopback none
)

// String returns the rule's name in tables that people read.
func (a Access) String() string {
	names := [...]string{"no rule", "anyone", "signed in", "fresh", "service"}
	if a < 0 || int(a) >= len(names) {
		return names[0]
	}
	return names[a]
}

// CORS says whether scripts of other origins may call a route and read its answer. The zero CORS
// is not a rule.
type CORS int

// The rules.
const (
	NoCORS         CORS = iota + 1 // scripts of other origins read nothing
	AllowedOrigins                 // those of Site.Allowed may, with credentials
	AnyOrigin                      // everybody may, without credentials: what is public
)

// String returns the rule's name in tables that people read.
func (c CORS) String() string {
	names := [...]string{"no rule", "no", "allowed origins", "any origin"}
	if c < 0 || int(c) >= len(names) {
		return names[0]
	}
	return names[c]
}

// Handler answers the requests of a route. It is made by the function that says what body the route
// takes: NoBody, JSON, OptionalJSON, Call, Form or PageForm.
type Handler struct {
	Body  Body
	serve HandlerFunc
}

// HandlerFunc reads a request, calls one domain method and writes the answer. If it returns an
// error it has written nothing; the surface's Refuse answers.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Body is what a route takes as the body of its requests. The zero Body is not a rule.
type Body int

// The bodies.
const (
	EmptyBody        Body = iota + 1 // a body is not read
	JSONBody                         // one JSON object
	OptionalJSONBody                 // one JSON object, or nothing
	FormBody                         // a form as OAuth has them
	PageFormBody                     // a form of one of our own pages
)

// String returns the body's name in tables that people read.
func (b Body) String() string {
	names := [...]string{"no rule", "none", "JSON", "JSON or none", "form", "page's form"}
	if b < 0 || int(b) >= len(names) {
		return names[0]
	}
	return names[b]
}

// NoBody returns a handler that takes no body.
func NoBody(serve HandlerFunc) Handler { return Handler{EmptyBody, serve} }

// Wrap returns the handler with around put around what it does.
func (h Handler) Wrap(around func(HandlerFunc) HandlerFunc) Handler {
	return Handler{h.Body, around(h.serve)}
}

// Route is one line of a table of routes. It says everything about itself: nothing elsewhere
// decides by the path of a request.
type Route struct {
	Pattern string // method and path, as http.ServeMux takes them
	Access  Access
	CORS    CORS
	Page    string // the page that the form stands on, to go back to after signing in; empty: not such a form
	Streams bool   // the answer goes on: the time limit for reading a request does not apply
	Handler Handler
}

// Method returns the route's method. A route for GET answers HEAD too.
func (r Route) Method() string {
	method, _, _ := strings.Cut(r.Pattern, " ")
	return method
}

// Path returns the route's path, with its wildcards.
func (r Route) Path() string {
	_, path, _ := strings.Cut(r.Pattern, " ")
	return path
}

// returns reports whether somebody who has to sign in first must be led back to the form's page.
func (r Route) returns() bool {
	return r.Handler.Body == PageFormBody && (r.Access == SignedIn || r.Access == Fresh)
}

// check returns an error if the route leaves something unsaid, or contradicts itself.
func (r Route) check() error {
	switch {
	case r.Method() == "" || !strings.HasPrefix(r.Path(), "/"):
		return fmt.Errorf("route %q does not say its method and path", r.Pattern)
	case r.Access < Anyone || r.Access > Service:
		return fmt.Errorf("route %q does not say who may call it", r.Pattern)
	case r.CORS < NoCORS || r.CORS > AnyOrigin:
		return fmt.Errorf("route %q does not say whether other origins may call it", r.Pattern)
	case r.Handler.Body < EmptyBody || r.Handler.Body > PageFormBody || r.Handler.serve == nil:
		return fmt.Errorf("route %q does not say what it takes and does", r.Pattern)
	case r.returns() && r.Page == "":
		return fmt.Errorf("route %q does not say which page its form stands on", r.Pattern)
	case r.CORS == AnyOrigin && (r.Access != Anyone || r.Method() != http.MethodGet):
		return fmt.Errorf("route %q lets scripts of any origin do more than read what is public", r.Pattern)
	case !r.returns() && r.Page != "":
		return fmt.Errorf("route %q names a page that nobody is led back to", r.Pattern)
	}
	return nil
}

// Surface is routes that answer in one form.
type Surface struct {
	Root   string  // the path below which unknown addresses are answered in this form, such as "/v1/"
	Routes []Route // every one with all that there is to say about it
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
}

// check returns an error for the first route that does not say all that it must, or that
// contradicts another.
func (s Surface) check() error {
	pages, cors := map[string]bool{}, map[string]CORS{} // path → it can be opened; path → its rule
	for _, route := range s.Routes {
		if err := route.check(); err != nil {
			return err
		}
		if said, ok := cors[route.Path()]; ok && said != route.CORS {
			return fmt.Errorf("route %q says otherwise than another of its path whether other origins may call it",
				route.Pattern)
		}
		cors[route.Path()] = route.CORS
		pages[route.Path()] = pages[route.Path()] || route.Method() == http.MethodGet
	}
	for _, route := range s.Routes {
		if route.Page != "" && !pages[route.Page] {
			return fmt.Errorf("route %q leads back to %s, which is no page", route.Pattern, route.Page)
		}
	}
	return nil
}
