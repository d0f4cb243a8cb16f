package postgres

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

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
		&u.ID, &u.Email, &u.EmailKey, (*instant)(&u.EmailVerifiedAt), &u.Name, &u.Password, (*words)(&u.Roles),
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
		(*span)(&s.IdleLimit), (*instant)(&s.ExpiresAt), (*instant)(&s.AuthTime), (*words)(&s.AMR), &s.ACR, &s.Remember,
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
func marks(n int) string {
	var all []string
	for i := range n {
		all = append(all, "$"+strconv.Itoa(i+1))
	}
	return strings.Join(all, ", ")
}

// keepable tells whether a text can be in a column at all: PostgreSQL takes UTF-8 without NUL. What
// cannot is not found, rather than an error.
func keepable[T ~string](text T) bool {
	return utf8.ValidString(string(text)) && !strings.ContainsRune(string(text), 0)
}

// instant is a time in its column: Unix milliseconds, NULL for the zero time.
type instant time.Time

// Int64Value gives the column.
func (t instant) Int64Value() (pgtype.Int8, error) {
	return pgtype.Int8{Int64: time.Time(t).UnixMilli(), Valid: !time.Time(t).IsZero()}, nil
}

// ScanInt64 reads the column.
func (t *instant) ScanInt64(column pgtype.Int8) error {
	*t = instant{}
	if column.Valid {
		*t = instant(time.UnixMilli(column.Int64).UTC())
	}
	return nil
}

// span is a duration in its column: milliseconds.
type span time.Duration

// Int64Value gives the column.
func (d span) Int64Value() (pgtype.Int8, error) {
	return pgtype.Int8{Int64: time.Duration(d).Milliseconds(), Valid: true}, nil
}

// ScanInt64 reads the column.
func (d *span) ScanInt64(column pgtype.Int8) error {
	*d = span(time.Duration(column.Int64) * time.Millisecond)
	return nil
}

// sid is a session's id in its column: base64url, so that a person can compare it with a token's.
type sid store.SessionID

// TextValue gives the column.
func (id sid) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: store.SessionID(id).String(), Valid: true}, nil
}

// ScanText reads the column.
func (id *sid) ScanText(column pgtype.Text) error {
	parsed, err := store.ParseSessionID(column.String)
	*id = sid(parsed)
	return err
}

// nonce is a nonce in its column: 8 bytes.
type nonce store.Nonce

// BytesValue gives the column.
func (n nonce) BytesValue() ([]byte, error) { return n[:], nil }

// ScanBytes reads the column.
func (n *nonce) ScanBytes(column []byte) error {
	if len(column) != len(n) {
		return fmt.Errorf("column holds %d bytes", len(column))
	}
	copy(n[:], column)
	return nil
}

// address is an IP address in its column: text, empty when it is not known.
type address netip.Addr

// TextValue gives the column.
func (a address) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: a.text(), Valid: true}, nil
}

// text gives the column as text.
func (a address) text() string {
	if !netip.Addr(a).IsValid() {
		return ""
	}
	return netip.Addr(a).String()
}

// ScanText reads the column.
func (a *address) ScanText(column pgtype.Text) error {
	*a = address{}
	if column.String == "" {
		return nil
	}
	parsed, err := netip.ParseAddr(column.String)
	*a = address(parsed)
	return err
}

// words is a list of words in its column: an array, empty for nil.
type words []string

// Dimensions gives the column's length, which is never NULL.
func (w words) Dimensions() []pgtype.ArrayDimension {
	if len(w) == 0 {
		return []pgtype.ArrayDimension{}
	}
	return []pgtype.ArrayDimension{{Length: int32(len(w)), LowerBound: 1}}
}

// Index gives one word.
func (w words) Index(i int) any { return w[i] }

// IndexType says what a word is.
func (w words) IndexType() any { return "" }

// SetDimensions makes room for the column's words.
func (w *words) SetDimensions(dimensions []pgtype.ArrayDimension) error {
	*w = nil
	if len(dimensions) == 1 {
		*w = make(words, dimensions[0].Length)
	}
	return nil
}

// ScanIndex gives where a word goes to.
func (w *words) ScanIndex(i int) any { return &(*w)[i] }

// ScanIndexType says what a word is.
func (w *words) ScanIndexType() any { return new(string) }

// cut gives a time as it is kept: whole milliseconds, UTC.
func cut(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
