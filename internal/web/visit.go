package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/verify"
)

// visit is what is known of one request, filled on the way and logged once at the end.
type visit struct {
	start   time.Time
	id      string // for the person to report and the log to find
	client  store.Client
	route   Route           // zero: none matched
	session *verify.Session // nil: nobody signed in
	service store.Service   // zero: no service
	refused *fault.Fault    // nil: it went well
}

// visitKey finds the visit in a request's context.
type visitKey struct{}

// newVisit begins one. The first of all whose address cannot be read is an error in the log: after
// it the proxy is set up wrongly for all the others as well.
func (m *Middleware) newVisit(r *http.Request) *visit {
	ip, err := m.site.clientIP(r)
	if err != nil {
		m.unreadable.Do(func() {
			m.log.Error("the address of a client cannot be read from X-Forwarded-For, as a trusted proxy sends it; "+
				"clients without an address share their limits, and this is said once",
				"error", err, "proxy", r.RemoteAddr)
		})
	}
	return &visit{
		start:  time.Now(),
		id:     base64.RawURLEncoding.EncodeToString(secret.Random(9)),
		client: store.NewClient(ip, r.UserAgent()),
	}
}

// withVisit puts it where handlers find it.
func withVisit(ctx context.Context, v *visit) context.Context {
	return context.WithValue(ctx, visitKey{}, v)
}

// visitOf returns the request's visit. It panics for a request that did not come in by the
// middleware.
func visitOf(r *http.Request) *visit { return r.Context().Value(visitKey{}).(*visit) }

// identify notes who calls.
func (v *visit) identify(s *verify.Session) error {
	v.session = s
	if _, err := store.ParseSessionID(s.ID); err != nil {
		return fault.New(fault.InvalidToken).Because(err)
	}
	return nil
}

// fault notes why the request was refused.
func (v *visit) fault(f *fault.Fault) { v.refused = f }

// RequestID names the request, for the person to report.
func RequestID(r *http.Request) string { return visitOf(r).id }

// RouteOf returns the route that the request matched; zero if there was none.
func RouteOf(r *http.Request) Route { return visitOf(r).route }

// SessionOf returns the session of the access token that let the request in; nil on a route
// that is open to anyone.
func SessionOf(r *http.Request) *verify.Session { return visitOf(r).session }

// ServiceOf returns the service whose key let the request in; zero on other routes, and in
// development without a key.
func ServiceOf(r *http.Request) store.Service { return visitOf(r).service }

// Caller returns who acts, as domain methods want it.
func Caller(r *http.Request) audit.Caller {
	v := visitOf(r)
	by := audit.Caller{
		Service: v.service.ID, Client: v.client, RequestID: v.id,
		Device: func() string { return Device(v.client.Agent) },
	}
	if v.session != nil {
		by.User = store.UserID(v.session.Subject)
		by.Session, _ = store.ParseSessionID(v.session.ID) // identify has checked it
	}
	return by
}

// Keys of the log line. They never change.
const (
	logMethod    = "method"
	logRoute     = "route"
	logStatus    = "status"
	logDuration  = "ms"
	logIP        = "ip"
	logRequestID = "request_id"
	logUser      = "user"
	logSession   = "session"
	logService   = "service"
	logCode      = "code"
	logCause     = "error"
)

// logTo writes the line. The path as sent and its query stay out of it: somebody may have
// put a token there. Faults of ours are errors; what a stranger sent is not.
func (v *visit) logTo(log *slog.Logger, r *http.Request, status int) {
	level, took := slog.LevelInfo, time.Since(v.start)
	attrs := append(make([]slog.Attr, 0, 8),
		slog.String(logMethod, printableMethod(r.Method)), slog.String(logRoute, v.route.Pattern),
		slog.Int(logStatus, status),
		slog.Float64(logDuration, float64(took.Microseconds())/1000),
		slog.String(logRequestID, v.id),
	)
	if v.client.IP.IsValid() {
		attrs = append(attrs, slog.String(logIP, v.client.IP.String()))
	}
	if v.session != nil {
		attrs = append(attrs, slog.String(logUser, v.session.Subject), slog.String(logSession, v.session.ID))
	}
	if v.service.ID != "" {
		attrs = append(attrs, slog.String(logService, v.service.Label()))
	}
	if f := v.refused; f != nil {
		attrs = append(attrs, slog.String(logCode, string(f.Code)))
		if f.Cause != nil {
			attrs = append(attrs, slog.String(logCause, f.Cause.Error()))
		}
		if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
			level = slog.LevelError
		}
	}
	if ctx := r.Context(); log.Enabled(ctx, level) {
		line := slog.NewRecord(v.start.Add(took), level, "request", 0) // of no place in the code: it is the same always
		line.AddAttrs(attrs...)
		_ = log.Handler().Handle(ctx, line) // as slog.Logger does: there is nobody to tell
	}
}

// printableMethod keeps a stranger's text out of the log.
func printableMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return method
	}
	return "other"
}

// panicError is a panic with where it happened.
type panicError struct {
	value any
	stack []byte
}

// newPanicError keeps the stack of the panic that is being recovered from.
func newPanicError(value any) error { return &panicError{value, debug.Stack()} }

// Error is for the log alone.
func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// recorder notes the status of a response.
type recorder struct {
	http.ResponseWriter
	status int // 0: nothing written yet
}

// WriteHeader notes the status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes the status that a first write implies.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard is a ResponseWriter whose body nobody reads.
type discard struct{ header http.Header }

// Header returns the header.
func (d discard) Header() http.Header { return d.header }

// WriteHeader does nothing.
func (d discard) WriteHeader(int) {}

// Write drops p.
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
