package repo_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/repo"
)

// widths are those of CONTRIBUTING.md.
var widths = repo.Widths{Code: 120, Comment: 100}

// wordings are what comments, names and documents do not say. docs/words.md
var wordings = []repo.Wording{
	instead("the user, the caller, it, they", `he|she|his|her|him|hers|himself|herself`),
	instead("transaction", `(an|one|each|every|the|this|same|two|whose|its|of|many) acts?|^acts?$`),
	instead("operation", `verbs? (of (the )?)?(store|engine)|(store|engine)('s)? verbs?`),
	instead("request, candidate", `wish(es)?`),
	instead("end", `partings?`),
	instead("session cookies", `desk`),
	instead("middleware", `doors?`),
	instead("heartbeat", `beats?`),
	instead("timeout", `patience`),
	instead("without a timeout", `at leisure`),
	instead("configures, rejects, decides", `settles?`),
	instead("revoked, ended early", `before its time`),
	instead("metadata", `(a|the|each|every|these|its) facts?`),
	instead("a plain name", `hurry|bite|calm|lend|lends|lent|dressed|grave|meddler`),
}

// codeWordings are what comments do not say beside: Go's own words.
var codeWordings = []repo.Wording{
	instead("reports whether", `tells?\s+whether`),
	instead("returns", `gives\s+(an?|the|its|their|what|how|no|nil|one|it|whether|all|each|every)`),
}

// instead returns the wording of expressions that stand as words of their own, in letters of any
// size.
func instead(better, expressions string) repo.Wording {
	return repo.Wording{Pattern: regexp.MustCompile(`(?i)\b(` + expressions + `)\b`), Instead: better}
}

// module is one of this repository's, parsed.
type module struct {
	folder string // from the root; "." is the root
	tree   *repo.Tree
}

// readModules parses every module once, the product's first.
var readModules = sync.OnceValues(func() (all []module, err error) {
	for _, pattern := range []string{"go.mod", "*/go.mod", "*/*/go.mod"} {
		mods, err := fs.Glob(root(), pattern)
		if err != nil {
			return nil, err
		}
		for _, mod := range mods {
			folder := path.Dir(mod)
			tree, err := repo.Read(os.DirFS(path.Join("../..", folder)))
			if err != nil {
				return nil, err
			}
			all = append(all, module{folder, tree})
		}
	}
	return all, nil
})

// reportAll fails the test with every problem that a check finds in a module.
func reportAll(t *testing.T, check func(*repo.Tree) []repo.Problem) {
	t.Helper()
	modules, err := readModules()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		for _, p := range check(m.tree) {
			p.Where = path.Join(m.folder, p.Where)
			t.Error(p)
		}
	}
}

// TestWidths holds lines to what is read without scrolling.
func TestWidths(t *testing.T) {
	reportAll(t, func(tree *repo.Tree) []repo.Problem { return tree.CheckWidths(widths) })
}

// TestWords holds comments and names to the words of the field.
func TestWords(t *testing.T) {
	all := slices.Concat(wordings, codeWordings)
	reportAll(t, func(tree *repo.Tree) []repo.Problem { return tree.CheckWords(all) })
}

// TestDocumentWords holds documents to the same words. Records of decisions are never edited.
func TestDocumentWords(t *testing.T) {
	all := slices.DeleteFunc(documents(t), func(name string) bool { return strings.HasPrefix(name, "docs/decisions/") })
	for _, p := range repo.CheckDocumentWords(root(), all, wordings) {
		t.Error(p)
	}
}

// TestDocForm holds doc comments to Go's form.
func TestDocForm(t *testing.T) { reportAll(t, (*repo.Tree).CheckDocForm) }

// TestCitations looks up the requirements that comments cite.
func TestCitations(t *testing.T) {
	text, err := fs.ReadFile(root(), "docs/standards.md")
	if err != nil {
		t.Fatal(err)
	}
	reportAll(t, func(tree *repo.Tree) []repo.Problem { return tree.CheckCitations(string(text)) })
}
