// Package secret holds values that must not be printed: passwords, tokens, keys.
package secret

import "log/slog"

// redacted is what every way of printing shows.
const redacted = "(secret)"

// Text is a secret string. Every fmt verb, JSON and slog show "(secret)"; only Reveal returns the
// value. The zero Text is empty.
//
// It holds a pointer, because fmt prints a string type inside an unexported field as it
// is, whatever its String method says.
type Text struct{ value *string }

// New wraps value.
func New(value string) Text { return Text{&value} }

// Reveal returns the value, for the one place that needs it.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty reports whether there is nothing inside.
func (t Text) Empty() bool { return t.Reveal() == "" }

// String never shows the value.
func (t Text) String() string { return redacted }

// GoString never shows the value.
func (t Text) GoString() string { return redacted }

// MarshalText never shows the value, in JSON or elsewhere.
func (t Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText takes the value in, from JSON and from settings.
func (t *Text) UnmarshalText(text []byte) error {
	*t = New(string(text))
	return nil
}

// LogValue never shows the value.
func (t Text) LogValue() slog.Value { return slog.StringValue(redacted) }
