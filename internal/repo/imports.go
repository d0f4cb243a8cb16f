package repo

import (
	"fmt"
	"go/ast"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Layers are the packages from the top down. A package imports only what stands in rows
// below its own; packages of one row do not know each other. An entry is a folder, or a
// folder and "/*" for whatever is right below it and not named by itself.
type Layers [][]string

// ReadLayers reads the layers from a document's first block with the info "layers": a row a line,
// with " · " between its entries.
func ReadLayers(fsys fs.FS, document string) (Layers, error) {
	text, err := fs.ReadFile(fsys, document)
	if err != nil {
		return nil, err
	}
	for _, b := range Blocks(string(text)) {
		if b.Info != "layers" {
			continue
		}
		var layers Layers
		for line := range strings.Lines(b.Text) {
			layers = append(layers, strings.Split(strings.TrimSpace(line), " · "))
		}
		return layers, nil
	}
	return nil, fmt.Errorf("%s has no block of layers", document)
}

// Exception lets one package import another against the layers.
type Exception struct{ From, To, Why string }

// row returns the row of a folder, and the entry that stands for it; ok is false when none does.
func (l Layers) row(dir string) (row int, entry string, ok bool) {
	named := func(entry string) bool { return entry == dir }
	below := func(entry string) bool { return matches(entry, dir) }
	for _, is := range []func(string) bool{named, below} {
		for i, entries := range l {
			if at := slices.IndexFunc(entries, is); at >= 0 {
				return i, entries[at], true
			}
		}
	}
	return 0, "", false
}

// imports calls visit for each import of a file.
func imports(f *File, visit func(importPath string, at *ast.ImportSpec)) {
	for _, spec := range f.AST.Imports {
		if importPath, err := strconv.Unquote(spec.Path.Value); err == nil {
			visit(importPath, spec)
		}
	}
}

// CheckLayers holds the imports of all files but tests to the layers. A package without a
// place, and an exception that nothing needs, are problems too.
func (t *Tree) CheckLayers(layers Layers, exceptions []Exception) []Problem {
	var found []Problem
	needed := make([]bool, len(exceptions))
	for _, p := range t.Packages {
		from, _, placed := layers.row(p.Dir)
		if !placed {
			found = append(
				found,
				Problem{
					p.Dir,
					"stands in no row of the layers in ARCHITECTURE.md: say what it may import, and who may import it",
				},
			)
			continue
		}
		p.eachImport(func(importPath string, at *ast.ImportSpec) {
			dir, ours := t.local(importPath)
			to, _, known := layers.row(dir)
			if !ours || known && to > from {
				return
			}
			i := slices.IndexFunc(exceptions, func(e Exception) bool { return e.From == p.Dir && e.To == dir })
			if i >= 0 {
				needed[i] = true
				return
			}
			found = append(found, t.at(at.Pos(), "%s imports %s, which does not stand below it", p.Dir, dir))
		})
	}
	for i, e := range exceptions {
		if !needed[i] {
			found = append(found, Problem{e.From, "needs no exception for " + e.To + " any more"})
		}
	}
	return found
}

// CheckLayerEntries finds entries of the layers that stand for no package: the packages were moved,
// or each of them is named by itself.
func (t *Tree) CheckLayerEntries(layers Layers) []Problem {
	used := map[string]bool{}
	for _, p := range t.Packages {
		_, entry, _ := layers.row(p.Dir)
		used[entry] = true
	}
	var found []Problem
	for _, entry := range slices.Concat(layers...) {
		if !used[entry] {
			found = append(found, Problem{entry, "stands in the layers of ARCHITECTURE.md for no package"})
		}
	}
	return found
}

// CheckFolders finds patterns of folders in which there is no package.
func (t *Tree) CheckFolders(patterns []string) []Problem {
	var found []Problem
	for _, pattern := range patterns {
		in := func(p *Package) bool { return matches(pattern, p.Dir) }
		if !slices.ContainsFunc(t.Packages, in) {
			found = append(found, Problem{pattern, "is named in a rule, and no package is there"})
		}
	}
	return found
}

// eachImport calls visit for each import of the package's files that are no tests.
func (p *Package) eachImport(visit func(importPath string, at *ast.ImportSpec)) {
	for _, f := range p.Files {
		if !f.Test {
			imports(f, visit)
		}
	}
}

// Confined is an import that only some packages may have, whether ours or somebody else's.
type Confined struct {
	Import string   // an import path; one of ours as its folder. "/..." at the end: all below as well
	To     []string // folders, as in Layers and with "/..."
	Why    string
}

// CheckConfined holds imports to the packages that may have them. Tests are free.
func (t *Tree) CheckConfined(rules []Confined) []Problem {
	var found []Problem
	for _, p := range t.Packages {
		p.eachImport(func(importPath string, at *ast.ImportSpec) {
			if dir, ours := t.local(importPath); ours {
				importPath = dir
			}
			for _, rule := range rules {
				allowed := func(pattern string) bool { return matches(pattern, p.Dir) }
				if matches(rule.Import, importPath) && !slices.ContainsFunc(rule.To, allowed) {
					found = append(found, t.at(at.Pos(), "%s imports %s: %s", p.Dir, importPath, rule.Why))
				}
			}
		})
	}
	return found
}

// CheckClosure holds everything that the packages of roots reach, their tests included, to
// the standard library and the folders of allowed, which may be patterns as in Layers.
func (t *Tree) CheckClosure(roots, allowed []string) []Problem {
	var found []Problem
	seen := map[string]bool{}
	var reach func(dir string, tests bool)
	look := func(importPath string, at *ast.ImportSpec) {
		dir, ours := t.local(importPath)
		switch {
		case !ours && !isStandard(importPath):
			found = append(found, t.at(at.Pos(), "reaches %s, which is not in the standard library", importPath))
		case ours && !slices.ContainsFunc(allowed, func(pattern string) bool { return matches(pattern, dir) }):
			found = append(found, t.at(at.Pos(), "reaches %s, which is not in %s", dir, strings.Join(allowed, ", ")))
		case ours:
			reach(dir, slices.Contains(roots, dir))
		}
	}
	reach = func(dir string, tests bool) {
		p := t.Package(dir)
		if seen[dir] || p == nil {
			return
		}
		seen[dir] = true
		for _, f := range p.Files {
			if tests || !f.Test {
				imports(f, look)
			}
		}
	}
	for _, dir := range roots {
		if t.Package(dir) == nil {
			found = append(found, Problem{dir, "is not there"})
		}
		reach(dir, true)
	}
	return found
}

// isStandard reports whether an import path is of the standard library: those have no dot in
// their first element.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// Calls are functions of a package that only some places may call.
type Calls struct {
	Import string            // the package that has them
	Names  []string          // the functions
	To     map[string]string // folder or file → why it may
	Why    string            // why nobody else may
}

// CheckCalls holds functions to the places that may call them. Tests are free. A place
// that calls none of them any more is a problem too.
func (t *Tree) CheckCalls(rule Calls) []Problem {
	var found []Problem
	used := map[string]bool{}
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			for _, call := range f.uses(rule.Import, rule.Names) {
				place, ok := rule.place(p.Dir, f.Name)
				used[place] = true
				if !ok {
					found = append(found, t.at(call.Pos(), "calls %s.%s: %s", rule.Import, call.Sel.Name, rule.Why))
				}
			}
		}
	}
	for place := range rule.To {
		if !used[place] {
			found = append(
				found,
				Problem{
					place,
					fmt.Sprintf(
						"is allowed %s of %s and calls none of them",
						strings.Join(rule.Names, ", "),
						rule.Import,
					),
				},
			)
		}
	}
	return found
}

// place returns the entry that allows a file.
func (c Calls) place(dir, file string) (entry string, ok bool) {
	for entry := range c.To {
		if entry == file || matches(entry, dir) {
			return entry, true
		}
	}
	return "", false
}

// uses finds where a file names one of a package's functions.
func (f *File) uses(importPath string, names []string) (found []*ast.SelectorExpr) {
	name := f.nameOf(importPath)
	if name == "" {
		return nil
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && slices.Contains(names, sel.Sel.Name) {
			found = append(found, sel)
		}
		return true
	})
	return found
}

// nameOf returns what a file calls a package, or "" when it does not import it.
func (f *File) nameOf(importPath string) (name string) {
	imports(f, func(found string, at *ast.ImportSpec) {
		if found != importPath {
			return
		}
		name = found[strings.LastIndexByte(found, '/')+1:]
		if at.Name != nil {
			name = at.Name.Name
		}
	})
	return name
}
