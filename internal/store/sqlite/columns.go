package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/store"
)

// userColumns are a user's, in the order of userFields.
var userColumns = []string{
	"id", "email", "email_key", "email_verified_at", "name", "password", "roles",
	"created_at", "disabled_at", "not_before",
}

// userFields gives where a user's columns go to, or come from.
func userFields(u *store.User) []any {
	return []any{
		&u.ID, &u.Email, &u.EmailKey, (*instant)(&u.EmailVerifiedAt), &u.Name, &u.Password, (*list)(&u.Roles),
		(*instant)(&u.CreatedAt), (*instant)(&u.DisabledAt), &u.NotBefore,
	}
}

// sessionColumns are a session's, in the order of sessionFields.
var sessionColumns = []string{
	"id", "user_id",
	"generation", "nonce", "parent", "parent_forked", "forks", "rotated_at",
	"created_at", "created_ip", "created_agent",
	"last_used_at", "last_used_ip", "last_used_agent",
	"idle_limit", "expires_at", "auth_time", "amr", "acr", "remember",
	"ended_at", "end_reason", "ended_by",
}

// sessionFields gives where a session's columns go to, or come from.
func sessionFields(s *store.Session) []any {
	return []any{
		(*sid)(&s.ID), &s.User,
		&s.Line.Generation, (*nonce)(&s.Line.Nonce), (*nonce)(&s.Line.Parent), &s.Line.ParentForked, &s.Line.Forks, (*instant)(&s.Line.RotatedAt),
		(*instant)(&s.CreatedAt), (*address)(&s.CreatedBy.IP), &s.CreatedBy.Agent,
		(*instant)(&s.LastUsedAt), (*address)(&s.LastUsedBy.IP), &s.LastUsedBy.Agent,
		(*span)(&s.IdleLimit), (*instant)(&s.ExpiresAt), (*instant)(&s.AuthTime), (*list)(&s.AMR), &s.ACR, &s.Remember,
		(*instant)(&s.EndedAt), &s.EndReason, &s.EndedBy,
	}
}

// standingFields are a session's fields and then its user's.
func standingFields(s *store.Standing) []any {
	return append(sessionFields(&s.Session), userFields(&s.User)...)
}

// columns lists columns for a statement, each behind the prefix, such as "s.".
func columns(prefix string, names []string) string {
	return prefix + strings.Join(names, ", "+prefix)
}

// marks gives a statement's place holders for n values.
func marks(n int) string { return strings.Repeat("?, ", n-1) + "?" }

// instant is a time in its column: Unix milliseconds, NULL for the zero time.
type instant time.Time

// Value gives the column.
func (t instant) Value() (driver.Value, error) {
	if time.Time(t).IsZero() {
		return nil, nil
	}
	return time.Time(t).UnixMilli(), nil
}

// Scan reads the column.
func (t *instant) Scan(column any) error {
	switch ms := column.(type) {
	case nil:
		*t = instant{}
	case int64:
		*t = instant(time.UnixMilli(ms).UTC())
	default:
		return wrongType(column)
	}
	return nil
}

// span is a duration in its column: milliseconds.
type span time.Duration

// Value gives the column.
func (d span) Value() (driver.Value, error) { return time.Duration(d).Milliseconds(), nil }

// Scan reads the column.
func (d *span) Scan(column any) error {
	ms, ok := column.(int64)
	if !ok {
		return wrongType(column)
	}
	*d = span(time.Duration(ms) * time.Millisecond)
	return nil
}

// sid is a session's id in its column: base64url, so that a person can compare it with a token's.
type sid store.SessionID

// Value gives the column.
func (id sid) Value() (driver.Value, error) { return store.SessionID(id).String(), nil }

// Scan reads the column.
func (id *sid) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return wrongType(column)
	}
	parsed, err := store.ParseSessionID(text)
	*id = sid(parsed)
	return err
}

// nonce is a nonce in its column: 8 bytes.
type nonce store.Nonce

// Value gives the column.
func (n nonce) Value() (driver.Value, error) { return n[:], nil }

// Scan reads the column.
func (n *nonce) Scan(column any) error {
	raw, ok := column.([]byte)
	if !ok || len(raw) != len(n) {
		return wrongType(column)
	}
	copy(n[:], raw)
	return nil
}

// address is an IP address in its column: text, empty when it is not known.
type address netip.Addr

// Value gives the column.
func (a address) Value() (driver.Value, error) {
	if !netip.Addr(a).IsValid() {
		return "", nil
	}
	return netip.Addr(a).String(), nil
}

// Scan reads the column.
func (a *address) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return wrongType(column)
	}
	*a = address{}
	if text == "" {
		return nil
	}
	parsed, err := netip.ParseAddr(text)
	*a = address(parsed)
	return err
}

// list is a list of words in its column: a JSON array.
type list []string

// Value gives the column.
func (l list) Value() (driver.Value, error) {
	if len(l) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(l)
	return string(text), err
}

// Scan reads the column.
func (l *list) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return wrongType(column)
	}
	*l = nil
	if text == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*[]string)(l))
}

// wrongType says that a column holds what we never put there.
func wrongType(column any) error {
	if column == nil {
		return errors.New("column is NULL")
	}
	return fmt.Errorf("column holds a %T", column)
}
