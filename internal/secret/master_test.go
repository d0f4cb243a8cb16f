package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/secret"
)

// TestParseMaster takes what Text returns, and refuses everything that is no master key or
// could be guessed, without repeating it. standards KY-09
func TestParseMaster(t *testing.T) {
	good := secret.NewMaster().Text().Reveal()
	body := strings.TrimPrefix(good, "hsm_")
	encode := base64.RawURLEncoding.EncodeToString
	tests := []struct {
		name, text string
		ok         bool
	}{
		{"as made", good, true},
		{"with a line break", good + "\n", true},
		{"with white space around", " \t" + good + "\r\n", true},
		{"empty", "", false},
		{"prefix alone", "hsm_", false},
		{"without the prefix", body, false},
		{"other prefix", "hsr_" + body, false},
		{"prefix in capitals", "HSM_" + body, false},
		{"short", good[:len(good)-1], false},
		{"long", good + "A", false},
		{"padded", good + "=", false},
		{"line break inside", good[:20] + "\n" + good[20:], false},
		{"line break for a character", good[:20] + "\n" + good[21:], false},
		{"standard base64", "hsm_" + strings.Repeat("+/", 21) + "A", false},
		{"trailing bits", "hsm_" + encode([]byte("0123456789abcdefghijklmnopqrstuv"))[:42] + "3", false},
		{"zeros", "hsm_" + strings.Repeat("A", 43), false},
		{"one byte again and again", "hsm_" + encode(bytes.Repeat([]byte{0x5a}, 32)), false},
		{"a word again and again", "hsm_" + encode([]byte("changemechangemechangemechangeme")), false},
		{"hex digits", "hsm_" + encode([]byte("0123401234012340123401234abcdabc")), false},
		{"a password", "changeme", false},
		{"two keys", good + "\n" + good, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := secret.ParseMaster(secret.New(tt.text))
			if (err == nil) != tt.ok {
				t.Fatalf("ParseMaster() = %v, want a key: %v", err, tt.ok)
			}
			if tt.ok && m.Text().Reveal() != good {
				t.Errorf("Text() gives another key")
			}
			text := strings.TrimPrefix(strings.TrimSpace(tt.text), "hsm_")
			if err != nil && len(text) > 4 && strings.Contains(err.Error(), text) {
				t.Errorf("ParseMaster() = %v, want nothing of what was given", err)
			}
		})
	}
}

// TestDerive makes a key of its own for each purpose, the same each time, and none that tells
// another.
func TestDerive(t *testing.T) {
	m := secret.NewMaster()
	again, err := secret.ParseMaster(m.Text())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{} // key → purpose
	purposes := []string{
		"refresh token MAC, key id 1", "refresh token MAC, key id 2", "seal signing keys",
		"check", "forms", "", "check ",
	}
	for _, purpose := range purposes {
		key := m.Derive(purpose).Reveal()
		if other, ok := seen[string(key)]; ok || len(key) != 32 {
			t.Errorf("Derive(%q) = the key for %q, or not 32 bytes", purpose, other)
		}
		seen[string(key)] = purpose
		if !bytes.Equal(key, again.Derive(purpose).Reveal()) {
			t.Errorf("Derive(%q) differs after reading the key back", purpose)
		}
		if bytes.Equal(key, secret.NewMaster().Derive(purpose).Reveal()) {
			t.Errorf("Derive(%q) is the same for another master key", purpose)
		}
	}
	if !bytes.Equal(m.Check(), again.Check()) || bytes.Equal(m.Check(), secret.NewMaster().Check()) {
		t.Error("Check() does not tell this key from another")
	}
	defer func() {
		if recover() == nil {
			t.Error("Derive() of the zero Master gave a key")
		}
	}()
	secret.Master{}.Derive("check")
}

// TestMasterIsNotPrinted prints a master key in every way that Go has.
func TestMasterIsNotPrinted(t *testing.T) {
	m := secret.NewMaster()
	text := m.Text().Reveal()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "hsm_"))
	if err != nil {
		t.Fatal(err)
	}
	held := struct {
		Open   secret.Master
		hidden secret.Master
	}{m, m}
	forms := []string{
		text[4:16], string(raw[:8]), fmt.Sprintf("%x", raw[:8]), fmt.Sprintf("%X", raw[:8]),
		strings.Trim(fmt.Sprint(raw[:8]), "[]"), fmt.Sprintf("%#v", raw[:8])[7:40],
	}
	values := map[string]any{
		"key": m, "pointer": &m, "struct": held, "pointer to struct": &held, "list": []secret.Master{m},
	}
	for _, verb := range verbs {
		for name, value := range values {
			got := fmt.Sprintf(verb, value)
			for _, form := range forms {
				if strings.Contains(got, form) {
					t.Errorf("Sprintf(%q, %s) = %q, want no key", verb, name, got)
				}
			}
		}
	}
	if encoded, err := json.Marshal(held); err != nil || strings.Contains(string(encoded), text[4:16]) {
		t.Errorf("Marshal() = %s, %v, want no key", encoded, err)
	}
}
