package renew

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"testing"
)

// source returns a function of a file as gofmt writes it, without its comment.
func source(t *testing.T, file, name string) string {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range parsed.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == name {
			var text bytes.Buffer
			if err := format.Node(&text, set, f); err != nil {
				t.Fatal(err)
			}
			return text.String()
		}
	}
	t.Fatalf("%s has no function %s", file, name)
	return ""
}

// TestAcceptsHTMLCopy holds the function to the one that verify decides by.
func TestAcceptsHTMLCopy(t *testing.T) {
	ours := source(t, "arrival.go", "acceptsHTML")
	if theirs := source(t, "../../../../verify/navigation.go", "acceptsHTML"); ours != theirs {
		t.Errorf("acceptsHTML is\n%s\nand in verify\n%s", ours, theirs)
	}
}

// TestAcceptsHTML reads weights.
func TestAcceptsHTML(t *testing.T) {
	tests := []struct {
		accept []string
		want   bool
	}{
		{nil, false},
		{[]string{"*/*"}, false},
		{[]string{"application/json, text/plain"}, false},
		{[]string{"text/html"}, true},
		{[]string{"Text/HTML ; Q=0.5"}, true},
		{[]string{"text/html;q=1"}, true},
		{[]string{"text/html;q=0.001"}, true},
		{[]string{"text/html;q=0"}, false},
		{[]string{"text/html; q=0.000, application/json"}, false},
		{[]string{"application/json", "text/html"}, true},
	}
	for _, tt := range tests {
		if got := acceptsHTML(tt.accept); got != tt.want {
			t.Errorf("acceptsHTML(%q) = %v, want %v", tt.accept, got, tt.want)
		}
	}
}

// TestArrivalTwice takes a request that says twice where it comes from for no browser's.
func TestArrivalTwice(t *testing.T) {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/session/renew", nil)
	r.Header = http.Header{
		"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"},
	}
	if got := arrivalOf(r, ask{}); got != own {
		t.Errorf("arrivalOf = %v, want own", got)
	}
	r.Header.Add("Sec-Fetch-Site", "cross-site")
	if got := arrivalOf(r, ask{}); got != program {
		t.Errorf("twice: arrivalOf = %v, want program", got)
	}
}
