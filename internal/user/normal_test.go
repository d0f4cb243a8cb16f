package user_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/user"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// TestNormalIsClosed holds the normal form over all of Unicode: the normal form of a normal form is
// itself, and a text has the same one in upper and lower case, however either is made, composed and
// decomposed.
func TestNormalIsClosed(t *testing.T) {
	t.Parallel()
	upper, lower := cases.Upper(language.Und), cases.Lower(language.Und)
	forms := map[string]func(string) string{
		"upper": upper.String, "lower": lower.String,
		"simple upper": strings.ToUpper, "simple lower": strings.ToLower, "title": strings.ToTitle,
		"NFC": norm.NFC.String, "NFD": norm.NFD.String, "NFKC": norm.NFKC.String, "NFKD": norm.NFKD.String,
	}
	for first := rune(0); first <= unicode.MaxRune; first += 256 {
		block := runes(first, 256)
		if !strings.ContainsFunc(block, unicode.IsGraphic) || !changes(block, forms) {
			continue // nothing is assigned, or each rune is its own normal form, in every form
		}
		for r := range strings.SplitSeq(block, "-") {
			wantClosed(t, r, forms)
		}
	}
}

// runes returns n runes from first on that can stand in a text, with a hyphen between them, so that
// none changes its neighbour.
func runes(first rune, n int) string {
	var all []string
	for r := first; r < first+rune(n); r++ {
		if utf8.ValidRune(r) && r != '-' {
			all = append(all, string(r))
		}
	}
	return strings.Join(all, "-")
}

// changes reports whether a text has another normal form, or another text for one of its forms.
func changes(text string, forms map[string]func(string) string) bool {
	for _, form := range forms {
		if form(text) != text {
			return true
		}
	}
	return user.Normal(text) != text
}

// wantClosed fails unless all forms of a text have the same normal form, and this is its own.
func wantClosed(t *testing.T, text string, forms map[string]func(string) string) {
	t.Helper()
	want := user.Normal(text)
	if again := user.Normal(want); again != want {
		t.Errorf("Normal(Normal(%+q)) = %+q, want %+q", text, again, want)
	}
	for name, form := range forms {
		other := form(text)
		if other == text {
			continue
		}
		if got := user.Normal(other); got != want {
			t.Errorf("Normal(%s of %+q) = %+q, want %+q", name, text, got, want)
		}
	}
}

// TestNormal names what the closure means for people.
func TestNormal(t *testing.T) {
	for _, same := range [][]string{
		{"odysseus", "ODYSSEUS", "Odysseus"},
		{"οδυσσευς", "ΟΔΥΣΣΕΥΣ", "οδυσσευσ"}, // a final sigma, capitals, and none
		{"straße", "STRASSE", "STRAẞE", "strasse"},
		{"ılker", "ilker", "ILKER"}, // a capital I is the capital of both
		{"zoe\u0308", "zo\u00eb", "ZOE\u0308"},
		{"\uff41da", "ada"}, // full width
	} {
		for _, text := range same[1:] {
			if got, want := user.Normal(text), user.Normal(same[0]); got != want {
				t.Errorf("Normal(%q) = %q, want %q as of %q", text, got, want, same[0])
			}
		}
	}
}
