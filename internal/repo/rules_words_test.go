package repo_test

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/repo"
)

// notYet are folders that a rule does not hold yet. A line goes when the folder is clean.
var notYet = map[string][]string{
	"widths":    {"."},
	"words":     {"."},
	"doc form":  {"."},
	"citations": {"."},
	"sizes":     {"bench", "internal/session", "internal/user"},
}

// everywhere ignores notYet: go test ./internal/repo -args -everywhere
var everywhere = flag.Bool("everywhere", false, "hold every rule in every folder")

// widths are those of CONTRIBUTING.md.
var widths = repo.Widths{Code: 120, Comment: 100}

// wordings are what comments and names do not say. docs/words.md
var wordings = []repo.Wording{
	{
		Pattern: regexp.MustCompile(`(?i)\b(he|she|his|her|him|hers|himself|herself)\b`),
		Instead: "the user, the caller, it, they",
	},
	{Pattern: regexp.MustCompile(`\btells?\s+whether\b`), Instead: "reports whether"},
	{
		Pattern: regexp.MustCompile(`\bgives\s+(an?|the|its|their|what|how|no|nil|one|it|whether|all|each|every)\b`),
		Instead: "returns",
	},
	{
		Pattern: regexp.MustCompile(
			`(?i)\b(an|one|each|every|the|this|that|same|two|whose|its|of|many) acts?\b|^acts?$`,
		),
		Instead: "transaction",
	},
	{Pattern: regexp.MustCompile(`(?i)\bwish(es)?\b`), Instead: "request, candidate"},
	{Pattern: regexp.MustCompile(`(?i)\bat leisure\b`), Instead: "without a timeout"},
	{Pattern: regexp.MustCompile(`(?i)\bpartings?\b`), Instead: "end"},
	{Pattern: regexp.MustCompile(`(?i)\bdesk\b`), Instead: "session cookies"},
	{Pattern: regexp.MustCompile(`(?i)\bdoors?\b`), Instead: "middleware"},
	{Pattern: regexp.MustCompile(`(?i)\bbeats?\b`), Instead: "heartbeat"},
	{
		Pattern: regexp.MustCompile(`(?i)\b(hurry|bite|calm|lend|lends|lent|patience|dressed|grave|meddler)\b`),
		Instead: "what it does",
	},
	{Pattern: regexp.MustCompile(`(?i)\bsettles?\b`), Instead: "configures, rejects, decides"},
	{Pattern: regexp.MustCompile(`(?i)\bbefore its time\b`), Instead: "revoked"},
	{
		Pattern: regexp.MustCompile(`(?i)\b(verbs? (of (the )?)?(store|engine)|(store|engine)('s)? verbs?)\b`),
		Instead: "operation",
	},
	{Pattern: regexp.MustCompile(`(?i)\b(a|the|each|every|these|its) facts?\b`), Instead: "metadata"},
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

// reportAll fails the test with every problem that a check finds in a module, outside the folders
// of notYet.
func reportAll(t *testing.T, rule string, check func(*repo.Tree) []repo.Problem) {
	t.Helper()
	modules, err := readModules()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		for _, p := range check(m.tree) {
			p.Where = path.Join(m.folder, p.Where)
			if *everywhere || !isNotYet(rule, p.Where) {
				t.Error(p)
			}
		}
	}
}

// isNotYet reports whether a place is in a folder of notYet. "." is every folder.
func isNotYet(rule, where string) bool {
	for _, folder := range notYet[rule] {
		if folder == "." || strings.HasPrefix(where, folder+"/") || strings.HasPrefix(where, folder+".") {
			return true
		}
	}
	return false
}

// TestWidths holds lines to what is read without scrolling.
func TestWidths(t *testing.T) {
	reportAll(t, "widths", func(tree *repo.Tree) []repo.Problem { return tree.CheckWidths(widths) })
}

// TestWords holds comments and names to the words of the field.
func TestWords(t *testing.T) {
	reportAll(t, "words", func(tree *repo.Tree) []repo.Problem { return tree.CheckWords(wordings) })
}

// TestDocForm holds doc comments to Go's form.
func TestDocForm(t *testing.T) { reportAll(t, "doc form", (*repo.Tree).CheckDocForm) }

// TestCitations looks up the requirements that comments cite.
func TestCitations(t *testing.T) {
	text, err := fs.ReadFile(root(), "docs/standards.md")
	if err != nil {
		t.Fatal(err)
	}
	reportAll(t, "citations", func(tree *repo.Tree) []repo.Problem { return tree.CheckCitations(string(text)) })
}
