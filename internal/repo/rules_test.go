package repo_test

import (
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/handstamp/handstamp/internal/repo"
)

// layerExceptions are the imports that go against the layers.
var layerExceptions = []repo.Exception{}

// confined are imports that only some packages may have.
var confined = []repo.Confined{
	{"internal/store/sqlite", []string{"internal/server"}, "only server names an engine"},
	{"internal/store/postgres", []string{"internal/server"}, "only server names an engine"},
	{
		"internal/store/migration",
		[]string{"internal/store/sqlite", "internal/store/postgres"},
		"only engines have a schema",
	},
	{
		"internal/store/records",
		[]string{"internal/store/sqlite", "internal/store/postgres", "internal/store/storetest"},
		"only engines know how rows are kept",
	},
	{"internal/test/postgrestest", nil, "it is for tests"},
	{"internal/test/logtest", []string{"internal/test/programtest"}, "it is for tests"},
	{"internal/test/programtest", []string{"internal/test/postgrestest"}, "it is for tests"},
	{
		"internal/server",
		[]string{".", "cmd/handstamp", "internal/test/handstamptest"},
		"only what runs a server builds one",
	},
	{"internal/repo/...", []string{"internal/repo/..."}, "it is about the tree, not of it"},
	{"internal/test/handstamptest", nil, "it is for tests"},
	{"internal/store/storetest", nil, "it is for tests"},
	{"verify/verifytest", nil, "it is for tests"},
	{
		"verify",
		[]string{"internal/web/...", "internal/server", ".", "cmd/handstamp", "examples/...", "verify/..."},
		"below web nobody knows of requests",
	},
	{
		"net/http",
		[]string{
			"internal/web/...",
			"internal/server",
			"internal/test/handstamptest",
			"test/prove/apiclient",
			"internal/repo/...",
			".",
			"cmd/handstamp",
			"examples/...",
			"verify/...",
		},
		"only web, server and handstamptest know HTTP",
	},
	{
		"html/template",
		[]string{"internal/web/pages/...", "cmd/handstamp", "examples/..."},
		"pages draw HTML; and with a template in reach the linker keeps every method",
	},
	{"database/sql", []string{"internal/store/sqlite", "examples/embedded"}, "only engines know databases"},
	{"modernc.org/sqlite/...", []string{"internal/store/sqlite", "examples/embedded"}, "only engines know databases"},
	{
		"github.com/jackc/pgx/v5/...",
		[]string{"internal/store/postgres", "internal/test/postgrestest"},
		"only engines know databases",
	},
	{"internal/web/pages/pagestest", nil, "it is for tests"},
	{
		"internal/web/api/openapi",
		[]string{"internal/test/handstamptest", "internal/repo/gen"},
		"it is for tests and the document; no program links it",
	},
	{
		"testing",
		[]string{
			"internal/test/handstamptest",
			"internal/test/postgrestest",
			"internal/store/storetest",
			"internal/web/pages/pagestest",
			"verify/verifytest",
		},
		"what only tests need stays out of programs",
	},
	{
		"github.com/santhosh-tekuri/jsonschema/v6/...",
		[]string{"internal/test/handstamptest"},
		"what only tests need stays out of programs",
	},
	{"github.com/spf13/cobra", []string{"cmd/handstamp"}, "only the program has commands"},
	{"github.com/spf13/pflag", []string{"internal/config", "cmd/handstamp"}, "flags are made from the settings"},
	{"unsafe", nil, "nothing here is worth it"},
	{"math/rand", nil, "use math/rand/v2, or crypto/rand for what nobody shall guess"},
}

// environment says who reads the environment.
var environment = repo.Calls{
	Import: "os", Names: []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv"},
	Why: "only config reads the environment",
	To: map[string]string{
		"cmd/handstamp/main.go": "hands it over to config, whole",
		"examples/*":            "they have no settings but these, and show it",
	},
}

