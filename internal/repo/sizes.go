package repo

import (
	"bytes"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// Budgets are how large things grow before they are split.
type Budgets struct {
	Function   int // lines
	File       int // lines
	Parameters int // besides ctx and t
	Interface  int // methods
}

// Excused is a name that may be over one budget.
type Excused struct {
	Where string // folder and name, such as "verify.Verifier.Require", or a file; "test.*" is all of a folder
	What  string // function, file, parameters, interface or boolean
	Why   string
}

// excess is one thing over its budget.
type excess struct {
	where, what string
	problem     Problem
}

// CheckSizes finds what is over its budget, boolean parameters among it. A boolean that is a
// function's only parameter is what the function is about, not a switch. An excuse that
// nothing needs any more is a problem too.
func (t *Tree) CheckSizes(b Budgets, excused []Excused) []Problem {
	var found []Problem
	needed := make([]bool, len(excused))
	for _, p := range t.Packages {
		for _, e := range t.sizes(p, b) {
			i := slices.IndexFunc(excused, func(x Excused) bool { return x.covers(e) })
			if i < 0 {
				found = append(found, e.problem)
				continue
			}
			needed[i] = true
		}
	}
	for i, x := range excused {
		if !needed[i] {
			found = append(found, Problem{x.Where, "needs no excuse for " + x.What + " any more"})
		}
	}
	return found
}

// covers reports whether the excuse is for this excess.
func (x Excused) covers(e excess) bool {
	folder, all := strings.CutSuffix(x.Where, "*")
	return x.What == e.what && (x.Where == e.where || all && strings.HasPrefix(e.where, folder))
}

// sizes measures one package.
func (t *Tree) sizes(p *Package, b Budgets) (over []excess) {
	for _, f := range p.Files {
		if n := bytes.Count(f.Text, []byte("\n")); n > b.File {
			problem := t.at(f.AST.Pos(), "the file has %d lines, at most %d are usual", n, b.File)
			over = append(over, excess{f.Name, "file", problem})
		}
		for _, decl := range f.AST.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				over = append(over, t.functionSize(p, d, b)...)
			case *ast.GenDecl:
				over = append(over, t.interfaceSizes(p, f, d, b)...)
			}
		}
	}
	return over
}

// functionSize measures a function's lines and parameters. The cases of a test's tables are
// data, and do not count.
func (t *Tree) functionSize(p *Package, d *ast.FuncDecl, b Budgets) (over []excess) {
	name := p.Dir + "." + funcName(d)
	n := t.lines(d.Pos(), d.End())
	if strings.HasSuffix(t.fset.Position(d.Pos()).Filename, "_test.go") {
		n -= t.tableLines(d)
	}
	if n > b.Function {
		over = append(
			over,
			excess{name, "function", t.at(d.Pos(), "%s has %d lines, at most %d are usual", name, n, b.Function)},
		)
	}
	all, booleans := parameters(d.Type)
	if all > b.Parameters {
		over = append(
			over,
			excess{
				name,
				"parameters",
				t.at(d.Pos(), "%s has %d parameters besides ctx and t, at most %d are usual", name, all, b.Parameters),
			},
		)
	}
	if booleans > 0 && all > 1 {
		over = append(
			over,
			excess{
				name,
				"boolean",
				t.at(d.Pos(), "%s has a boolean parameter: what does true mean where it is called?", name),
			},
		)
	}
	return over
}

// tableLines counts the lines inside the lists and maps that a function writes down.
func (t *Tree) tableLines(d *ast.FuncDecl) (n int) {
	ast.Inspect(d, func(node ast.Node) bool {
		table, ok := node.(*ast.CompositeLit)
		if !ok {
			return true
		}
		switch table.Type.(type) {
		case *ast.ArrayType, *ast.MapType:
			n += t.lines(table.Lbrace, table.Rbrace) - 1
			return false
		}
		return true
	})
	return n
}

