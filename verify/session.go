package verify

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/handstamp/handstamp/verify/internal/cache"
)

// Session is what a verified access token says. Identity is the issuer and Subject together, and
// nothing else: addresses and names change hands.
//
// Each request gets a Session of its own: nothing in it is shared with another request that shows
// the same token, nor with what Require decides by.
type Session struct {
	Subject  string   // who; never empty
	ID       string   // the session (sid): one sign-in on one device. Empty in tokens made without; only with no feed
	Audience []string // whom the token is for; this service among them
	ClientID string   // the program that asked for it
	TokenID  string   // the token (jti)
	KeyID    string   // the key that signed it (kid)
	Roles    []string // what the user may be
	Scope    []string // what the token may do
	AMR      []string // how the user proved who they are (RFC 8176)
	ACR      string   // how strong that was: aal1, aal2 or aal3

	AuthTime  time.Time // when the user last proved it; zero when the token does not say
	IssuedAt  time.Time
	ExpiresAt time.Time

	from  *cache.Entry // what else is known of it; nil: no verifier made it
	watch *watcher     // closes Done; nil as well
	items [room]string // of the lists, so that all is one piece of memory
}

// HasRole reports whether the user has the role, compared exactly.
func (s *Session) HasRole(role string) bool { return slices.Contains(s.Roles, role) }

// HasScope reports whether the token has the scope, compared exactly.
func (s *Session) HasScope(scope string) bool { return slices.Contains(s.Scope, scope) }

// Done returns a channel that is closed when the token expires or the session ends, so that a
// WebSocket, an event stream or a long poll can end with it. Nothing runs for a session
// whose Done is never called. The channel of a Session that no verifier made is nil.
func (s *Session) Done() <-chan struct{} {
	if s.from == nil {
		return nil
	}
	return s.watch.channel(s.from)
}

// contextKey is where a context keeps its session
type contextKey struct{}

// sessionContext is a context with a session. Of its own type, because context.WithValue takes
// longer than to find a remembered token.
type sessionContext struct {
	context.Context
	session *Session
}

// Value is the session, or what the context around it has.
func (c *sessionContext) Value(key any) any {
	if _, ours := key.(contextKey); ours {
		return c.session
	}
	return c.Context.Value(key)
}

// FromContext returns the session that Require verified: never nil behind Require, nil behind
// Optional for someone who is not signed in, nil elsewhere.
func FromContext(ctx context.Context) *Session {
	s, _ := ctx.Value(contextKey{}).(*Session)
	return s
}

// NewContext returns a context that carries s, for routers whose middleware is not made of
// http.Handler. Give it nothing but what Authenticate or Verify returned.
func NewContext(ctx context.Context, s *Session) context.Context {
	return &sessionContext{ctx, s}
}

// withSession returns r with what k says in its context. All of it is one piece of memory.
func (v *Verifier) withSession(r *http.Request, k *cache.Entry) *http.Request {
	all := &struct {
		request http.Request
		context sessionContext
		session Session
	}{}
	all.context = sessionContext{r.Context(), v.read(&all.session, k)}
	all.request = *r.WithContext(&all.context)
	return &all.request
}
