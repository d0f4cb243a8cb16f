package repo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/repo"
)

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

// TestCheckLayerEntries names places where no package is.
func TestCheckLayerEntries(t *testing.T) {
	entries := func(t *repo.Tree) []repo.Problem {
		return t.CheckLayerEntries(repo.Layers{{"a"}, {"b", "d/*"}, {"d/x"}})
	}
	run(t, []checkCase{
		{
			"all there",
			files{
				"a/a.go": "package a\n", "b/b.go": "package b\n",
				"d/x/x.go": "package x\n", "d/y/y.go": "package y\n",
			},
			entries,
			nil,
		},
		{
			"gone",
			files{"a/a.go": "package a\n", "d/x/x.go": "package x\n", "d/y/y.go": "package y\n"},
			entries,
			[]string{"b"},
		},
		{
			"each named by itself",
			files{"a/a.go": "package a\n", "b/b.go": "package b\n", "d/x/x.go": "package x\n"},
			entries,
			[]string{"d/*"},
		},
		{
			"another place",
			files{"a/a.go": "package a\n", "b/b.go": "package b\n", "d/y/y.go": "package y\n"},
			entries,
			[]string{"d/x"},
		},
	})
}

// TestCheckFolders names folders where no package is.
func TestCheckFolders(t *testing.T) {
	folders := func(t *repo.Tree) []repo.Problem { return t.CheckFolders([]string{".", "a/...", "b/*", "c"}) }
	run(t, []checkCase{
		{
			"all there",
			files{
				"m.go": "package m\n", "a/a.go": "package a\n",
				"b/x/x.go": "package x\n", "c/c.go": "package c\n",
			},
			folders,
			nil,
		},
		{"gone", files{"a/x/x.go": "package x\n", "b/b.go": "package b\n"}, folders, []string{".", "b/*", "c"}},
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
