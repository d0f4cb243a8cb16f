package password_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
)

// ada is who chooses the passwords of these tests.
var ada = password.About{Email: "ada.lovelace@example.com", Name: "Ada King, Gräfin Lovelace"}

// policy is what the server uses by default.
var policy = password.Policy{Words: []string{"Handstamp", "auth.example.org"}}

// TestJudge goes through what is refused, why, and what near it is not.
// Requirements PW-01 to PW-07
func TestJudge(t *testing.T) {
	tests := []struct {
		name, given, want string // want: the code; empty: good
	}{
		{"fourteen", "tfkzqvuxnwbepc", password.TooShort},
		{"fifteen lower-case letters", "tfkzqvuxnwbepcj", ""},
		{"empty", "", password.TooShort},
		{"fourteen emoji", "🦊🐙🌵🚲🎻🍋🧊🪁🐌🥁🌋🛶🧦🍒", password.TooShort},
		{"fifteen emoji", "🦊🐙🌵🚲🎻🍋🧊🪁🐌🥁🌋🛶🧦🍒🪐", ""},
		{"fifteen once composed", "e\u0301tfkzqvuxnwbepc", ""},
		{"fourteen once composed", "e\u0301tfkzqvuxnwbep", password.TooShort},
		{"words with spaces", "lemon harbour quietly eleven", ""},
		{"any script", "зелёный чайник молчит", ""},
		{"64", strings.Repeat("x7#Kp9qLw2", 6) + "end!", ""},
		{"256", strings.Repeat("x7#Kp9qLw2", 25) + "finish", ""},
		{"257", strings.Repeat("x7#Kp9qLw2", 25) + "finish!", password.TooLong},
		{"256 of four bytes", strings.Repeat("🦊🐙🌵🚲🎻🍋🧊🪁", 31) + "🐌🥁🌋🛶🧦🍒🪐🐢", ""},
		{"1025 bytes", strings.Repeat("e\u0301", 341) + "xx", password.TooLong},
		{"not UTF-8", "tfkzqvuxnwbepc\xff", password.NotText},

		{"password twice and a digit", "passwordpassword1", password.TooCommon},
		{"counting", "123456789012345", password.TooCommon},
		{"keyboard rows", "qwertyuiopasdfgh", password.TooCommon},
		{"the comic", "correcthorsebatterystaple", password.TooCommon},
		{"the comic with spaces", "Correct Horse Battery Staple", password.TooCommon},
		{"the comic with a digit", "correct-horse-battery-staple1", password.TooCommon},
		{"case does not help", "PasswordPassword1", password.TooCommon},
		{"password thrice", "passwordpasswordpassword", password.TooCommon},
		{"word and digits", "welcome123456789", password.TooCommon},
		{"leet word and digits", "P@ssw0rd1234567", password.TooCommon},
		{"columns", "1qaz2wsx3edc4rfv", password.TooCommon},
		{"zigzag", "1q2w3e4r5t6y7u8i", password.TooCommon},
		{"german keyboard", "qwertzuiopasdfgh", password.TooCommon},
		{"french keyboard", "azertyuiopqsdfgh", password.TooCommon},
		{"two words", "sunshineprincess", password.TooCommon},
		{"song", "nevergonnagiveyouup", password.TooCommon},
		{"type specimen", "The quick brown fox jumps over the lazy dog.", password.TooCommon},
		{"found in a leak", "forwhomthebelltolls2210", password.TooCommon},

		{"one character", "aaaaaaaaaaaaaaaa", password.TooCommon},
		{"spaces", "                ", password.TooCommon},
		{"one piece three times", "x7#Kpx7#Kpx7#Kp", password.TooCommon},
		{"one piece, the last cut short", "x7#Kp9x7#Kp9x7#K", password.TooCommon},
		{"alphabet", "abcdefghijklmno", password.TooCommon},
		{"alphabet from z on", "uvwxyzabcdefghi", password.TooCommon},
		{"backwards", "987654321098765", password.TooCommon},
		{"runs", "abcdef123456fedcba", password.TooCommon},
		{"steps", "111222333444555", password.TooCommon},
		{"emoji again", strings.Repeat("🦊", 15), password.TooCommon},
		{"a piece and something else", "x7#Kp9qx7#Kp9q and more of it", ""},

		{"e-mail address", "ada.lovelace@example.com", password.ContainsContext},
		{"e-mail address in capitals", "ADA.LOVELACE@EXAMPLE.COM", password.ContainsContext},
		{"local part and year", "ada.lovelace1815", password.ContainsContext},
		{"local part twice", "ada.lovelaceada.lovelace1", password.ContainsContext},
		{"name", "Ada King Gräfin Lovelace", password.ContainsContext},
		{"name, decomposed", "Gra\u0308fin Lovelace 1", password.ContainsContext},
		{"product and person", "handstamp-lovelace!", password.ContainsContext},
		{"product and counting", "handstamp123456789", password.ContainsContext},
		{"service", "authexampleorg2026", password.ContainsContext},
		{"product in a sentence", "my handstamp is purple ink", ""},
		{"name in another word", "adamantly refuse lemons", ""},
		{"name and a number of its own", "lovelace 83520174", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := policy.Judge(secret.New(test.given), ada)
			switch {
			case test.want == "" && got != nil:
				t.Errorf("Judge(%q) = %v, want nothing", test.given, got)
			case test.want != "" && (len(got) != 1 || got[0].Code != test.want):
				t.Errorf("Judge(%q) = %v, want %s", test.given, got, test.want)
			}
		})
	}
}

