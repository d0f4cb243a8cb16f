package repo

import (
	"cmp"
	"go/ast"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Module is one that go.mod lists.
type Module struct {
	Path   string
	Direct bool // our own packages or tests import it
}

// String returns a line of the golden list.
func (m Module) String() string {
	if m.Direct {
		return m.Path + " direct"
	}
	return m.Path
}

// requireLine finds one module of a go.mod.
var requireLine = regexp.MustCompile(`(?m)^(?:require\s+|\t)([a-z0-9.-]+\.[a-z]+/\S+)\s+v\S+`)

// Modules returns every module that go.mod lists, by path, and tells which of them we import.
// An import of none of them is a problem.
func (t *Tree) Modules() ([]Module, []Problem) {
	mod, err := fs.ReadFile(t.FS, "go.mod")
	if err != nil {
		return nil, []Problem{{"go.mod", err.Error()}}
	}
	var all []Module
	for _, m := range requireLine.FindAllSubmatch(mod, -1) {
		all = append(all, Module{Path: string(m[1])})
	}
	slices.SortFunc(all, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
	var found []Problem
	for _, p := range t.Packages {
		for _, f := range p.Files {
			imports(f, func(importPath string, at *ast.ImportSpec) {
				if _, ours := t.local(importPath); ours || isStandard(importPath) {
					return
				}
				if m := moduleOf(all, importPath); m != nil {
					m.Direct = true
				} else {
					found = append(found, t.at(at.Pos(), "imports %s, which no module of go.mod has", importPath))
				}
			})
		}
	}
	return all, found
}

// moduleOf returns the module that an import path belongs to, the longest that fits, or nil.
func moduleOf(all []Module, importPath string) (best *Module) {
	for i, m := range all {
		fits := importPath == m.Path || strings.HasPrefix(importPath, m.Path+"/")
		if fits && (best == nil || len(m.Path) > len(best.Path)) {
			best = &all[i]
		}
	}
	return best
}

// dependencyRow finds a row of docs/dependencies.md by the module in its first column.
var dependencyRow = regexp.MustCompile("(?m)^\\| `([^`]+)`")

// CheckDependencies compares the modules that we import with the rows of a document.
func (t *Tree) CheckDependencies(document string) []Problem {
	text, err := fs.ReadFile(t.FS, document)
	if err != nil {
		return []Problem{{document, err.Error()}}
	}
	explained := map[string]bool{}
	all, found := t.Modules()
	for _, m := range dependencyRow.FindAllSubmatch(text, -1) {
		module := string(m[1])
		if explained[module] {
			found = append(found, Problem{document, "explains " + module + " twice"})
		}
		explained[module] = true
	}
	for _, m := range all {
		switch {
		case m.Direct && !explained[m.Path]:
			found = append(found, Problem{document, "does not explain " + m.Path})
		case !m.Direct && explained[m.Path]:
			found = append(found, Problem{document, "explains " + m.Path + ", which we do not import"})
		}
		delete(explained, m.Path)
	}
	for module := range explained {
		found = append(found, Problem{document, "explains " + module + ", which go.mod does not list"})
	}
	return found
}
