package server_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/server"
)

// TestSharedSecret refuses what people made up, and takes random bytes in every spelling.
func TestSharedSecret(t *testing.T) {
	for _, bad := range []string{
		"", "correct horse battery staple and a very long tail", "correct-horse-battery-staple-and-more-of-it",
		"CorrectHorseBatteryStapleAndMoreOfIt", "thequickbrownfoxjumpsoverthelazydog",
		"My dog has fleas in summer 1999!!",
	} {
		if err := server.CheckSharedSecret([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for range 2000 {
		raw := make([]byte, 32)
		rand.Read(raw)
		for _, good := range []string{
			string(raw), hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw),
			base64.RawURLEncoding.EncodeToString(raw), rand.Text() + rand.Text(),
			strings.ToUpper(hex.EncodeToString(raw)),
		} {
			if err := server.CheckSharedSecret([]byte(good)); err != nil {
				t.Fatalf("%q: %v", good, err)
			}
		}
	}
}
