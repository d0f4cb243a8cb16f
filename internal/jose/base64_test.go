package jose_test

import (
	"bytes"
	"encoding/base64"
	"strings"
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

// TestDecodeBase64EveryByte puts every byte into every place of texts of every length, and compares
// what is accepted with the alphabet and the standard library's strict decoder.
func TestDecodeBase64EveryByte(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for length := range 37 {
		text := []byte("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eH"[:length])
		for i := range text {
			was := text[i]
			for c := range 256 {
				text[i] = byte(c)
				want, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
				good := err == nil && strings.IndexByte(alphabet, byte(c)) >= 0
				got, err := jose.DecodeBase64(string(text))
				if (err == nil) != good || good && !bytes.Equal(got, want) {
					t.Fatalf("DecodeBase64(%q) = %x, %v, want %x, %v", text, got, err, want, good)
				}
			}
			text[i] = was
		}
	}
}

// TestAppendDecoded leaves what is there, whatever room there is behind it.
func TestAppendDecoded(t *testing.T) {
	for room := range 20 {
		dst := append(make([]byte, 0, 3+room), "abc"...)
		got, err := jose.AppendDecoded(dst, "AQIDBAUGBwgJCg")
		if want := "abc\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a"; err != nil || string(got) != want {
			t.Errorf("AppendDecoded with room for %d = %q, %v, want %q", room, got, err, want)
		}
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
