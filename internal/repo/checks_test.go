package repo_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/repo"
)

// files is a small tree: name → text.
type files map[string]string

// plant makes the files a module and parses it.
func plant(t *testing.T, f files) *repo.Tree {
	t.Helper()
	tree, err := repo.Read(f.fs())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// fs returns the files with a go.mod, unless they have one.
func (f files) fs() fstest.MapFS {
	all := fstest.MapFS{"go.mod": {Data: []byte("module m.test/m\n")}}
	for name, text := range f {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

// check is one check with its rules.
type check func(*repo.Tree) []repo.Problem

// checkCase is a small tree and what a check shall say of it.
type checkCase struct {
	name  string
	files files
	check check
	want  []string // where the problems are; nil: nothing is wrong
}

// run holds each case to what it wants.
func run(t *testing.T, cases []checkCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range c.check(plant(t, c.files)) {
				got = append(got, p.Where)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("problems differ (-want +got):\n%s", diff)
			}
		})
	}
}

// twoRows is a above b, and c beside b.
func twoRows(exceptions ...repo.Exception) check {
	return func(t *repo.Tree) []repo.Problem {
		return t.CheckLayers(repo.Layers{{"a"}, {"b", "c", "d/*"}}, exceptions)
	}
}

// TestCheckLayers breaks the layers in every way.
func TestCheckLayers(t *testing.T) {
	const up = "package b\n\nimport _ \"m.test/m/a\"\n"
	run(t, []checkCase{
		{"down", files{"a/a.go": "package a\n\nimport _ \"m.test/m/b\"\n", "b/b.go": "package b\n"}, twoRows(), nil},
		{"up", files{"a/a.go": "package a\n", "b/b.go": up}, twoRows(), []string{"b/b.go:3"}},
		{"up, in a test", files{"a/a.go": "package a\n", "b/b_test.go": up}, twoRows(), nil},
		{
			"up, excepted",
			files{"a/a.go": "package a\n", "b/b.go": up},
			twoRows(repo.Exception{From: "b", To: "a"}),
			nil,
		},
		{
			"exception for nothing",
			files{"b/b.go": "package b\n"},
			twoRows(repo.Exception{From: "b", To: "a"}),
			[]string{"b"},
		},
		{
			"sideways",
			files{"c/c.go": "package c\n", "b/b.go": "package b\n\nimport _ \"m.test/m/c\"\n"},
			twoRows(),
			[]string{"b/b.go:3"},
		},
		{
			"sideways by pattern",
			files{"d/x/x.go": "package x\n", "b/b.go": "package b\n\nimport _ \"m.test/m/d/x\"\n"},
			twoRows(),
			[]string{"b/b.go:3"},
		},
		{"no place", files{"e/e.go": "package e\n"}, twoRows(), []string{"e"}},
		{
			"into no place",
			files{"e/e.go": "package e\n", "a/a.go": "package a\n\nimport _ \"m.test/m/e\"\n"},
			twoRows(),
			[]string{"a/a.go:3", "e"},
		},
		{"another module inside", files{"e/go.mod": "module e\n", "e/e.go": "package e\n"}, twoRows(), nil},
	})
}

// TestReadLayers reads the rows of a document, and refuses a document without them.
func TestReadLayers(t *testing.T) {
	tree := files{"A.md": "# A\n\n```text\nm/\n```\n\n```layers\na · b/*\nc\n```\n"}.fs()
	got, err := repo.ReadLayers(tree, "A.md")
	if want := (repo.Layers{{"a", "b/*"}, {"c"}}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("ReadLayers = %v, %v, want %v", got, err, want)
	}
	for _, text := range []string{"# A\n", "```text\na\n```\n"} {
		if got, err := repo.ReadLayers(files{"A.md": text}.fs(), "A.md"); err == nil {
			t.Errorf("ReadLayers(%q) = %v, want an error", text, got)
		}
	}
}

