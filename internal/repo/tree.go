// Package repo holds the tree to the rules that no compiler knows: who may import whom,
// what stays where, how large things grow, and that documents say what is so. The checks are
// here, each tried on small trees of its own; the rules themselves, with every exception and
// its reason, are in rules_test.go.
package repo

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Tree is a module's source, parsed.
type Tree struct {
	Module   string // its path, as go.mod says
	Packages []*Package
	FS       fs.FS
	fset     *token.FileSet
}

// Package is the Go files of one folder.
type Package struct {
	Dir   string // from the root, with slashes; "." for the root itself
	Files []*File
}

// File is one Go file.
type File struct {
	Name string // from the root, with slashes
	Test bool   // ends in _test.go
	Text []byte
	AST  *ast.File
}

// Problem is one place where a rule is broken.
type Problem struct {
	Where string // a file, with its line where there is one, or a package
	What  string
}

// String returns one line.
func (p Problem) String() string { return p.Where + ": " + p.What }

// moduleLine finds a module's path in its go.mod.
var moduleLine = regexp.MustCompile(`(?m)^module\s+(\S+)`)

// Read parses every Go file of the module at the root of fsys. Other modules inside it,
// testdata and hidden folders are left out.
func Read(fsys fs.FS) (*Tree, error) {
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	line := moduleLine.FindSubmatch(mod)
	if line == nil {
		return nil, fmt.Errorf("go.mod names no module")
	}
	t := &Tree{Module: string(line[1]), FS: fsys, fset: token.NewFileSet()}
	byDir := map[string]*Package{} // folder → its package
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(fsys, name):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		f, err := t.parse(name)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if byDir[dir] == nil {
			byDir[dir] = &Package{Dir: dir}
		}
		byDir[dir].Files = append(byDir[dir].Files, f)
		return nil
	})
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		t.Packages = append(t.Packages, byDir[dir])
	}
	return t, err
}

// skipped reports whether a folder is no part of the module.
func skipped(fsys fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	base := path.Base(dir)
	return err == nil || base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}

// parse reads one file.
func (t *Tree) parse(name string) (*File, error) {
	text, err := fs.ReadFile(t.FS, name)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &File{Name: name, Test: strings.HasSuffix(name, "_test.go"), Text: text, AST: parsed}, nil
}

// Package returns the package in a folder, or nil.
func (t *Tree) Package(dir string) *Package {
	for _, p := range t.Packages {
		if p.Dir == dir {
			return p
		}
	}
	return nil
}

// at makes a problem of a position.
func (t *Tree) at(pos token.Pos, format string, args ...any) Problem {
	p := t.fset.Position(pos)
	return Problem{fmt.Sprintf("%s:%d", p.Filename, p.Line), fmt.Sprintf(format, args...)}
}

// lines counts the lines from one position to another, both included.
func (t *Tree) lines(from, to token.Pos) int {
	return t.fset.Position(to).Line - t.fset.Position(from).Line + 1
}

// local returns the folder of an import path of this module; ok is false for any other.
func (t *Tree) local(importPath string) (dir string, ok bool) {
	if importPath == t.Module {
		return ".", true
	}
	return strings.CutPrefix(importPath, t.Module+"/")
}

// matches reports whether a folder is the one a pattern names: the folder itself or, with
// "/*" at the end, one right below it; with "/..." also any depth below.
func matches(pattern, dir string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return dir == base || strings.HasPrefix(dir, base+"/")
	}
	if base, ok := strings.CutSuffix(pattern, "/*"); ok {
		return path.Dir(dir) == base
	}
	return pattern == dir
}
