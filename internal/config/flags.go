package config

import (
	"strings"

	"github.com/spf13/pflag"
)

// fileFlag is the flag that names the file of settings.
const fileFlag = "config"

// flagValue is what a flag was given: every text, in order.
type flagValue struct {
	texts []string
	shape string // what --help shows in place of a value
}

// String shows no default; the usage says it in words.
func (f *flagValue) String() string { return "" }

// Set takes one more text. It is checked later, with everything else.
func (f *flagValue) Set(text string) error {
	f.texts = append(f.texts, text)
	return nil
}

// Type returns what --help shows in place of a value.
func (f *flagValue) Type() string { return f.shape }

// AddFlags adds a flag for every setting that may have one, and --config.
func AddFlags(flags *pflag.FlagSet) {
	flags.Var(&flagValue{shape: "FILE"}, fileFlag, "File with settings, in TOML ("+envFile+")")
	for _, s := range settings {
		if s.kind != hidden { // other users of the machine can read the flags of a process
			flags.Var(&flagValue{shape: s.shape}, s.flag(), s.usage())
		}
	}
}

// IsSetting reports whether a flag is one of those that AddFlags adds.
func IsSetting(flag *pflag.Flag) bool {
	_, ours := flag.Value.(*flagValue)
	return ours
}

// Choices returns the values that a flag of a setting may have, or nil when they cannot be listed.
func Choices(flag *pflag.Flag) []string {
	if value, ours := flag.Value.(*flagValue); ours && strings.Contains(value.shape, "|") {
		return strings.Split(value.shape, "|")
	}
	return nil
}

// usage returns the line that --help shows.
func (s setting) usage() string {
	usage := strings.TrimSuffix(s.say, ".")
	if fallback := s.fallbackText(); fallback != "" {
		usage += " (default " + fallback + ")"
	}
	return usage
}

// readFlags takes the flags that were given.
func (r *reader) readFlags(flags *pflag.FlagSet) {
	for _, s := range settings {
		texts := flagTexts(flags, s.flag())
		if s.kind == hidden || texts == nil {
			continue
		}
		if s.kind == list {
			texts = s.split(strings.Join(texts, ","))
		}
		r.given[s.name] = value{texts, "flag --" + s.flag()}
	}
}

// flagTexts returns what a flag of ours was given, or nil when it was not.
func flagTexts(flags *pflag.FlagSet, name string) []string {
	if flags == nil {
		return nil
	}
	flag := flags.Lookup(name)
	if flag == nil {
		return nil
	}
	given, ours := flag.Value.(*flagValue)
	if !ours {
		return nil
	}
	return given.texts
}
