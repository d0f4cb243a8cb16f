package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Mistake is one thing that is wrong with the settings. It never holds a secret.
type Mistake struct {
	Setting string // its name, or what was given in place of one; empty: the file as a whole
	Source  string // where it comes from, such as "flag --listen"
	Wrong   string // what is wrong
	Do      string // what to do about it; empty: nothing more to say
}

// String returns one line, and a second with the hint.
func (m Mistake) String() string {
	var b strings.Builder
	if m.Setting != "" {
		b.WriteString(m.Setting + " ")
	}
	fmt.Fprintf(&b, "(%s): %s", m.Source, m.Wrong)
	if m.Do != "" {
		b.WriteString("\nhint: " + m.Do)
	}
	return b.String()
}

// Mistakes is all that is wrong: first what could not be read, then by setting, then what
// does not go together. It is never empty.
type Mistakes []Mistake

// Error returns every mistake with its hint, a line each.
func (all Mistakes) Error() string {
	lines := make([]string, len(all))
	for i, m := range all {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// complaint is what a setting's check says: what is wrong, and what to do.
type complaint struct{ wrong, do string }

// Error returns what is wrong.
func (c complaint) Error() string { return c.wrong }

// wrong makes a complaint. It never shows a value, whatever the setting: people paste secrets in
// wrong places, and a message ends up in a log.
func wrong(what, do string) error { return complaint{what, do} }

// mistake notes what a check said.
func (r *reader) mistake(setting, source string, err error) {
	m := Mistake{Setting: setting, Source: source, Wrong: err.Error()}
	if c, ok := errors.AsType[complaint](err); ok {
		m.Do = c.do
	}
	r.mistakes = append(r.mistakes, m)
}

// noted reports whether a mistake of the setting is known already.
func (r *reader) noted(names ...string) bool {
	for _, m := range r.mistakes {
		for _, name := range names {
			if m.Setting == name {
				return true
			}
		}
	}
	return false
}

// masterKeyShape is what must not be printed although it was given in place of a name.
var masterKeyShape = regexp.MustCompile(`(?i)hsm_`)

// DidYouMean returns a hint when given is almost one of known, and otherwise nothing.
func DidYouMean(given string, known []string) string {
	best, least := "", 1+max(1, min(3, len(given)/2))
	for _, candidate := range known {
		if d := distance(strings.ToLower(given), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// distance returns how many letters must be added, dropped or changed to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