// interfaceSizes measures the interfaces of a declaration, and their methods' parameters.
func (t *Tree) interfaceSizes(p *Package, f *File, d *ast.GenDecl, b Budgets) (over []excess) {
	for _, spec := range d.Specs {
		s, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		i, ok := s.Type.(*ast.InterfaceType)
		if !ok {
			continue
		}
		name := p.Dir + "." + s.Name.Name
		for _, m := range i.Methods.List {
			signature, isMethod := m.Type.(*ast.FuncType)
			if !isMethod {
				continue // embedded
			}
			if all, booleans := parameters(signature); booleans > 0 && all > 1 {
				what := "%s.%s has a boolean parameter: what does true mean where it is called?"
				method := m.Names[0].Name
				over = append(over, excess{name + "." + method, "boolean", t.at(m.Pos(), what, name, method)})
			}
		}
		if n := len(t.methods(p, f, i)); n > b.Interface {
			problem := t.at(s.Pos(), "%s has %d methods, at most %d are usual", name, n, b.Interface)
			over = append(over, excess{name, "interface", problem})
		}
	}
	return over
}

// methods returns the names of an interface's methods, with those of the interfaces of this module
// that it embeds. An interface of another module counts as one method.
func (t *Tree) methods(p *Package, f *File, i *ast.InterfaceType) map[string]bool {
	names := map[string]bool{}
	for _, m := range i.Methods.List {
		for _, name := range m.Names {
			names[name.Name] = true
		}
		if len(m.Names) > 0 {
			continue
		}
		from, in, embedded := t.interfaceOf(p, f, m.Type)
		if embedded == nil {
			names["("+types.ExprString(m.Type)+")"] = true
			continue
		}
		maps.Copy(names, t.methods(from, in, embedded))
	}
	return names
}

// interfaceOf returns the interface of this module that a file names, and where it is declared; or
// nil.
func (t *Tree) interfaceOf(p *Package, f *File, named ast.Expr) (*Package, *File, *ast.InterfaceType) {
	name, ok := named.(*ast.Ident)
	if sel, selected := named.(*ast.SelectorExpr); selected {
		name, ok = sel.Sel, true
		p = t.Package(f.folderOf(t, types.ExprString(sel.X)))
	}
	if !ok || p == nil {
		return nil, nil, nil
	}
	for _, f := range p.Files {
		for _, decl := range f.AST.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok && s.Name.Name == name.Name {
					i, _ := s.Type.(*ast.InterfaceType)
					return p, f, i
				}
			}
		}
	}
	return nil, nil, nil
}

// folderOf returns the folder of the package of this module that a file calls name, or "".
func (f *File) folderOf(t *Tree, name string) (folder string) {
	imports(f, func(importPath string, _ *ast.ImportSpec) {
		if dir, ours := t.local(importPath); ours && f.nameOf(importPath) == name {
			folder = dir
		}
	})
	return folder
}

// funcName returns a function as one speaks of it: Name, or Type.Name for a method.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return receiver(d.Recv.List[0].Type) + "." + d.Name.Name
}

// receiver returns the name of a receiver's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// parameters counts all parameters besides contexts and tests, and the booleans among them.
func parameters(f *ast.FuncType) (all, booleans int) {
	for _, field := range f.Params.List {
		n := max(1, len(field.Names))
		switch typed := field.Type.(type) {
		case *ast.Ident:
			if typed.Name == "bool" {
				booleans += n
			}
		case *ast.SelectorExpr:
			if isFree(typed) {
				continue
			}
		case *ast.StarExpr:
			if sel, ok := typed.X.(*ast.SelectorExpr); ok && isFree(sel) {
				continue
			}
		}
		all += n
	}
	return all, booleans
}

// isFree reports whether a type counts as no parameter: a context, a test.
func isFree(sel *ast.SelectorExpr) bool {
	x, ok := sel.X.(*ast.Ident)
	return ok && (x.Name == "context" || x.Name == "testing")
}
