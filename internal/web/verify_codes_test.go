package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
)

// literal returns the text of a string literal; empty for anything else.
func literal(e ast.Expr) string {
	text, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	read, _ := strconv.Unquote(text.Value)
	return read
}

// TestVerifyCodes holds every code of a verifier to the catalogue: the middleware turns the one
// into the other by its name, and people read the same sentence. verify has a list of its own
// because services import it without us.
func TestVerifyCodes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../verify/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes, titles := map[string]string{}, map[string]string{} // the constant's name → its code; its title
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "Code" {
				codes[n.Names[0].Name] = literal(n.Values[0])
			}
		case *ast.KeyValueExpr:
			name, ok := n.Key.(*ast.Ident)
			if answer, is := n.Value.(*ast.CompositeLit); ok && is && len(answer.Elts) > 1 {
				titles[name.Name] = literal(answer.Elts[1])
			}
		}
		return true
	})
	if len(codes) < 9 {
		t.Errorf("verify has %d codes, want at least 9", len(codes))
	}
	known := map[string]string{} // code → what people read
	for _, e := range fault.Catalogue() {
		known[string(e.Code)] = e.Say
	}
	for name, code := range codes {
		if say, ok := known[code]; !ok || titles[name] != say {
			t.Errorf("verify says %q for %s, the catalogue %q", titles[name], code, say)
		}
	}
}
