package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// The names that are ours in the environment.
const (
	envPrefix = "HANDSTAMP_"
	envFile   = "HANDSTAMP_CONFIG"
)

// notOurs are variables that no setting reads: the file's, and those for services, which may be in
// a shared environment.
var notOurs = []string{envFile, "HANDSTAMP_SERVICE_KEY", "HANDSTAMP_SERVICE_KEY_FILE"}

// maxName is the longest name that a message shows, in bytes: ours are shorter.
const maxName = 60

// maxFile is the longest settings file, in bytes.
const maxFile = 256 * 1024

// value is what was given for a setting, and where.
type value struct {
	texts  []string
	source string
}

// reader collects what was given and what is wrong with it.
type reader struct {
	given    map[string]value // setting → what the strongest source says
	mistakes Mistakes
}

// readAll reads the sources, the weakest first, so that a stronger one replaces it.
func (r *reader) readAll(src Sources) {
	path, source := src.File, "program"
	if path == "" {
		path, source = fileNamed(src)
	}
	if path != "" {
		r.readFile(path, source)
	}
	r.readEnviron(src.Environ)
	r.readFlags(src.Flags)
	r.readGiven(src.Given)
}

// fileNamed returns the path of the file that the flag or else the variable names, and which
// of them did.
func fileNamed(src Sources) (path, source string) {
	if texts := flagTexts(src.Flags, fileFlag); texts != nil {
		return strings.TrimSpace(texts[len(texts)-1]), "flag --" + fileFlag
	}
	for _, variable := range src.Environ {
		if name, path, _ := strings.Cut(variable, "="); name == envFile {
			return strings.TrimSpace(path), "environment " + envFile
		}
	}
	return "", ""
}

// readGiven takes what the program itself sets.
func (r *reader) readGiven(given map[string]string) {
	for _, name := range sortedKeys(given) {
		s, ok := byName(name)
		if !ok {
			r.mistake(name, "program", wrong("there is no such setting", DidYouMean(name, names())))
			continue
		}
		r.given[name] = value{s.split(given[name]), "program"}
	}
}

// readEnviron takes our variables. One that is ours by its prefix and not known is a mistake:
// a setting that was meant and does nothing is worse than a server that does not start.
func (r *reader) readEnviron(environ []string) {
	var known []string
	variables := map[string]setting{} // variable → setting
	for _, s := range settings {
		known = append(known, s.variable())
		variables[s.variable()] = s
	}
	environ = slices.Clone(environ)
	slices.Sort(environ)
	for _, variable := range environ {
		name, text, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(notOurs, name) {
			continue
		}
		s, ok := variables[name]
		if !ok && isServiceLink(name, text) {
			continue
		}
		if !ok {
			r.mistake(hide(name), "environment",
				wrong("there is no such setting", DidYouMean(name, append(known, envFile))))
			continue
		}
		r.given[s.name] = value{s.split(text), "environment " + name}
	}
}

// readFile takes the settings of a file.
func (r *reader) readFile(path, namedBy string) {
	text, err := readLimited(path)
	if err != nil {
		r.mistakes = append(r.mistakes,
			Mistake{Source: namedBy, Wrong: "the file of settings cannot be read: " + reason(err),
				Do: "name a file that this user may read, or none"})
		return
	}
	r.readTOML(text, "file "+path)
}

// readLimited reads a file that is not too long.
func readLimited(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxFile {
		return "", fmt.Errorf("it is longer than %d KiB", maxFile/1024)
	}
	return string(text), nil
}

// reason returns why a file cannot be read, without its name: what was given may be a secret in the
// wrong place.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// readTOML takes the settings of a text in TOML.
func (r *reader) readTOML(text, source string) {
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		r.mistakes = append(r.mistakes,
			Mistake{Source: source, Wrong: explainTOML(err), Do: `settings look like this: name = "value"`})
		return
	}
	r.readTable(tree, "", source)
}

// readTable takes the settings of one table, whose name comes before theirs.
func (r *reader) readTable(table map[string]any, prefix, source string) {
	for _, key := range sortedKeys(table) {
		name := prefix + key
		s, known := byName(name)
		inner, isTable := table[key].(map[string]any)
		switch {
		case !strings.Contains(key, ".") && isTable && hasTable(name):
			r.readTable(inner, name+".", source)
		case hasTable(name):
			r.mistake(name, source, wrong("is a table of settings, not a value",
				"write ["+name+"] on a line, and the settings below it"))
		case strings.Contains(key, ".") || !known:
			r.mistake(hide(name), source, wrong("there is no such setting",
				DidYouMean(name, append(names(), tables()...))))
		default:
			r.readValue(s, table[key], source)
		}
	}
}

// readValue takes one value of the file: a string, or an array of strings for a list.
func (r *reader) readValue(s setting, raw any, source string) {
	if text, ok := raw.(string); ok && s.kind != list {
		r.given[s.name] = value{[]string{text}, source}
		return
	}
	items, ok := raw.([]any)
	texts := make([]string, 0, len(items))
	for _, item := range items {
		text, isText := item.(string)
		ok = ok && isText
		texts = append(texts, text)
	}
	switch {
	case s.kind == list && ok:
		r.given[s.name] = value{texts, source}
	case s.kind == list:
		r.mistake(s.name, source, wrong("is not an array of strings", s.name+` = ["first", "second"]`))
	default:
		r.mistake(s.name, source, wrong("is not a string", "put the value in quotation marks"))
	}
}

// explainTOML says where a file is not TOML. Why is not said: the parser's reason may quote a
// secret.
func explainTOML(err error) string {
	parse, ok := errors.AsType[toml.ParseError](err)
	if !ok {
		return "is not TOML"
	}
	return fmt.Sprintf("line %d is not TOML", parse.Position.Line)
}

// hide returns a name that somebody gave, for a message: a value in the wrong place is not shown.
func hide(name string) string {
	for _, r := range name {
		if !isLetterOrDigit(r) && !strings.ContainsRune("_-.", r) {
			return "a name"
		}
	}
	if len(name) > maxName || masterKeyShape.MatchString(name) {
		return "a name"
	}
	return name
}

// hasTable reports whether settings have names in this table.
func hasTable(table string) bool {
	return slices.Contains(tables(), table)
}

// names returns the name of every setting.
func names() []string {
	all := make([]string, len(settings))
	for i, s := range settings {
		all[i] = s.name
	}
	return all
}

// tables returns the tables that settings are in.
func tables() []string {
	var all []string
	for _, s := range settings {
		if table, _, found := strings.Cut(s.name, "."); found {
			all = append(all, table)
		}
	}
	return all
}

// sortedKeys returns the keys of a map in order, so that mistakes are always told alike.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
