package store

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"

	"github.com/handstamp/handstamp/internal/secret"
)

// SessionID is a session's 16 random bytes. It is not a credential.
type SessionID [16]byte

// NewSessionID draws a session id. None begins with a dash as a sid, which a command would read
// as an option when somebody pastes the sid behind it.
func NewSessionID() SessionID {
	for {
		if id := SessionID(secret.Random(len(SessionID{}))); id.String()[0] != '-' {
			return id
		}
	}
}

// String returns the sid: 22 base64url characters.
func (id SessionID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// IsZero reports whether there is no session.
func (id SessionID) IsZero() bool { return id == SessionID{} }

// strictBase64 takes one spelling of what it decodes.
var strictBase64 = base64.RawURLEncoding.Strict()

// errNotSessionID is all that is said of a text that is no sid.
var errNotSessionID = errors.New("not a session id")

// ParseSessionID reads a sid, strictly: what it accepts, String returns back.
func ParseSessionID(sid string) (SessionID, error) {
	var id SessionID
	if len(sid) != 22 {
		return id, errNotSessionID
	}
	if n, err := strictBase64.Decode(id[:], []byte(sid)); err != nil || n != len(id) {
		return SessionID{}, errNotSessionID
	}
	return id, nil
}

// EndReason says why a session ended. The person is told.
type EndReason string

// Every reason there is. protocol.md §1
const (
	SignedOut       EndReason = "signed_out"
	EndedByUser     EndReason = "ended_by_user"
	EndedByAdmin    EndReason = "ended_by_admin"
	EndedIdle       EndReason = "idle"
	EndedExpired    EndReason = "expired"
	EndedReplaced   EndReason = "replaced"
	ReuseDetected   EndReason = "reuse_detected"
	PasswordChanged EndReason = "password_changed"
	UserDisabled    EndReason = "user_disabled"
	UserDeleted     EndReason = "user_deleted"
)

// Client is what a request tells of where it comes from. NewClient makes one.
type Client struct {
	IP    netip.Addr // the zero Addr: not known
	Agent string     // the User-Agent header: UTF-8, at most MaxAgent bytes; empty: none
}

// NewClient makes a client of what a stranger sent: of the header as much as we keep, and
// nothing that a database could refuse or give back otherwise.
func NewClient(ip netip.Addr, userAgent string) Client {
	agent := strings.ReplaceAll(strings.ToValidUTF8(userAgent, "\uFFFD"), "\x00", "\uFFFD")
	if len(agent) > MaxAgent {
		agent = strings.ToValidUTF8(agent[:MaxAgent], "") // not half a rune
	}
	return Client{IP: ip, Agent: agent}
}

// MaxAgent is how much of a User-Agent header is kept, in bytes.
const MaxAgent = 256

// Near reports whether two requests look like one client: the same agent, and the same
// network (IPv4 /24, IPv6 /48). protocol.md §4
func (c Client) Near(other Client) bool {
	return c.Agent == other.Agent && network(c.IP) == network(other.IP)
}

// network returns the network that an address counts as.
func network(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap()
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	prefix, err := ip.WithZone("").Prefix(bits)
	if err != nil { // the zero Addr
		return netip.Prefix{}
	}
	return prefix
}

// Session is one sign-in on one device: one row, whatever its age.
type Session struct {
	ID   SessionID
	User UserID
	Line Line // the state of its refresh tokens

	CreatedAt  time.Time
	CreatedBy  Client    // who signed in
	LastUsedAt time.Time // of the last sign-in, rotation or recovery
	LastUsedBy Client    // who rotated last; at first, who signed in

	IdleLimit time.Duration // unused this long, the session is over
	ExpiresAt time.Time     // at this time the session is over; never moved

	AuthTime time.Time // of the last full authentication
	AMR      []string  // the methods used, RFC 8176
	ACR      string    // aal1, aal2 or aal3
	Remember bool      // the browser keeps the cookie when it closes

	EndedAt   time.Time // zero: not ended
	EndReason EndReason // empty: not ended
	EndedBy   string    // who ended it, such as "Firefox on Linux"; empty: nobody else
}

// Over returns why the session is over at now, or "" while it lives.
// At exactly a limit it is over.
func (s Session) Over(now time.Time) EndReason {
	switch {
	case s.EndReason != "":
		return s.EndReason
	case !now.Before(s.ExpiresAt):
		return EndedExpired
	case now.Sub(s.LastUsedAt) >= s.IdleLimit:
		return EndedIdle
	}
	return ""
}

// OverAt returns when the session was ended, or else when it is over if nothing more happens to
// it.
func (s Session) OverAt() time.Time {
	if !s.EndedAt.IsZero() {
		return s.EndedAt
	}
	if idle := s.LastUsedAt.Add(s.IdleLimit); idle.Before(s.ExpiresAt) {
		return idle
	}
	return s.ExpiresAt
}

// Beginning is a sign-in about to become a session.
type Beginning struct {
	Session  Session
	Password PasswordHash // what was checked; the row must still hold it. Empty: not a password
	Replaces SessionID    // a session that the client presented, anybody's; zero: none
}

// Allowed reports whether the session may begin, with its user's row as it is.
func (b Beginning) Allowed(u User) bool {
	return !u.Disabled() && (b.Password == "" || b.Password == u.Password)
}

// Ending asks for the end of one session.
type Ending struct {
	Session SessionID
	Owner   UserID    // whose it must be; empty: anybody's
	Reason  EndReason // kept on the row
	By      string    // kept on the row
}

// EndedSession is a session that an engine has just ended.
type EndedSession struct {
	ID   SessionID
	Live bool // it was not past a limit before
}

// EndEntries returns the entries that the end of these sessions writes, and how many of them were
// live. One that was past its limits has an entry too: after a restore, or where a clock was set,
// its row may not know of its youngest access token.
func EndEntries(all []EndedSession) (entries []revoked.Entry, live int) {
	for _, s := range all {
		if s.Live {
			live++
		}
		entries = append(entries, revoked.Entry{Kind: revoked.Session, ID: s.ID.String()})
	}
	return entries, live
}

// Standing is a session with its user, read together.
type Standing struct {
	Session Session
	User    User
}

// Sessions keeps sign-ins. No index is on anything that a refresh changes.
type Sessions interface {
	// Begin keeps a new session and ends the one it replaces, with its entry in the log; one
	// that is not live does no harm. The user is read in the same transaction: the
	// fault is invalid_credentials when the user is gone, disabled, or has another password by
	// now. It returns the user as read.
	Begin(ctx context.Context, b Beginning, now time.Time) (User, error)

	// Rotate decides what a presented refresh token is worth, by the table of protocol.md §4,
	// and writes what follows from it before it returns. Of any number of concurrent calls
	// with the same token exactly one is Rotated; the others are Repeated or Recovered and
	// see the same row. A token off the line ends the session before Rotate returns Reused.
	// A session found past its limits is ended for good, with its entry in the log. Without a
	// row the outcome is Ended, and its Standing is zero. The caller has checked the MAC.
	Rotate(ctx context.Context, p Presented, now time.Time) (Outcome, error)

	// Session returns one session with its user, live or over. The fault is session_not_found.
	Session(ctx context.Context, id SessionID) (Standing, error)

	// LiveSessions returns a user's sessions that are not over at now, last used first, at most
	// MaxListed.
	LiveSessions(ctx context.Context, user UserID, now time.Time) ([]Session, error)

	// AllSessions returns every session of a user that is kept, live or over, newest first.
	AllSessions(ctx context.Context, user UserID) ([]Session, error)

	// EndSession ends one live session, with its entry in the log. The fault is
	// session_not_found when there is none, it is over, or it is not Owner's.
	EndSession(ctx context.Context, e Ending, now time.Time) error

	// EndOtherSessions ends every live session of e.Owner but e.Session (zero: every one), each
	// with its entry, all or nothing, and returns their number.
	EndOtherSessions(ctx context.Context, e Ending, now time.Time) (int, error)
}

// MaxListed is how many sessions LiveSessions returns at most.
const MaxListed = 500
