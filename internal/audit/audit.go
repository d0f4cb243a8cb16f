// Package audit writes one line for each security decision: who did what to whom, and how
// it went. A line never holds a password, token, cookie or key.
package audit

import (
	"context"
	"log/slog"
	"strings"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Name names an event. A released name is never changed.
type Name string

// Every event there is.
const (
	UserCreated      Name = "user_created"
	UserRenamed      Name = "user_renamed"
	UserDisabled     Name = "user_disabled"
	UserDeleted      Name = "user_deleted"
	UserExported     Name = "user_exported"
	RolesChanged     Name = "roles_changed"
	PasswordChanged  Name = "password_changed"
	SignInFailed     Name = "sign_in_failed"
	SessionBegun     Name = "session_begun"
	SessionEnded     Name = "session_ended"
	RefreshRecovered Name = "refresh_recovered"
	RefreshReused    Name = "refresh_reused"
	RefreshRefused   Name = "refresh_refused"
	RowBehind        Name = "row_behind"
	KeyAdded         Name = "key_added"
	KeyDropped       Name = "key_dropped"
	KeyRevoked       Name = "key_revoked"
	EverythingEnded  Name = "everything_ended"
	ServiceCreated   Name = "service_created"
	ServiceRevoked   Name = "service_revoked"
	ServiceRefused   Name = "service_refused"
)

// Message is what every line of the audit log says, by which it is told from other lines.
const Message = "audit"

// Caller is who acts. Domain methods that touch somebody's things cannot be called without one.
type Caller struct {
	User      store.UserID    // empty: nobody is signed in, or Operator
	Session   store.SessionID // the caller's own session; zero: none
	Service   store.ServiceID // a program with a service key; empty: none
	Operator  bool            // at the terminal, with the database in hand
	Client    store.Client    // where the request came from
	Device    func() string   // the agent for people, such as "Firefox on Linux"; nil: it has no name. See DeviceName
	RequestID string          // empty: not a request
}

// Operator is whoever runs commands beside the database.
func Operator() Caller {
	return Caller{Operator: true, Device: func() string { return "the operator" }}
}

// DeviceName returns what Device does, or empty. To find it takes longer than much else of a
// request, so it is asked for where it is kept, and nowhere else.
func (c Caller) DeviceName() string {
	if c.Device == nil {
		return ""
	}
	return c.Device()
}

// MustOperate returns the fault insufficient_role unless the caller may do what is for the
// operator: see and change what belongs to others. Who may is decided here and nowhere else.
func (c Caller) MustOperate() error {
	if !c.Operator {
		return fault.New(fault.InsufficientRole)
	}
	return nil
}

// MustSignIn returns the fault missing_token unless a user is signed in.
func (c Caller) MustSignIn() error {
	if c.User == "" {
		return fault.New(fault.MissingToken)
	}
	return nil
}

// Event is one decision.
type Event struct {
	Name    Name
	User    store.UserID    // whom it concerns; empty: nobody known
	Session store.SessionID // zero: none
	Key     string          // a kid; empty: none
	Service string          // a service key by id and name, never the key; empty: none
	Reason  string          // why, such as an EndReason or the internal cause of a refusal
	Count   int             // how many ended; 0: not said
}

// Log writes events.
type Log struct{ logger *slog.Logger }

// New writes events to logger.
func New(logger *slog.Logger) *Log { return &Log{logger} }

// Record writes one event at level info, with who acted.
func (l *Log) Record(ctx context.Context, by Caller, e Event) {
	attrs := []slog.Attr{slog.String("event", string(e.Name))}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("user", string(e.User))
	if !e.Session.IsZero() {
		add("session", e.Session.String())
	}
	add("key", e.Key)
	add("service", e.Service)
	add("reason", e.Reason)
	if e.Count > 0 {
		attrs = append(attrs, slog.Int("count", e.Count))
	}
	add("actor", by.name())
	if by.Client.IP.IsValid() {
		add("ip", by.Client.IP.String())
	}
	add("agent", by.Client.Agent)
	add("request_id", by.RequestID)
	l.logger.LogAttrs(ctx, slog.LevelInfo, Message, attrs...)
}

// name is how the actor stands in the log.
func (c Caller) name() string {
	if c.Operator {
		return "operator"
	}
	if c.Service != "" {
		return string(c.Service)
	}
	return string(c.User)
}

// Abbreviate keeps a text of unknown length short in a log line: its first 80 bytes.
func Abbreviate(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}
