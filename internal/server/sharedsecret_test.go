package server_test

import (
	"crypto/rand"
	"encoding/base32"
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
		"My dog has fleas in summer 1999!!", "mysupersecretpasswordforproduction",
		"your-256-bit-secret-your-256-bit-secret", "a-string-secret-at-least-256-bits-long",
		"SECRETSECRETSECRETSECRETSECRETSECRET", "handstamp-production-shared-secret-1",
		"change_me_please_change_me_please", "Insert-Your-Secret-Here-32-Characters!",
		"das ist unser geheimnis fuer immer", "Ein Satz den keiner erraten soll bitte",
	} {
		if err := server.CheckSharedSecret([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	most := 0.0
	for range 2000 {
		for _, good := range spellings() {
			if err := server.CheckSharedSecret([]byte(good)); err != nil {
				t.Fatalf("%q: %v", good, err)
			}
			most = max(most, server.MadeOfWords([]byte(good)))
		}
	}
	// A weight of 28 bits is there once in 2^28 random texts: these are 26,000, and 31 is refused.
	if most > 28 {
		t.Errorf("a random secret weighs %.1f bits, so that random ones will be refused", most)
	}
}

// spellings returns 32 random bytes as people write them, and what generators of passwords make.
func spellings() []string {
	raw := make([]byte, 32)
	rand.Read(raw)
	in32 := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	const small = "abcdefghijklmnopqrstuvwxyz"
	return []string{
		string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
		base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		in32, strings.ToLower(in32), rand.Text() + rand.Text(), inGroups(strings.ToLower(in32), "-"),
		inGroups(strings.ToLower(in32), " "), letters(small, 40), inGroups(letters(small, 40), " "),
		letters(small+strings.ToUpper(small), 40),
	}
}

// letters returns n random characters of some.
func letters(from string, n int) string {
	text := make([]byte, 0, n)
	for b := make([]byte, 1); len(text) < n; {
		if rand.Read(b); int(b[0]) < 256/len(from)*len(from) {
			text = append(text, from[int(b[0])%len(from)])
		}
	}
	return string(text)
}

// inGroups puts something between each four characters.
func inGroups(text, between string) string {
	var groups []string
	for ; len(text) > 4; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(append(groups, text), between)
}
