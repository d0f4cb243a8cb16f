package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// entry is a vulnerability of path.Join in every version of Go.
const entry = `{"schema_version": "1.3.1", "id": "GO-2026-0001", "modified": "2026-11-05T00:00:00Z",
	"summary": "Join joins", "affected": [{"package": {"name": "stdlib", "ecosystem": "Go"},
	"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "99.0.0"}]}],
	"ecosystem_specific": {"imports": [{"path": "path", "symbols": ["Join"]}]}}]}`

// TestCheck scans a tree of three modules, of which one calls path.Join and one only imports it.
func TestCheck(t *testing.T) {
	root, db := t.TempDir(), t.TempDir()
	write(t, filepath.Join(db, "GO-2026-0001.json"), entry)
	for _, m := range []struct{ folder, main string }{
		{".", ""},
		{"calls", "import \"path\"\n\nfunc main() { println(path.Join(\"a\", \"b\")) }\n"},
		{"imports", "import \"path\"\n\nfunc main() { println(path.Base(\"a\")) }\n"},
	} {
		write(
			t,
			filepath.Join(root, m.folder, "go.mod"),
			"module example.com/m"+strings.Trim(m.folder, ".")+"\n\ngo 1.26.0\n",
		)
		write(t, filepath.Join(root, m.folder, "main.go"), "package main\n\n"+m.main)
	}
	s, err := newScanner(db)
	if err != nil {
		t.Fatal(err)
	}
	excepted := exception{id: "GO-2026-0001", module: "calls"}
	wantError(t, check(s, root, nil), []string{
		"calls: GO-2026-0001 in stdlib: Join joins", "main.go:5", "raise the toolchain line of calls/go.mod",
	})
	wantError(t, check(s, root, []exception{excepted}), nil)
}

// TestJudge has a vulnerability that one module calls, and every kind of exception.
func TestJudge(t *testing.T) {
	found := []vulnerability{{id: "GO-2026-0001", module: "sub", in: "stdlib"}}
	for _, c := range []struct {
		name       string
		found      []vulnerability
		exceptions string
		want       []string // what the problems begin with
	}{
		{"nothing", nil, "", nil},
		{"called", found, "", []string{"sub: GO-2026-0001 in"}},
		{"excepted", found, "# why\n\nGO-2026-0001 sub 2026-12-01 constants alone", nil},
		{"another excepted", found, "GO-2026-0002 sub 2026-12-01 constants alone",
			[]string{"sub: GO-2026-0001 in", "sub: GO-2026-0002 is not called any more: delete its exception"}},
		{"excepted elsewhere", found, "GO-2026-0001 . 2026-12-01 constants alone",
			[]string{"sub: GO-2026-0001 in", ".: GO-2026-0001 is not called any more"}},
		{"excepted for nothing", nil, "GO-2026-0001 sub 2026-12-01 constants alone",
			[]string{"sub: GO-2026-0001 is not called any more"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			exceptions, err := parseExceptions(c.exceptions)
			if err != nil {
				t.Fatal(err)
			}
			got := judge(c.found, exceptions)
			if len(got) != len(c.want) {
				t.Fatalf("judge = %q, want %q", got, c.want)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("judge = %q, want %q", got[i], want)
				}
			}
		})
	}
}

// write makes a file and its folder.
func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantError looks for every part of want in an error, in order.
func wantError(t *testing.T, err error, want []string) {
	t.Helper()
	if (err != nil) != (want != nil) {
		t.Fatalf("check = %v, want %q", err, want)
	}
	rest := ""
	if err != nil {
		rest = err.Error()
	}
	for _, part := range want {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Fatalf("check = %v, want %q in it", err, part)
		}
		rest = after
	}
}

// TestParseExceptions reads the file that is there, and refuses lines that say too little.
func TestParseExceptions(t *testing.T) {
	text, err := os.ReadFile("exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseExceptions(string(text)); err != nil {
		t.Errorf("exceptions.txt: %v", err)
	}
	for _, line := range []string{
		"GO-2026-0001", "GO-2026-0001 . 2026-12-01", "GO-2026-0001 . 2026-13-01 why", "2026-0001 . 2026-12-01 why",
	} {
		if _, err := parseExceptions(line); err == nil {
			t.Errorf("parseExceptions(%q) = nil, want an error", line)
		}
	}
}

// TestTodo says how to be rid of what was found.
func TestTodo(t *testing.T) {
	for _, c := range []struct {
		v    vulnerability
		want string
	}{
		{vulnerability{module: ".", in: "stdlib", fixed: "v1.27.5"}, "go1.27.5: raise the toolchain line of go.mod"},
		{vulnerability{module: "bench", in: "example.com/x", fixed: "v1.2.3"}, "go -C bench get example.com/x@v1.2.3"},
		{vulnerability{module: "bench", in: "example.com/x"}, "tools/vulncheck/exceptions.txt"},
	} {
		if got := c.v.String(); !strings.Contains(got, c.want) {
			t.Errorf("%+v says %q, want %q in it", c.v, got, c.want)
		}
	}
}
