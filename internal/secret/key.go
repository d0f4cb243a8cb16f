package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
)

// Key is secret key material. It prints as "(secret)" like a Text; only Reveal returns the bytes.
// The zero Key is empty.
type Key struct{ bytes Text }

// NewKey wraps a copy of key.
func NewKey(key []byte) Key { return Key{New(string(key))} }

// Reveal returns a copy of the bytes, for the one place that needs them.
func (k Key) Reveal() []byte { return []byte(k.bytes.Reveal()) }

// Len returns how many bytes the key has.
func (k Key) Len() int { return len(k.bytes.Reveal()) }

// MAC returns the HMAC-SHA-256 of message under the key, 32 bytes. It panics for an empty key,
// whose MACs everybody could make. RFC 2104
func (k Key) MAC(message []byte) []byte {
	if k.Len() == 0 {
		panic("secret: no key")
	}
	h := hmac.New(sha256.New, k.Reveal())
	h.Write(message)
	return h.Sum(nil)
}

// String never shows the key.
func (k Key) String() string { return redacted }

// GoString never shows the key.
func (k Key) GoString() string { return redacted }

// MarshalText never shows the key, in JSON or elsewhere.
func (k Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue never shows the key.
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// Random returns n bytes that nobody can guess.
func Random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // documented never to fail: it crashes the program first
	return b
}
