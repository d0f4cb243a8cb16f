package user_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/user"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// forms are what may become of a text on its way to us.
var forms = map[string]func(string) string{
	"upper": cases.Upper(language.Und).String, "lower": cases.Lower(language.Und).String,
	"simple upper": strings.ToUpper, "simple lower": strings.ToLower, "title": strings.ToTitle,
	"NFC": norm.NFC.String, "NFD": norm.NFD.String, "NFKC": norm.NFKC.String, "NFKD": norm.NFKD.String,
}

// TestNormalIsClosed holds the normal form over all of Unicode: the normal form of a normal form is
// itself, and a text has the same one in upper and lower case, however either is made, composed and
// decomposed.
func TestNormalIsClosed(t *testing.T) {
	t.Parallel()
	for first := rune(0); first <= unicode.MaxRune; first += 256 {
		if block := runes(first, first+256); changes(strings.Join(block, "")) {
			wantClosed(t, block)
		}
	}
}

// runes returns the runes from first to before end that can stand in a text, each as a text, but
// for the end of a line. Where nothing is assigned it returns none.
func runes(first, end rune) (all []string) {
	assigned := first
	for assigned < end && !unicode.IsGraphic(assigned) {
		assigned++
	}
	for r := first; r < end && assigned < end; r++ {
		if utf8.ValidRune(r) && r != '\n' {
			all = append(all, string(r))
		}
	}
	return all
}

// changes reports whether a text is not its own normal form, or not each of its own forms.
func changes(text string) bool {
	for _, form := range forms {
		if form(text) != text {
			return true
		}
	}
	return user.Normal(text) != text
}

// wantClosed fails unless all forms of each text have the same normal form, and this is its own.
// Texts are joined for that by ends of lines, across which nothing changes its neighbour.
func wantClosed(t *testing.T, texts []string) {
	t.Helper()
	each := func(form func(string) string, texts []string) []string {
		return strings.Split(form(strings.Join(texts, "\n")), "\n")
	}
	want := each(user.Normal, texts)
	of, others, what := slices.Clone(want), slices.Clone(want), slices.Clone(texts)
	seen := map[[2]string]bool{}
	for name, form := range forms {
		for i, other := range each(form, texts) {
			if pair := [2]string{texts[i], other}; other != texts[i] && other != want[i] && !seen[pair] {
				seen[pair] = true
				of, others, what = append(of, want[i]), append(others, other), append(what, name+" of "+texts[i])
			}
		}
	}
	for i, got := range each(user.Normal, others) {
		if got != of[i] {
			t.Errorf("Normal(%+q) = %+q, want %+q, as of %+q", others[i], got, of[i], what[i])
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