// TestCheckConfined imports what only others may.
func TestCheckConfined(t *testing.T) {
	http := func(t *repo.Tree) []repo.Problem {
		return t.CheckConfined([]repo.Confined{{Import: "net/http/...", To: []string{"web/..."}}, {Import: "engine"}})
	}
	const uses = "package p\n\nimport _ \"net/http\"\n"
	run(t, []checkCase{
		{"where it may", files{"web/api/p.go": uses}, http, nil},
		{"where it may not", files{"user/p.go": uses}, http, []string{"user/p.go:3"}},
		{
			"below the import",
			files{"user/p.go": "package p\n\nimport _ \"net/http/httptest\"\n"},
			http,
			[]string{"user/p.go:3"},
		},
		{"in a test", files{"user/p_test.go": uses}, http, nil},
		{
			"one of ours",
			files{"engine/e.go": "package e\n", "user/p.go": "package p\n\nimport _ \"m.test/m/engine\"\n"},
			http,
			[]string{"user/p.go:3"},
		},
	})
}

// TestCheckClosure reaches out of the standard library, near and far.
func TestCheckClosure(t *testing.T) {
	closure := func(t *repo.Tree) []repo.Problem {
		return t.CheckClosure([]string{"verify"}, []string{"verify", "jose"})
	}
	const far, jose = "package verify\n\nimport _ \"m.test/m/jose\"\n", "package jose\n\nimport _ \"example.com/x\"\n"
	run(t, []checkCase{
		{"nothing", files{"verify/v.go": "package verify\n\nimport _ \"net/http\"\n"}, closure, nil},
		{
			"itself",
			files{"verify/v.go": "package verify\n\nimport _ \"example.com/x\"\n"},
			closure,
			[]string{"verify/v.go:3"},
		},
		{
			"its test",
			files{
				"verify/v.go":      "package verify\n",
				"verify/v_test.go": "package verify_test\n\nimport _ \"example.com/x\"\n",
			},
			closure,
			[]string{"verify/v_test.go:3"},
		},
		{"through ours", files{"verify/v.go": far, "jose/j.go": jose}, closure, []string{"jose/j.go:3"}},
		{
			"through a test of ours",
			files{"verify/v.go": far, "jose/j.go": "package jose\n", "jose/j_test.go": jose},
			closure,
			nil,
		},
		{
			"ours, not allowed",
			files{"verify/v.go": "package verify\n\nimport _ \"m.test/m/store\"\n", "store/s.go": "package store\n"},
			closure,
			[]string{"verify/v.go:3"},
		},
		{"gone", files{"jose/j.go": "package jose\n"}, closure, []string{"verify"}},
	})
}

// TestCheckCalls calls what only others may.
func TestCheckCalls(t *testing.T) {
	getenv := func(t *repo.Tree) []repo.Problem {
		return t.CheckCalls(
			repo.Calls{Import: "os", Names: []string{"Getenv"}, To: map[string]string{"config": "it is its task"}},
		)
	}
	const reads = "package p\n\nimport \"os\"\n\nvar x = os.Getenv(\"X\")\n"
	allowed := files{"config/p.go": reads}
	run(t, []checkCase{
		{"where it may", allowed, getenv, nil},
		{"where it may not", files{"config/p.go": reads, "user/p.go": reads}, getenv, []string{"user/p.go:5"}},
		{
			"under another name",
			files{"config/p.go": reads, "user/p.go": "package p\n\nimport env \"os\"\n\nvar x = env.Getenv\n"},
			getenv,
			[]string{"user/p.go:5"},
		},
		{"in a test", files{"config/p.go": reads, "user/p_test.go": reads}, getenv, nil},
		{
			"another function",
			files{"config/p.go": reads, "user/p.go": "package p\n\nimport \"os\"\n\nvar x = os.Args\n"},
			getenv,
			nil,
		},
		{
			"somebody else's",
			files{"config/p.go": reads, "user/p.go": "package p\n\nimport \"m.test/m/os\"\n\nvar x = os.Getenv\n"},
			getenv,
			nil,
		},
		{"allowed for nothing", files{"config/p.go": "package p\n"}, getenv, []string{"config"}},
	})
}

