package web

import (
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/origin"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/service"
	"github.com/handstamp/handstamp/verify"
)

// maxBody is how much of a request's body is read, in bytes. standards RL-15
const maxBody = 64 << 10

// FreshFor is how long after a full authentication somebody may do what destroys.
const FreshFor = 15 * time.Minute

// Middleware is what every request goes through before and after its handler, so that no handler
// can forget a step.
type Middleware struct {
	site     Site
	verifier *verify.Verifier
	services *service.Manager
	log      *slog.Logger

	unreadable sync.Once // the first client's address that could not be read is in the log
	refused    refusedOrigins
}

// NewMiddleware makes the middleware of one server. verifier checks our own routes, from memory;
// services those that programs call.
func NewMiddleware(
	site Site, verifier *verify.Verifier, services *service.Manager, log *slog.Logger,
) *Middleware {
	return &Middleware{site: site, verifier: verifier, services: services, log: log}
}

// Handler returns a handler with the middleware in front of surfaces, of which the first answers
// for "/". It returns an error for a route that does not say all that it must, or two routes for
// one request.
func (m *Middleware) Handler(surfaces ...Surface) (http.Handler, error) {
	table := newTable()
	for _, s := range surfaces {
		if err := s.check(); err != nil {
			return nil, err
		}
		for _, route := range s.Routes {
			table.add(route, m.guard(route, s.Refuse))
		}
	}
	return m.around(m.below(m.dispatch(table, surfaces), surfaces), surfaces), nil
}

// below lets only requests in that are for a path below the public URL, spelled in its one
// way: no "//", no dots, so that whatever stands in front of us reads it as we do. Two are outside:
// the path itself, without the slash that everybody forgets, and where the metadata of an issuer
// with a path is.
func (m *Middleware) below(next http.Handler, surfaces []Surface) http.Handler {
	stripped := http.StripPrefix(m.site.Prefix, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.site.Prefix != "" {
			if r.URL.Path == m.site.Prefix && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
				m.toSlash(w, r)
				return
			}
			r = m.site.fromWellKnown(r)
		}
		inside := strings.HasPrefix(r.URL.Path, m.site.Prefix+"/")
		clean := path.Clean(r.URL.Path)
		if strings.HasSuffix(r.URL.Path, "/") && clean != "/" {
			clean += "/"
		}
		if !inside || clean != r.URL.Path {
			m.surface(r, surfaces).Refuse(w, r, fault.New(fault.NotFound))
			return
		}
		stripped.ServeHTTP(w, r)
	})
}

// toSlash sends whoever asks for the public URL's path to what is below it.
func (m *Middleware) toSlash(w http.ResponseWriter, r *http.Request) {
	target := m.site.Prefix + "/"
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusPermanentRedirect)
}

// around is outermost: it names the request, sets what every response carries, survives a
// panic, and writes the one log line.
func (m *Middleware) around(next http.Handler, surfaces []Surface) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := m.newVisit(r)
		r = m.site.withoutAppCookies(m.site.withoutTossed(r.WithContext(withVisit(r.Context(), seen))))
		out := &recorder{ResponseWriter: w}
		m.commonHeaders(out.Header())
		defer func() { seen.logTo(m.log, r, out.status) }() // also when survive panics in its turn
		defer func() {
			if caught := recover(); caught != nil {
				m.survive(out, r, caught, surfaces)
			}
		}()
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			// There may have been a length beside, which net/http does not say. RFC 9112 §6.1
			out.Header().Set("Connection", "close")
		}
		if r.ContentLength != 0 { // with 0 there is none
			r.Body = http.MaxBytesReader(out, r.Body, maxBody)
		}
		if !m.site.answers(r.Host) {
			m.surface(r, surfaces).Refuse(out, r, fault.New(fault.WrongHost))
			return
		}
		next.ServeHTTP(out, r)
	})
}

// common is what every response carries unless its handler knows better. The lists are shared by
// all responses: whoever has another value sets another list.
var common = http.Header{
	"Cache-Control":                {"no-store"},
	"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Referrer-Policy":              {"no-referrer"},
	"X-Content-Type-Options":       {"nosniff"},
}

// commonHeaders sets what every response carries.
func (m *Middleware) commonHeaders(h http.Header) {
	maps.Copy(h, common)
	if m.site.HTTPS {
		h.Set("Strict-Transport-Security", "max-age=31536000") // RFC 6797 §6.1
	}
}

// survive answers for a handler that panicked. standards LG-14
func (m *Middleware) survive(w *recorder, r *http.Request, caught any, surfaces []Surface) {
	if caught == http.ErrAbortHandler {
		panic(caught)
	}
	err := newPanicError(caught)
	if w.status != 0 { // too late to answer: cut the connection, so that nobody takes a half for a whole
		visitOf(r).fault(fault.From(err))
		panic(http.ErrAbortHandler)
	}
	m.surface(r, surfaces).Refuse(w, r, err)
}

