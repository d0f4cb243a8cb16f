package user

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// isControl reports whether a rune is a command to a terminal or a file, or is nobody's letter: it
// has no place in a name.
func isControl(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Co) }

// isJoiner reports whether a rune is one of the two that scripts and emoji need between characters.
// Unicode §23.2
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// flag is a flag of a region, such as Scotland's: a black flag, the region's code in tags, which
// are invisible, and the tag that ends it. UTS #51 §2.6
var flag = regexp.MustCompile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")

// visible takes off what cannot be seen and would act on the text around it, or let two names that
// look alike differ: marks that reverse text, joiners at the ends, tags that are no flag's, soft
// hyphens. It takes off white space at the ends, and nothing that people see.
func visible(name string) string {
	var out strings.Builder
	rest := name
	for rest != "" {
		at := flag.FindStringIndex(rest)
		if at == nil {
			at = []int{len(rest), len(rest)}
		}
		out.WriteString(strings.Map(shown, rest[:at[0]]))
		out.WriteString(rest[at[0]:at[1]])
		rest = rest[at[1]:]
	}
	name = strings.TrimFunc(out.String(), func(r rune) bool { return unicode.IsSpace(r) || isJoiner(r) })
	return norm.NFC.String(name) // what stood apart may be one character now
}

// shown returns a rune, or -1 for a format character that nobody sees. Those that are written
// before numbers, in Arabic and other scripts, are seen.
func shown(r rune) rune {
	if !unicode.Is(unicode.Cf, r) || isJoiner(r) || unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return r
	}
	return -1
}
