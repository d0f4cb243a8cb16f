package password_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/store"
)

// goodPHC is a hash that the codec takes: 16 bytes of salt, 32 of key.
const goodPHC = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

// malformed are edits of goodPHC that the codec refuses.
var malformed = []struct{ name, old, new string }{
	{"argon2i", "argon2id", "argon2i"},
	{"argon2d", "argon2id", "argon2d"},
	{"bcrypt", goodPHC, "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"},
	{"empty", goodPHC, ""},
	{"upper case", "argon2id", "Argon2id"},
	{"old version", "v=19", "v=16"},
	{"no version", "$v=19", ""},
	{"text before", "$argon2id", "x$argon2id"},
	{"piece behind", "Hh8", "Hh8$"},
	{"newline behind", "Hh8", "Hh8\n"},
	{"newline in the salt", "AAECAwQFBgcI", "AAECAwQF\r\nBgcI"},
	{"padded salt", "DA0ODw$", "DA0ODw==$"},
	{"url alphabet", "AAECAwQFBgcI", "AAECAwQ-BgcI"},
	{"loose bits in the salt", "DA0ODw$", "DA0ODx$"},
	{"short salt", "AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoL"},
	{"short key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "AAECAwQFBgcICQoL"},
	{"long key", "GxwdHh8", "GxwdHh8" + strings.Repeat("AAAA", 20)},
	{"another order", "m=19456,t=2", "t=2,m=19456"},
	{"a fourth parameter", "p=1", "p=1,keyid=x"},
	{"a missing parameter", ",p=1", ""},
	{"leading zero", "t=2", "t=02"},
	{"sign", "t=2", "t=+2"},
	{"space", "t=2", "t= 2"},
	{"beyond 32 bits", "m=19456", "m=4294967296"},
	{"beyond 8 bits", "p=1", "p=257"},
	{"no passes", "t=2", "t=0"},
	{"no threads", "p=1", "p=0"},
	{"less memory than threads need", "m=19456", "m=7"},
}

// tooCostly are edits of goodPHC that are well formed and ask for too much.
var tooCostly = []struct{ name, old, new string }{
	{"memory", "m=19456", "m=262145"},
	{"all the memory there is", "m=19456", "m=4294967295"},
	{"passes", "t=2", "t=54"},
	{"all the time there is", "t=2", "t=4294967295"},
	{"threads", "p=1", "p=17"},
}

// TestParsePHC takes what we write, returns it, and refuses everything near it.
func TestParsePHC(t *testing.T) {
	got, err := password.ParsePHC(goodPHC)
	if err != nil || got.String() != goodPHC {
		t.Errorf("parsePHC(good) = %v, %v, want what went in", got, err)
	}
	for _, c := range malformed {
		edited := strings.Replace(goodPHC, c.old, c.new, 1)
		_, err := password.ParsePHC(store.PasswordHash(edited))
		if !errors.Is(err, password.ErrPHC) || edited == goodPHC {
			t.Errorf("%s: parsePHC(%q) = %v, want %v", c.name, edited, err, password.ErrPHC)
		}
	}
	for _, c := range tooCostly {
		edited := strings.Replace(goodPHC, c.old, c.new, 1)
		if _, err := password.ParsePHC(store.PasswordHash(edited)); !errors.Is(err, password.ErrCost) {
			t.Errorf("%s: parsePHC(%q) = %v, want %v", c.name, edited, err, password.ErrCost)
		}
	}
}

// FuzzParsePHC holds the codec to its promise: what it accepts, it returns unchanged.
func FuzzParsePHC(f *testing.F) {
	f.Add(goodPHC)
	for _, c := range append(malformed, tooCostly...) {
		f.Add(strings.Replace(goodPHC, c.old, c.new, 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := password.ParsePHC(store.PasswordHash(text))
		if err == nil && got.String() != text {
			t.Errorf("parsePHC(%q) gives back %q", text, got.String())
		}
	})
}
