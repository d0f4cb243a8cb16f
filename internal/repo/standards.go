package repo

import (
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A row of docs/standards.md: what it is about, and the names in it.
var (
	standardRow = regexp.MustCompile(`(?m)^\| ([A-Z]{2}-[0-9]{2}) \|([^|]*)\|([^|]*)\|([^|]*)\|$`)
	quotedName  = regexp.MustCompile("`([^`]+)`")
)

// CheckStandards holds a table of requirements to the code: a row names a function that
// meets it and a test that proves it, and both are there; or it begins its third column with
// one of the words of open, and says why. No row stands twice.
func (t *Tree) CheckStandards(document string, open []string) []Problem {
	text, err := fs.ReadFile(t.FS, document)
	if err != nil {
		return []Problem{{document, err.Error()}}
	}
	var found []Problem
	seen := map[string]bool{}
	for _, row := range standardRow.FindAllStringSubmatch(string(text), -1) {
		id, met, proved := row[1], strings.TrimSpace(row[3]), row[4]
		if seen[id] {
			found = append(found, Problem{document, id + " stands twice"})
		}
		seen[id] = true
		if slices.ContainsFunc(open, func(word string) bool { return strings.HasPrefix(met, word) }) {
			continue
		}
		found = append(
			found,
			t.checkNames(
				document,
				id+" is met by",
				met,
				func(p *Package, name string) bool { return p.declares(name) },
			)...)
		found = append(found, t.checkNames(document, id+" is proved by", proved, (*Package).tests)...)
	}
	if len(seen) == 0 {
		found = append(found, Problem{document, "has no rows"})
	}
	return found
}

// citation finds the id of a requirement in a comment, with the word before it.
var citation = regexp.MustCompile(`(\w*)\W+([A-Z]{2}-[0-9]{2})\b`)

// CheckCitations holds comments that cite a requirement to the word "standards" before its id, and
// to ids that a row of the table of requirements has.
func (t *Tree) CheckCitations(table string) []Problem {
	subjects, known := map[string]bool{}, map[string]bool{}
	for _, row := range standardRow.FindAllStringSubmatch(table, -1) {
		known[row[1]] = true
		subjects[row[1][:2]] = true
	}
	var found []Problem
	for _, p := range t.Packages {
		for _, f := range p.Files {
			for _, group := range f.AST.Comments {
				for _, m := range citation.FindAllStringSubmatch(group.Text(), -1) {
					switch word, id := m[1], m[2]; {
					case word == "requirements" || word == "requirement":
						found = append(found, t.at(group.Pos(), "cites requirements %s: write standards", id))
					case !known[id] && (word == "standards" || subjects[id[:2]]):
						found = append(found, t.at(group.Pos(), "cites %s, which docs/standards.md does not have", id))
					}
				}
			}
		}
	}
	return found
}

// checkNames looks up every quoted name of a column, of which there is at least one.
func (t *Tree) checkNames(document, what, column string, has func(*Package, string) bool) []Problem {
	names := quotedName.FindAllStringSubmatch(column, -1)
	if len(names) == 0 {
		return []Problem{{document, what + " nothing that has a name"}}
	}
	var found []Problem
	for _, m := range names {
		if !t.names(m[1], has) {
			found = append(found, Problem{document, what + " " + m[1] + ", which is not there"})
		}
	}
	return found
}

// names reports whether something is there: a file, or folder.Name, where the folder goes
// without internal/.
func (t *Tree) names(text string, has func(*Package, string) bool) bool {
	if _, err := fs.Stat(t.FS, text); err == nil {
		return true
	}
	slash := strings.LastIndexByte(text, '/') + 1
	if subtest := strings.Index(text, ".Test"); subtest >= 0 { // a subtest's name may hold anything
		slash = strings.LastIndexByte(text[:subtest], '/') + 1
	}
	last, name, ok := strings.Cut(text[slash:], ".")
	dir := text[:slash] + last
	if !ok {
		return false
	}
	for _, candidate := range []string{"internal/" + dir, dir} {
		if p := t.Package(candidate); p != nil && has(p, name) {
			return true
		}
	}
	return false
}

// declares reports whether the package has a top-level name or, as Type.Method, a method.
func (p *Package) declares(name string) bool {
	for _, f := range p.Files {
		for _, decl := range f.AST.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if funcName(d) == name {
					return true
				}
			case *ast.GenDecl:
				if slices.ContainsFunc(d.Specs, func(s ast.Spec) bool { return declared(s, name) }) {
					return true
				}
			}
		}
	}
	return false
}

// declared reports whether a declaration makes a name.
func declared(spec ast.Spec, name string) bool {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Name.Name == name
	case *ast.ValueSpec:
		return slices.ContainsFunc(s.Names, func(n *ast.Ident) bool { return n.Name == name })
	}
	return false
}

// isTest tells tests, fuzz targets and examples by their names; a suite that other packages
// run writes its tests in small letters.
var isTest = regexp.MustCompile(`^(Test|Fuzz|Example|test)`)

// tests reports whether the package has a test; behind a slash stands the name of a case, as
// the test writes it.
func (p *Package) tests(name string) bool {
	function, subtest, _ := strings.Cut(name, "/")
	written := subtest == "" ||
		slices.ContainsFunc(p.Files, func(f *File) bool { return strings.Contains(string(f.Text), `"`+subtest+`"`) })
	return written && isTest.MatchString(function) && p.declares(function)
}

// What documents call tests by: a test's name, or a story's file.
var (
	quotedTest  = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	quotedStory = regexp.MustCompile("`(\\w+\\.txt)`")
)

// CheckTestNames holds every test and every story that documents name to being there.
func (t *Tree) CheckTestNames(documents []string, stories string) []Problem {
	var found []Problem
	for _, name := range documents {
		text, err := fs.ReadFile(t.FS, name)
		if err != nil {
			found = append(found, Problem{name, err.Error()})
			continue
		}
		for _, m := range quotedTest.FindAllSubmatch(text, -1) {
			known := func(p *Package) bool { return p.declares(string(m[1])) }
			if !slices.ContainsFunc(t.Packages, known) {
				found = append(found, Problem{name, "names the test " + string(m[1]) + ", which is not there"})
			}
		}
		for _, m := range quotedStory.FindAllSubmatch(text, -1) {
			if _, err := fs.Stat(t.FS, path.Join(stories, string(m[1]))); err != nil {
				found = append(found, Problem{name, "names the story " + string(m[1]) + ", which is not there"})
			}
		}
	}
	return found
}
