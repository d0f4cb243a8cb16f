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