// TestJudgeSays looks at the whole of a field.
func TestJudgeSays(t *testing.T) {
	about := password.About{Member: "new_password"}
	got := password.Policy{MinLength: password.MinLengthFactor}.Judge(secret.New("tfkzqvu"), about)
	want := []fault.Field{{
		Name: "new_password", Code: "too_short",
		Detail: "Use at least 8 characters. A few words that do not belong together are easy to remember.",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Judge(7 characters) (-want +got):\n%s", diff)
	}
	if got := (password.Policy{MinLength: password.MinLengthFactor}).Judge(secret.New("tfkzqvux"), about); got != nil {
		t.Errorf("Judge(8 characters, second factor) = %v, want nothing", got)
	}
	got = password.Policy{}.Judge(secret.New("tfkzqvux"), password.About{})
	if len(got) != 1 || got[0].Name != "password" {
		t.Errorf("Judge(8 characters, alone) = %v, want a field called password", got)
	}
}

// TestNothingKnown judges for a person of whom nothing is known: empty words match nothing.
func TestNothingKnown(t *testing.T) {
	for _, words := range [][]string{nil, {""}, {"a", "@", "..."}} {
		policy := password.Policy{Words: words}
		if got := policy.Judge(secret.New("tfkzqvuxnwbepcja"), password.About{Email: "@", Name: " "}); got != nil {
			t.Errorf("Judge with words %q = %v, want nothing", words, got)
		}
	}
}

// FuzzJudge holds it to an answer for anything, and to one that does not depend on how
// letters are composed or in what case.
func FuzzJudge(f *testing.F) {
	seeds := []string{
		"", "passwordpassword1", "cafe\u0301 au lait in the rain", "ada.lovelace1815", "\xff",
		strings.Repeat("ab", 200),
		"ß", "İ", "12345!!!!!!!!!!",
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, field := range policy.Judge(secret.New(text), ada) {
			told := len(text) > 40 && strings.Contains(field.Detail, text)
			if field.Name == "" || field.Code == "" || field.Detail == "" || told {
				t.Errorf("Judge(%q) = %+v, want a whole field without the password", text, field)
			}
		}
	})
}

// BenchmarkJudge measures the longest that is taken.
func BenchmarkJudge(b *testing.B) {
	given := secret.New(strings.Repeat("x7#Kp9qLw2", 25) + "finish")
	for b.Loop() {
		policy.Judge(given, ada)
	}
}
