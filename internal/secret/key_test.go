package secret_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/secret"
)

// TestKeyIsNotPrinted prints a key in every way that Go has.
func TestKeyIsNotPrinted(t *testing.T) {
	key := secret.NewKey([]byte(canary))
	held := struct {
		Open   secret.Key
		hidden secret.Key
	}{key, key}
	forms := []string{
		canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), strings.Trim(fmt.Sprint([]byte(canary)), "[]"),
	}
	var all strings.Builder
	for _, verb := range verbs {
		for _, value := range []any{key, &key, held, &held, []secret.Key{key}, map[string]secret.Key{"k": key}} {
			fmt.Fprintf(&all, verb+"\n", value)
		}
	}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&all, nil), slog.NewTextHandler(&all, nil)} {
		slog.New(handler).Info("test", "key", key, "struct", held, "any", slog.AnyValue(&held))
	}
	encoded, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}
	all.Write(encoded)
	for _, form := range forms {
		if strings.Contains(all.String(), form) {
			t.Errorf("printed %q, want no key", form)
		}
	}
}

// TestKeyReveal returns the bytes, and a copy of them: who changes it does not change the key.
func TestKeyReveal(t *testing.T) {
	given := []byte(canary)
	key := secret.NewKey(given)
	given[0] = 'X'
	key.Reveal()[0] = 'X'
	if got := key.Reveal(); string(got) != canary || key.Len() != len(canary) {
		t.Errorf("Reveal() = %q, Len() = %d, want what was given", got, key.Len())
	}
	if zero := (secret.Key{}); zero.Len() != 0 || len(zero.Reveal()) != 0 {
		t.Error("the zero Key is not empty")
	}
}

// TestKeyMAC is HMAC-SHA-256. RFC 4231 §4.3
func TestKeyMAC(t *testing.T) {
	const want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	got := secret.NewKey([]byte("Jefe")).MAC([]byte("what do ya want for nothing?"))
	if hex.EncodeToString(got) != want {
		t.Errorf("MAC() = %x, want %s", got, want)
	}
	defer func() {
		if recover() == nil {
			t.Error("the empty key signed")
		}
	}()
	secret.Key{}.MAC(nil)
}

// TestRandom returns as many bytes as asked for, others each time.
func TestRandom(t *testing.T) {
	one, two := secret.Random(32), secret.Random(32)
	if len(one) != 32 || bytes.Equal(one, two) || bytes.Equal(one, make([]byte, 32)) {
		t.Errorf("Random(32) = %x, then %x, want 32 bytes, others each time", one, two)
	}
}
