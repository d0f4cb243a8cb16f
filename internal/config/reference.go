package config

import (
	"fmt"
	"io"
	"strings"
)

// referenceHead is what docs/config.md says before the list.
const referenceHead = `# Settings

<!-- Made from internal/config by make gen. Do not edit. -->

Without any setting ` + "`handstamp serve`" + ` runs on this machine alone, with SQLite. Each setting can be given in
three ways; a flag is stronger than a variable, a variable is stronger than the file.

| | example |
|---|---|
| flag | ` + "`--public-url https://id.example.com`" + ` |
| environment | ` + "`HANDSTAMP_PUBLIC_URL=https://id.example.com`" + ` |
| file, named by ` + "`--config`" + ` or ` + "`HANDSTAMP_CONFIG`" + ` | ` + "`public_url = \"https://id.example.com\"`" + ` |

Lists are written with commas, in the file as arrays; a flag may also be repeated. Times are a number and a unit
(` + "`10m`" + `, ` + "`90s`" + `). Paths are relative to the folder that the server is started in. Secrets have no flag: other
users of a machine can read the flags of a process. Names that are not listed here are refused, and all mistakes are
told at once; ` + "`handstamp config check`" + ` looks for them without starting anything, ` + "`handstamp config show`" + ` prints what
is in effect and where it comes from.

`

// WriteReference writes docs/config.md.
func WriteReference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, s := range settings {
		flag := "`--" + s.flag() + "`"
		if s.kind == hidden {
			flag = "none"
		}
		fallback := s.fallbackText()
		if fallback != "" && s.otherwise == "" {
			fallback = "`" + fallback + "`"
		}
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", s.name, s.say)
		fmt.Fprintf(&b, "| flag | variable | default | values |\n|---|---|---|---|\n| %s | `%s` | %s | %s |\n\n", flag,
			s.variable(), fallback, s.values)
	}
	b.WriteString(referenceExample())
	_, err := io.WriteString(w, b.String())
	return err
}

// referenceExample returns a file with every setting that has a fixed default, at that default.
func referenceExample() string {
	var b strings.Builder
	b.WriteString("## A file with every default\n\n```toml\n")
	table := ""
	for _, s := range byTable() {
		prefix, key, found := strings.Cut(s.name, ".")
		if !found {
			prefix, key = "", s.name
		}
		if prefix != table {
			table = prefix
			fmt.Fprintf(&b, "\n[%s]\n", table)
		}
		fmt.Fprintf(&b, "%s = %s\n", key, s.literal())
	}
	b.WriteString("```\n")
	return b.String()
}

// byTable returns the settings with a fixed default, those outside tables first.
func byTable() []setting {
	var outside, inside []setting
	for _, s := range settings {
		switch {
		case s.fallback == "":
		case strings.Contains(s.name, "."):
			inside = append(inside, s)
		default:
			outside = append(outside, s)
		}
	}
	return append(outside, inside...)
}

// literal returns the default in TOML. No default needs escaping.
func (s setting) literal() string {
	if s.kind != list {
		return `"` + s.fallback + `"`
	}
	return `["` + strings.Join(s.split(s.fallback), `", "`) + `"]`
}

// fallbackText says what holds when nothing is set.
func (s setting) fallbackText() string {
	if s.otherwise != "" {
		return s.otherwise
	}
	return s.fallback
}