// decoding says who decodes with encoding/json.
var decoding = repo.Calls{
	Import: "encoding/json", Names: []string{"Unmarshal", "NewDecoder", "Valid", "Compact"},
	Why: "encoding/json folds case, takes the last of two members and mends bad UTF-8: " +
		"use internal/jose or go-json-experiment",
	To: map[string]string{
		"cmd/handstamp/sample.go": "reads what our own server answers, for a name on a page",
		"internal/password/gen":   "reads packages whose hash it has compared",
	},
}

// budgets are those of CONTRIBUTING.md.
var budgets = repo.Budgets{Function: 60, File: 400, Parameters: 4, Interface: 8}

// excused are the names that are over a budget, by module, each for a reason that its comment or
// its body shows.
var excused = map[string][]repo.Excused{
	"github.com/handstamp/handstamp": {
		{"test.*", "boolean", "testscript says what a command takes"},
		{
			"internal/store.Store",
			"interface",
			"an engine keeps everything; each package takes the interfaces that it needs",
		},
	},
}

// sqlAllowed are the packages that may hold SQL: the engines and what they share; an app's own
// database; what looks for SQL; the contract's attacker, who types it as a name; and what starts a
// throwaway PostgreSQL.
var sqlAllowed = []string{
	"internal/store/records",
	"internal/store/sqlite",
	"internal/store/postgres",
	"examples/embedded",
	"internal/repo",
	"internal/store/storetest",
	"internal/test/postgrestest",
}

// verifyRoots is the public library, and verifyReach everything that it may be made of
// beside the standard library, its own tests included.
var (
	verifyRoots = []string{"verify", "verify/verifytest"}
	verifyReach = []string{
		"verify",
		"verify/verifytest",
		"internal/jose",
		"internal/origin",
		"internal/revocation/revoked",
		"internal/test/logtest",
		"verify/internal/*",
	}
)

// root is the tree that this test is part of.
func root() fs.FS { return os.DirFS("../..") }

// readTree returns the product's module, parsed.
func readTree(t *testing.T) *repo.Tree {
	t.Helper()
	modules, err := readModules()
	if err != nil {
		t.Fatal(err)
	}
	return modules[0].tree
}

// report fails the test with every problem.
func report(t *testing.T, problems []repo.Problem) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}

// TestLayers holds imports to pointing down.
// The rows are a block of ARCHITECTURE.md.
func TestLayers(t *testing.T) {
	layers, err := repo.ReadLayers(root(), "ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	report(t, readTree(t).CheckLayers(layers, layerExceptions))
	report(t, readTree(t).CheckLayerEntries(layers))
}

// TestFolders holds the rules themselves to folders that are there.
func TestFolders(t *testing.T) {
	named := slices.Concat(sqlAllowed, verifyRoots, verifyReach)
	for _, rule := range confined {
		named = append(named, rule.To...)
	}
	slices.Sort(named)
	report(t, readTree(t).CheckFolders(slices.Compact(named)))
}

// TestConfined holds imports to where they belong.
func TestConfined(t *testing.T) { report(t, readTree(t).CheckConfined(confined)) }

// TestVerifyIsStandardLibrary holds what services link to the standard library.
func TestVerifyIsStandardLibrary(t *testing.T) {
	report(t, readTree(t).CheckClosure(verifyRoots, verifyReach))
}

// TestEnvironment holds the environment to config.
func TestEnvironment(t *testing.T) { report(t, readTree(t).CheckCalls(environment)) }

// TestDecoding keeps encoding/json away from what strangers send.
func TestDecoding(t *testing.T) { report(t, readTree(t).CheckCalls(decoding)) }

// TestSQL keeps SQL in the engines.
func TestSQL(t *testing.T) { report(t, readTree(t).CheckSQL(sqlAllowed)) }

// TestComments holds every package and every top-level name to a comment, in every module.
func TestComments(t *testing.T) { reportAll(t, (*repo.Tree).CheckComments) }

// TestMarks finds notes of work to come without an issue, and tests that skip, in every module.
func TestMarks(t *testing.T) { reportAll(t, (*repo.Tree).CheckMarks) }

// TestSizes holds functions, files, parameters and interfaces to their budgets, in every module.
func TestSizes(t *testing.T) {
	reportAll(t, func(tree *repo.Tree) []repo.Problem { return tree.CheckSizes(budgets, excused[tree.Module]) })
}