// surface returns the one that answers for a path: the deepest root above it.
func (m *Middleware) surface(r *http.Request, surfaces []Surface) Surface {
	asked := strings.TrimPrefix(r.URL.Path, m.site.Prefix)
	best := surfaces[0] // at "/"
	for _, s := range surfaces[1:] {
		if strings.HasPrefix(asked, s.Root) && len(s.Root) > len(best.Root) {
			best = s
		}
	}
	return best
}

// dispatch finds the route, or refuses in the form of the path's surface: 404 where nothing
// is, 405 with Allow where another method is.
func (m *Middleware) dispatch(table *table, surfaces []Surface) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := table.routes.Handler(r)
		switch {
		case strings.Contains(pattern, "{"):
			table.routes.ServeHTTP(w, r) // which fills in the path's values
			return
		case pattern != "":
			handler.ServeHTTP(w, r)
			return
		}
		if rule := table.cors(r); rule != NoCORS && m.preflight(w, r, rule) {
			return
		}
		probe := &recorder{ResponseWriter: discard{http.Header{}}}
		handler.ServeHTTP(probe, r)
		missing := fault.New(fault.NotFound)
		if probe.status == http.StatusMethodNotAllowed {
			missing = fault.New(fault.MethodNotAllowed)
			w.Header().Set("Allow", probe.Header().Get("Allow"))
		}
		m.surface(r, surfaces).Refuse(w, r, missing)
	})
}

// guard lets a request in to a route's handler, or refuses it.
func (m *Middleware) guard(route Route, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visitOf(r).route = route
		m.share(w, r, route.CORS)
		err := m.admit(r, route.Access)
		if err == nil {
			if route.Streams {
				// Fails in a server without time limits, such as a test's, which has none to lift.
				_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
			}
			err = route.Handler.serve(w, r)
		}
		if err != nil {
			refuse(w, r, err)
		}
	})
}

// admit checks that the caller may call the route, and notes who it is.
func (m *Middleware) admit(r *http.Request, access Access) error {
	switch access {
	case Anyone:
		return m.sameOrigin(r)
	case Service:
		return m.admitService(r)
	}
	var demands []verify.Demand
	if access == Fresh {
		demands = append(demands, verify.Fresh(FreshFor))
	}
	s, err := m.verifier.Authenticate(r, demands...)
	if err != nil {
		return asFault(err)
	}
	return visitOf(r).identify(s)
}

// sameOrigin refuses what another site makes a browser send. Whoever shows a bearer token is
// no browser doing another site's will. Basic is none: once a person has answered a proxy's
// prompt, the browser adds it to every request by itself. A request that says nothing of where it
// comes from passes: no cookie of it counts, and it gets none. standards XO-01, XO-02, XO-04
func (m *Middleware) sameOrigin(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return nil // RFC 9110 §9.2.1
	}
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") { // RFC 9110 §11.1
		return nil
	}
	trusted := m.site.Allowed
	if visitOf(r).route.CORS == AllowedOrigins { // not on pages, which answer with cookies
		trusted = slices.Concat(trusted, m.site.Apps)
	}
	err := origin.Check(r.Header, m.site.own(r), trusted)
	if err != nil && !errors.Is(err, origin.ErrSilent) {
		return fault.New(fault.CrossOrigin).Because(err)
	}
	return nil
}

// Optional returns the session of whoever calls a route that is open to anyone, or nil. Only
// an access token that is good counts.
func (m *Middleware) Optional(r *http.Request) *verify.Session {
	s, err := m.verifier.Authenticate(r)
	if err != nil {
		return nil
	}
	return s
}

// Read returns the session of an access token that stands in a body, for whoever asks about it; nil
// when it is not good. It lets nobody in.
func (m *Middleware) Read(r *http.Request, token secret.Text) *verify.Session {
	s, err := m.verifier.Verify(r.Context(), token.Reveal())
	if err != nil {
		return nil
	}
	return s
}

// Leaving returns the session that whoever signs out shows an access token for, which may
// have expired or ended. The fault is missing_token when none is shown.
func (m *Middleware) Leaving(r *http.Request) (*verify.Session, error) {
	s, err := m.verifier.Authenticate(r)
	if old, ok := verify.ExpiredSession(err); ok {
		return old, nil
	}
	if over, ok := verify.EndedSession(err); ok {
		return over, nil
	}
	if err != nil {
		return nil, asFault(err)
	}
	return s, nil
}

// asFault turns a verifier's refusal into ours. The codes are the same words.
func asFault(err error) error {
	if refusal, ok := errors.AsType[*verify.Error](err); ok {
		return fault.New(fault.Code(refusal.Code)).Because(refusal)
	}
	return err
}