// TestCheckSQL hides SQL in a string.
func TestCheckSQL(t *testing.T) {
	engines := func(t *repo.Tree) []repo.Problem { return t.CheckSQL([]string{"engine"}) }
	holds := func(text string) files { return files{"user/u.go": "package u\n\nconst q = `" + text + "`\n"} }
	run(t, []checkCase{
		{"select", holds("\n\tSELECT a\n\tFROM b"), engines, []string{"user/u.go:3"}},
		{"select on one line", holds("SELECT a FROM b"), engines, []string{"user/u.go:3"}},
		{"update", holds("UPDATE users SET a = 1"), engines, []string{"user/u.go:3"}},
		{"insert", holds("INSERT INTO users VALUES (1)"), engines, []string{"user/u.go:3"}},
		{"delete", holds("DELETE FROM users"), engines, []string{"user/u.go:3"}},
		{"create", holds("CREATE TABLE users (id)"), engines, []string{"user/u.go:3"}},
		{"a sentence", holds("Select a device from the list, and update it; DELETE is a method"), engines, nil},
		{"in a test", files{"user/u_test.go": "package u\n\nconst q = `DELETE FROM users`\n"}, engines, nil},
		{"an engine's", files{"engine/e.go": "package e\n\nconst q = `DELETE FROM users`\n"}, engines, nil},
	})
}

// TestCheckComments leaves comments out.
func TestCheckComments(t *testing.T) {
	comments := (*repo.Tree).CheckComments
	documented := func(rest string) files { return files{"p/p.go": "// Package p is here.\npackage p\n\n" + rest} }
	run(t, []checkCase{
		{
			"all there",
			documented(
				"// A is one.\nconst A = 1\n\n// B holds.\nvar (\n\tB = 1\n\tC = 2\n)\n\n// D does.\nfunc D() {}\n",
			),
			comments,
			nil,
		},
		{"no package comment", files{"p/p.go": "package p\n"}, comments, []string{"p"}},
		{
			"two package comments",
			files{"p/p.go": "// Package p is here.\npackage p\n", "p/q.go": "// Package p is there.\npackage p\n"},
			comments,
			[]string{"p"},
		},
		{
			"in a test",
			files{"p/p.go": "package p\n", "p/p_test.go": "// Package p is here.\npackage p\n"},
			comments,
			[]string{"p"},
		},
		{"in a package of tests alone", files{"p/p_test.go": "// Package p is here.\npackage p\n"}, comments, nil},
		{"function", documented("func d() {}\n"), comments, []string{"p/p.go:4"}},
		{
			"function of a test",
			files{"p/p.go": "// Package p is here.\npackage p\n", "p/p_test.go": "package p_test\n\nfunc d() {}\n"},
			comments,
			[]string{"p/p_test.go:3"},
		},
		{"type", documented("type t int\n"), comments, []string{"p/p.go:4"}},
		{"constant", documented("const a = 1\n"), comments, []string{"p/p.go:4"}},
		{"one of a group", documented("const (\n\ta = 1 // one\n\tb = 2\n)\n"), comments, []string{"p/p.go:6"}},
		{"method", documented("// T is.\ntype T int\n\nfunc (T) m() {}\n"), comments, []string{"p/p.go:7"}},
		{"functions of one line", documented("// D and e do.\nfunc D() {}\nfunc e() {}\n"), comments, nil},
		{
			"a function further below",
			documented("// D does.\nfunc D() {}\n\nfunc e() {}\n"),
			comments,
			[]string{"p/p.go:7"},
		},
		{
			"a function of two lines",
			documented("// D does.\nfunc D() {}\nfunc e() {\n}\n"),
			comments,
			[]string{"p/p.go:6"},
		},
		{"the first of two", documented("func D() {}\nfunc e() {}\n"), comments, []string{"p/p.go:4"}},
		{
			"method of an interface",
			documented("// T is.\ntype T int\n\nfunc (T) m() {}\n\n// I has m.\ntype I interface{ m() }\n"),
			comments,
			nil,
		},
	})
}

// TestCheckMarks leaves notes and skips a test.
func TestCheckMarks(t *testing.T) {
	marks := (*repo.Tree).CheckMarks
	note := "TO" + "DO"
	run(t, []checkCase{
		{"a note", files{"p/p.go": "package p // " + note + ": later\n"}, marks, []string{"p/p.go:1"}},
		{"with an issue", files{"p/p.go": "package p // " + note + "(#12): later\n"}, marks, nil},
		{"with a name", files{"p/p.go": "package p // " + note + "(ada): later\n"}, marks, []string{"p/p.go:1"}},
		{"in a string", files{"p/p.go": "package p\n\nconst c = `" + note + "`\n"}, marks, nil},
		{"a skip", files{"p/p_test.go": "package p\n\nfunc T(t T) { t.Skip() }\n"}, marks, []string{"p/p_test.go:3"}},
	})
}

