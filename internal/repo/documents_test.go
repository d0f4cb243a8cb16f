package repo_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/repo"
)

// update rewrites golden files: make golden.
var update = flag.Bool("update", false, "rewrite golden files")

// TestDependencies holds go.mod to the golden list of modules, so that no module comes in
// unseen, and every module that we import to a row that says why.
func TestDependencies(t *testing.T) {
	tree := readTree(t)
	modules, problems := tree.Modules()
	report(t, problems)
	var got bytes.Buffer
	for _, m := range modules {
		fmt.Fprintln(&got, m)
	}
	golden := filepath.Join("testdata", "modules.golden")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("modules differ from %s (-want +got):\n%s", golden, diff)
	}
	report(t, tree.CheckDependencies("docs/dependencies.md"))
}

// TestDrawing compares the drawing of the tree with the disk.
func TestDrawing(t *testing.T) { report(t, readTree(t).CheckDrawing("ARCHITECTURE.md")) }

// documents returns the names of all documents.
func documents(t *testing.T) []string {
	t.Helper()
	all, err := repo.Documents(root())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestLinks follows every link between documents.
func TestLinks(t *testing.T) { report(t, repo.CheckLinks(root(), documents(t))) }

// TestNamedTests looks up the tests and stories that documents name.
func TestNamedTests(t *testing.T) {
	report(t, readTree(t).CheckTestNames(documents(t), "test/scripts"))
}

// TestStandards holds docs/standards.md to functions and tests that are there.
func TestStandards(t *testing.T) {
	report(t, readTree(t).CheckStandards("docs/standards.md", []string{"planned", "we differ", "not ours"}))
}

// TestGoBlocks compiles every block of Go in the documents that a newcomer copies from. A
// block is a whole file.
func TestGoBlocks(t *testing.T) {
	for _, name := range []string{"README.md", "docs/guide-protect-a-service.md"} {
		text, err := fs.ReadFile(root(), name)
		if err != nil {
			t.Error(err)
			continue
		}
		compiled := 0
		for _, b := range repo.Blocks(string(text)) {
			if b.Info == "go" {
				compiled++
				compile(t, fmt.Sprintf("%s:%d", name, b.Line), b.Text)
			}
		}
		if compiled == 0 {
			t.Errorf("%s has no block of Go", name)
		}
	}
}

// compile builds a file as if it were a package of this module.
func compile(t *testing.T, where, source string) {
	t.Helper()
	folder, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "block.go")
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	replace, err := json.Marshal(
		map[string]map[string]string{"Replace": {filepath.Join(folder, "internal", "repo", "block", "block.go"): file}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{file: []byte(source), overlay: replace} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(
		t.Context(),
		"go",
		"build",
		"-o",
		os.DevNull,
		"-overlay",
		overlay,
		"./internal/repo/block",
	)
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%s does not compile: %v\n%s", where, err, out)
	}
}

// document makes one file of a tree of a text.
func document(text string) files {
	return files{"README.md": text, "docs/other.md": "# A heading, with `code`!\n"}
}

// links checks the links of README.md.
func links(t *repo.Tree) []repo.Problem {
	return repo.CheckLinks(t.FS, []string{"README.md"})
}

// TestCheckLinks follows links to nowhere.
func TestCheckLinks(t *testing.T) {
	run(t, []checkCase{
		{"a file", document("[a](docs/other.md)"), links, nil},
		{"a folder", document("[a](docs/)"), links, nil},
		{"elsewhere", document("[a](https://example.com/x)"), links, nil},
		{"no file", document("[a](docs/none.md)"), links, []string{"README.md"}},
		{"a heading", document("[a](docs/other.md#a-heading-with-code)"), links, nil},
		{"no heading", document("[a](docs/other.md#another)"), links, []string{"README.md"}},
		{"a heading of its own", document("# Here\n[a](#here)"), links, nil},
		{"no heading of its own", document("# Here\n[a](#there)"), links, []string{"README.md"}},
		{"in a block", document("```\n[a](none.md)\n```\n"), links, nil},
		{"in code", document("`[a](none.md)`"), links, nil},
	})
}

// TestCheckTestNames names tests and stories that are not there.
func TestCheckTestNames(t *testing.T) {
	named := func(t *repo.Tree) []repo.Problem { return t.CheckTestNames([]string{"README.md"}, "stories") }
	tree := func(text string) files {
		return files{"p/p_test.go": "package p\n\nfunc TestOne() {}\n", "stories/one.txt": "", "README.md": text}
	}
	run(t, []checkCase{
		{"there", tree("See `TestOne` and `one.txt`."), named, nil},
		{"no test", tree("See `TestTwo`."), named, []string{"README.md"}},
		{"no story", tree("See `two.txt`."), named, []string{"README.md"}},
		{"not a name", tree("TestTwo and two.txt, `Testing`"), named, nil},
		{"no document", files{}, named, []string{"README.md"}},
	})
}

// TestCheckDrawing draws what is not there, and leaves out what is.
func TestCheckDrawing(t *testing.T) {
	drawing := func(t *repo.Tree) []repo.Problem { return t.CheckDrawing("A.md") }
	const head = "# A\n\n```text\nm/\n  one.go      first\n  a/          second\n"
	tree := func(more string) files {
		return files{
			"one.go":   "package m\n",
			"a/a.go":   "package a\n",
			"a/b/b.go": "package b\n",
			"A.md":     head + more + "```\n",
		}
	}
	run(t, []checkCase{
		{"all drawn", tree("    b/        third\n"), drawing, nil},
		{"one left out", tree(""), drawing, []string{"A.md"}},
		{"one too many", tree("    b/\n    c/\n"), drawing, []string{"A.md"}},
		{"a folder as a file", tree("    b\n"), drawing, []string{"A.md"}},
		{
			"many below",
			files{
				"a/a.go":   "package a\n",
				"a/b/b.go": "package b\n",
				"A.md":     "```text\nm/\n  a/    pages, a folder each\n```\n",
			},
			drawing,
			nil,
		},
		{"no drawing", files{"A.md": "# A\n"}, drawing, []string{"A.md"}},
		{"no document", files{}, drawing, []string{"A.md"}},
	})
}

// TestCheckStandards names what is not there.
func TestCheckStandards(t *testing.T) {
	standards := func(t *repo.Tree) []repo.Problem { return t.CheckStandards("s.md", []string{"planned"}) }
	const store = "package store\n\nfunc Judge() {}\n\ntype DB struct{}\n\nfunc (*DB) Rotate() {}\n"
	const head = "| ID | what | met by | proved by |\n|---|---|---|---|\n"
	row := func(rows ...string) files {
		return files{
			"internal/store/s.go":      store,
			"internal/store/s_test.go": "package store_test\n\nfunc TestJudge() { run(\"late\") }\n",
			"test/scripts/a.txt":       "",
			"s.md":                     head + strings.Join(rows, "\n") + "\n",
		}
	}
	const good = "| RF-02 | rotates | `store.Judge`, `store.DB.Rotate` | " +
		"`store.TestJudge`, `store.TestJudge/late`, `test/scripts/a.txt` |"
	run(t, []checkCase{
		{"good", row(good), standards, nil},
		{"twice", row(good, good), standards, []string{"s.md"}},
		{"planned", row("| RF-09 | reports | planned: with OAuth | |"), standards, nil},
		{"met by nothing", row("| RF-02 | rotates | somewhere | `store.TestJudge` |"), standards, []string{"s.md"}},
		{
			"met by what is not there",
			row("| RF-02 | rotates | `store.Decide` | `store.TestJudge` |"),
			standards,
			[]string{"s.md"},
		},
		{
			"met by another package's",
			row("| RF-02 | rotates | `token.Judge` | `store.TestJudge` |"),
			standards,
			[]string{"s.md"},
		},
		{"proved by nothing", row("| RF-02 | rotates | `store.Judge` | |"), standards, []string{"s.md"}},
		{
			"proved by what is not there",
			row("| RF-02 | rotates | `store.Judge` | `store.TestNone` |"),
			standards,
			[]string{"s.md"},
		},
		{
			"proved by what is no test",
			row("| RF-02 | rotates | `store.Judge` | `store.Judge` |"),
			standards,
			[]string{"s.md"},
		},
		{
			"proved by no such case",
			row("| RF-02 | rotates | `store.Judge` | `store.TestJudge/early` |"),
			standards,
			[]string{"s.md"},
		},
		{"no rows", row(), standards, []string{"s.md"}},
	})
}

// TestCheckDependencies brings a module in unexplained.
func TestCheckDependencies(t *testing.T) {
	const row = "| `example.com/a` | why |\n"
	explained := func(t *repo.Tree) []repo.Problem { return t.CheckDependencies("d.md") }
	const mod = "module m.test/m\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/a/b v1.0.0 // indirect\n)\n"
	tree := func(imported, document string) files {
		return files{"go.mod": mod, "p/p.go": "package p\n\nimport _ \"" + imported + "\"\n", "d.md": document}
	}
	run(t, []checkCase{
		{"explained", tree("example.com/a/x", "| `example.com/a` | why |\n"), explained, nil},
		{"explained twice", tree("example.com/a", row+row), explained, []string{"d.md"}},
		{"not explained", tree("example.com/a/x", ""), explained, []string{"d.md"}},
		{"the longer module", tree("example.com/a/b/x", "| `example.com/a/b` | why |\n"), explained, nil},
		{
			"explained for nothing",
			tree("example.com/a", "| `example.com/a` | why |\n| `example.com/a/b` | why |\n"),
			explained,
			[]string{"d.md"},
		},
		{
			"explained and gone",
			tree("example.com/a", "| `example.com/a` | why |\n| `example.com/c` | why |\n"),
			explained,
			[]string{"d.md"},
		},
		{"not in go.mod", tree("example.com/c", ""), explained, []string{"p/p.go:3"}},
	})
}
