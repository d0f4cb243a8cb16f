package jose_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// TestDecodeBase64Refuses lists text that lenient decoders take for the same bytes as another one.
func TestDecodeBase64Refuses(t *testing.T) {
	for _, test := range []struct{ name, text string }{
		{"one character", "A"},
		{"five characters", "AAAAA"},
		{"padding", "AA=="},
		{"padding of one", "AAA="},
		{"padding alone", "="},
		{"the other alphabet, plus", "+AAA"},
		{"the other alphabet, slash", "AA/A"},
		{"a blank", "AA AA"},
		{"a blank at the end", "AAAA "},
		{"CR, which Go's strict decoder skips", "AA\rAA"},
		{"LF, which Go's strict decoder skips", "AAAA\n"},
		{"CR and LF in front", "\r\nAAAA"},
		{"a tab", "AA\tA"},
		{"NUL", "AAA\x00"},
		{"a byte beyond ASCII", "AAA\xff"},
		{"a letter beyond ASCII", "AAé"},
		{"two bits beyond the last byte", "AAB"},
		{"four bits beyond the last byte", "AB"},
		{"all bits beyond the last byte", "A_"},
		{"a dot", "AAA."},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := jose.DecodeBase64(test.text); err == nil {
				t.Errorf("DecodeBase64(%q) = %x, want an error", test.text, got)
			}
		})
	}
}

// TestBase64RoundTrip compares with the standard library on every length and byte.
func TestBase64RoundTrip(t *testing.T) {
	var src []byte
	for i := range 300 {
		want := base64.RawURLEncoding.EncodeToString(src)
		got := jose.EncodeBase64(src)
		if got != want || len(got) != jose.EncodedLen(len(src)) {
			t.Fatalf("EncodeBase64(%x) = %q, want %q", src, got, want)
		}
		back, err := jose.DecodeBase64(got)
		if err != nil || !bytes.Equal(back, src) {
			t.Fatalf("DecodeBase64(%q) = %x, %v, want %x", got, back, err, src)
		}
		src = append(src, byte(i*7))
	}
}

// FuzzDecodeBase64 proves that no two texts decode to the same bytes.
func FuzzDecodeBase64(f *testing.F) {
	for _, seed := range []string{"", "AA", "AB", "AAA", "AA==", "AA\nA", "-_", "eyJhbGciOiJFUzI1NiJ9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := jose.DecodeBase64(text)
		if err == nil && jose.EncodeBase64(got) != text {
			t.Errorf("DecodeBase64(%q) = %x, which is written %q", text, got, jose.EncodeBase64(got))
		}
	})
}