// TestCheckSizes goes over each budget by one.
func TestCheckSizes(t *testing.T) {
	small := repo.Budgets{Function: 3, File: 9, Parameters: 2, Interface: 1}
	sizes := func(excused ...repo.Excused) check {
		return func(t *repo.Tree) []repo.Problem { return t.CheckSizes(small, excused) }
	}
	holds := func(text string) files { return files{"p/p.go": "package p\n\n" + text + "\n"} }
	const table = "func f() {\n\t_ = []int{\n\t\t1,\n\t}\n}\n"
	const long, parameters = "func f() {\n\n\n}", "func (t *T[K]) f(a, b, c int) {}"
	run(t, []checkCase{
		{"within", holds("func f(a, b int) {\n\n}\n\ntype I interface{ m() }"), sizes(), nil},
		{"function", holds(long), sizes(), []string{"p/p.go:3"}},
		{"function, excused", holds(long), sizes(repo.Excused{Where: "p.f", What: "function"}), nil},
		{
			"function, excused for another thing",
			holds(long),
			sizes(repo.Excused{Where: "p.f", What: "parameters"}),
			[]string{"p/p.go:3", "p.f"},
		},
		{"function, excused with its folder", holds(long), sizes(repo.Excused{Where: "p.*", What: "function"}), nil},
		{"a table in a test", files{"p/p_test.go": "package p\n\n" + table}, sizes(), nil},
		{"a table elsewhere", holds(table), sizes(), []string{"p/p.go:3"}},
		{"file", files{"p/p.go": "package p\n" + strings.Repeat("\n", 9)}, sizes(), []string{"p/p.go:1"}},
		{"parameters", holds(parameters), sizes(), []string{"p/p.go:3"}},
		{"method, excused", holds(parameters), sizes(repo.Excused{Where: "p.T.f", What: "parameters"}), nil},
		{
			"ctx and t are free",
			holds("func f(ctx context.Context, t *testing.T, tb testing.TB, a, b int) {}"),
			sizes(),
			nil,
		},
		{
			"interface, embedded",
			holds("type I interface {\n\tJ\n\tm()\n}\n\ntype J interface{ n() }"),
			sizes(),
			[]string{"p/p.go:3"},
		},
		{
			"interface, the same method twice",
			holds("type I interface {\n\tJ\n\tm()\n}\n\ntype J interface{ m() }"),
			sizes(),
			nil,
		},
		{"interface, embedded from another package", files{
			"p/p.go": "package p\n\nimport \"m.test/m/q\"\n\ntype I interface{ q.J }\n",
			"q/q.go": "package q\n\ntype J interface{ K }\n",
			"q/k.go": "package q\n\ntype K interface {\n\tm()\n\tn()\n}\n",
		}, sizes(), []string{"p/p.go:5", "q/k.go:3", "q/q.go:3"}},
		{
			"interface, embedded from another module",
			holds("type I interface {\n\tfmt.Stringer\n\tm()\n}"),
			sizes(),
			[]string{"p/p.go:3"},
		},
		{"interface, one from another module", holds("type I interface{ fmt.Stringer }"), sizes(), nil},
		{"interface", holds("type I interface {\n\tm()\n\tn()\n}"), sizes(), []string{"p/p.go:3"}},
		{"boolean", holds("func f(a int, b bool) {}"), sizes(), []string{"p/p.go:3"}},
		{"boolean alone", holds("func yes(b bool) {}"), sizes(), nil},
		{"boolean of an interface", holds("type I interface{ m(a int, b bool) }"), sizes(), []string{"p/p.go:3"}},
	})
}

// TestReadRefusesBrokenSource does not judge what it cannot read.
func TestReadRefusesBrokenSource(t *testing.T) {
	if _, err := repo.Read(files{"p/p.go": "package"}.fs()); err == nil {
		t.Error("Read(broken) = nil, want an error")
	}
	if _, err := repo.Read(fstest.MapFS{"p.go": {Data: []byte("package p\n")}}); err == nil {
		t.Error("Read(no go.mod) = nil, want an error")
	}
}
