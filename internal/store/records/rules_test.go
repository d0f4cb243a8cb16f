package records_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// locked are the functions that read and then write in a transaction that the engine has locked
// for them.
var locked = map[string]bool{"EndEverything": true}

// reading and writing are the functions by which the others read and write.
var (
	reading = []string{"one", "all", "Each", "ReadUser", "ReadStanding", "readMetadata"}
	writing = []string{
		"Exec", "Log", "SetNotBefore", "addMetadata", "CreateUser", "noteAdmin", "forget", "refuseTokens",
		"End", "EndLogged", "endAll",
	}
)

// TestNoReadThenWrite holds functions to one statement that decides, or to rows that were locked
// before they are read: engines isolate transactions in different ways.
func TestNoReadThenWrite(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	functions := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			functions++
			if read, written := readsThenWrites(f.Body); written != "" && !locked[f.Name.Name] {
				t.Errorf("%s: %s calls %s and then %s without a lock: let one statement decide, or lock first",
					name, f.Name.Name, read, written)
			}
		}
	}
	if functions < 50 {
		t.Errorf("%d functions were looked at, want all of them", functions)
	}
}

// readsThenWrites returns what a function reads by, and then writes by, unless it locks first.
func readsThenWrites(body ast.Node) (read, written string) {
	lock := false
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		switch {
		case strings.Contains(strings.ToLower(name), "lock"):
			lock = true
		case slices.Contains(writing, name) && read != "" && !lock:
			written = name
		case slices.Contains(reading, name) && written == "":
			read = name
		}
		return true
	})
	return read, written
}

// TestRuleFindsReadThenWrite plants the mistake that the rule is there for.
func TestRuleFindsReadThenWrite(t *testing.T) {
	for source, want := range map[string]string{
		`func() { one(tx, q); tx.Exec(q) }`:             "Exec",
		`func() { tx.Each(f, q); tx.Exec(q) }`:          "Exec",
		`func() { tx.LockLog(); all(tx); tx.Exec(q) }`:  "",
		`func() { tx.Exec(q); readMetadata(tx, name) }`: "",
	} {
		f, err := parser.ParseExpr(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := readsThenWrites(f); got != want {
			t.Errorf("readsThenWrites(%s) writes by %q, want %q", source, got, want)
		}
	}
}
