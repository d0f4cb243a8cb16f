package repo

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// CheckComments asks for exactly one package comment in each package and for a comment on
// every top-level name, in tests too. A method that an interface of its package has may do
// without: the interface says what it promises. Functions of one line each, without a line
// between them, share the comment above the first.
func (t *Tree) CheckComments() []Problem {
	var found []Problem
	for _, p := range t.Packages {
		found = append(found, t.packageComment(p)...)
		promised := p.promised()
		for _, f := range p.Files {
			for i, decl := range f.AST.Decls {
				if i == 0 || !t.follows(f.AST.Decls[i-1], decl) {
					found = append(found, t.declComment(decl, promised)...)
				}
			}
		}
	}
	return found
}

// packageComment counts. Tests beside the package they test have none.
func (t *Tree) packageComment(p *Package) []Problem {
	testsAlone := !slices.ContainsFunc(p.Files, func(f *File) bool { return !f.Test })
	var with []string
	misplaced := false
	for _, f := range p.Files {
		if f.AST.Doc != nil {
			with = append(with, f.Name)
			misplaced = misplaced || f.Test && !testsAlone
		}
	}
	if len(with) == 1 && !misplaced {
		return nil
	}
	return []Problem{
		{
			p.Dir,
			fmt.Sprintf(
				"has %d package comments (%s), want one, in a file that is no test",
				len(with),
				strings.Join(with, ", "),
			),
		},
	}
}

// promised returns the names of the methods that interfaces of the package have.
func (p *Package) promised() map[string]bool {
	names := map[string]bool{}
	for _, f := range p.Files {
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				for _, m := range i.Methods.List {
					for _, name := range m.Names {
						names[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return names
}

// declComment tells of the names in a declaration that have no comment.
func (t *Tree) declComment(decl ast.Decl, promised map[string]bool) []Problem {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && !(d.Recv != nil && promised[d.Name.Name]) {
			return []Problem{t.at(d.Pos(), "%s has no comment", d.Name.Name)}
		}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT || d.Doc != nil {
			return nil
		}
		var found []Problem
		for _, spec := range d.Specs {
			if name, ok := bare(spec); ok {
				found = append(found, t.at(spec.Pos(), "%s has no comment", name))
			}
		}
		return found
	}
	return nil
}

// follows reports whether two functions stand on two lines, one right below the other.
func (t *Tree) follows(first, second ast.Decl) bool {
	_, isFunc := first.(*ast.FuncDecl)
	_, areFuncs := second.(*ast.FuncDecl)
	return isFunc && areFuncs && t.lines(first.End(), second.Pos()) == 2 && t.lines(second.Pos(), second.End()) == 1
}

// bare returns the first name of a declared type, constant or variable without a comment.
func bare(spec ast.Spec) (name string, ok bool) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Name.Name, s.Doc == nil && s.Comment == nil
	case *ast.ValueSpec:
		return s.Names[0].Name, s.Doc == nil && s.Comment == nil
	}
	return "", false
}

// The marks that want a reason, and the one form of it that has one: an issue's number.
var (
	mark     = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)
	numbered = regexp.MustCompile(`\bTODO\(#[0-9]+\)`)
)

// CheckMarks finds notes of work to come that name no issue, and tests that skip.
func (t *Tree) CheckMarks() []Problem {
	var found []Problem
	for _, p := range t.Packages {
		for _, f := range p.Files {
			for _, group := range f.AST.Comments {
				for _, c := range group.List {
					if mark.MatchString(numbered.ReplaceAllString(c.Text, "")) {
						found = append(found, t.at(c.Pos(), "a note of work to come without an issue's number"))
					}
				}
			}
			found = append(found, t.skips(f)...)
		}
	}
	return found
}

// skips finds calls of t.Skip and its like in tests.
func (t *Tree) skips(f *File) (found []Problem) {
	ast.Inspect(f.AST, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if ok && (x.Name == "t" || x.Name == "b" || x.Name == "f") &&
			slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
			found = append(found, t.at(sel.Pos(), "a test that skips: bring what it needs, or leave it out"))
		}
		return true
	})
	return found
}
