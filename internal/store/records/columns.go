package records

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp/internal/store"
)

// Instant is a time in its column: Unix milliseconds, NULL for the zero time.
type Instant time.Time

// Value returns the column.
func (t Instant) Value() (driver.Value, error) {
	if time.Time(t).IsZero() {
		return nil, nil
	}
	return time.Time(t).UnixMilli(), nil
}

// Scan reads the column.
func (t *Instant) Scan(column any) error {
	switch ms := column.(type) {
	case nil:
		*t = Instant{}
	case int64:
		*t = Instant(time.UnixMilli(ms).UTC())
	default:
		return wrongType(column)
	}
	return nil
}

// Span is a duration in its column: milliseconds.
type Span time.Duration

// Value returns the column.
func (d Span) Value() (driver.Value, error) { return time.Duration(d).Milliseconds(), nil }

// Scan reads the column.
func (d *Span) Scan(column any) error {
	ms, ok := column.(int64)
	if !ok {
		return wrongType(column)
	}
	*d = Span(time.Duration(ms) * time.Millisecond)
	return nil
}

// SessionID is a session's id in its column: base64url, so that a person can compare it with a
// token's.
type SessionID store.SessionID

// Value returns the column.
func (id SessionID) Value() (driver.Value, error) { return store.SessionID(id).String(), nil }

// Scan reads the column.
func (id *SessionID) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return wrongType(column)
	}
	parsed, err := store.ParseSessionID(text)
	*id = SessionID(parsed)
	return err
}

// Nonce is a nonce in its column: 8 bytes.
type Nonce store.Nonce

// Value returns the column.
func (n Nonce) Value() (driver.Value, error) { return n[:], nil }

// Scan reads the column.
func (n *Nonce) Scan(column any) error { return scanBytes(n[:], column) }

// Hash is a SHA-256 in its column: 32 bytes.
type Hash [32]byte

// Value returns the column.
func (h Hash) Value() (driver.Value, error) { return h[:], nil }

// Scan reads the column.
func (h *Hash) Scan(column any) error { return scanBytes(h[:], column) }

// scanBytes reads a column of so many bytes.
func scanBytes(into []byte, column any) error {
	raw, ok := column.([]byte)
	if !ok || len(raw) != len(into) {
		return wrongType(column)
	}
	copy(into, raw)
	return nil
}

// Address is an IP address in its column: text, empty when it is not known.
type Address netip.Addr

// String returns the column.
func (a Address) String() string {
	if !netip.Addr(a).IsValid() {
		return ""
	}
	return netip.Addr(a).String()
}

// Value returns the column.
func (a Address) Value() (driver.Value, error) { return a.String(), nil }

// Scan reads the column.
func (a *Address) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return wrongType(column)
	}
	*a = Address{}
	if text == "" {
		return nil
	}
	parsed, err := netip.ParseAddr(text)
	*a = Address(parsed)
	return err
}

// Words is a list of words in its column: a JSON array, [] for nil. An empty list is read as nil.
type Words []string

// Value returns the column.
func (w Words) Value() (driver.Value, error) {
	if len(w) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal([]string(w))
	return string(text), err
}

// Scan reads the column.
func (w *Words) Scan(column any) error {
	text, ok := column.(string)
	if !ok {
		return wrongType(column)
	}
	*w = nil
	if text == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*[]string)(w))
}

// wrongType says that a column holds what we never put there.
func wrongType(column any) error {
	switch c := column.(type) {
	case nil:
		return errors.New("column is NULL")
	case []byte:
		return fmt.Errorf("column holds %d bytes", len(c))
	}
	return fmt.Errorf("column holds a %T", column)
}
