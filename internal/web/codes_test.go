package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
)

// TestVerifyCodes holds every code of a verifier to the catalogue: the middleware turns the one into
// the other by its name.
func TestVerifyCodes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../verify/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	known := fault.Catalogue()
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			found++
			code, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if !slices.ContainsFunc(known, func(e fault.Entry) bool { return string(e.Code) == code }) {
				t.Errorf("verify refuses with %s, which the catalogue does not have", code)
			}
		}
		return false
	})
	if found < 9 {
		t.Errorf("verify has %d codes, want at least 9", found)
	}
}
