package api_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/api"
	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// update rewrites openapi.json in its form: make golden.
var update = flag.Bool("update", false, "rewrite openapi.json in its form")

// description returns openapi.json, read.
func description(t testing.TB) *openapi.Document {
	t.Helper()
	d, err := openapi.Read(api.Document("http://localhost:8787"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDescribedRoutes holds the description to the tables of routes, both ways, and to who may call
// each.
func TestDescribedRoutes(t *testing.T) {
	routes, told := map[string]string{}, map[string]string{} // pattern → access
	for _, surface := range api.Surfaces(api.Parts{}) {
		for _, route := range surface.Routes {
			routes[route.Pattern] = route.Access.String()
		}
	}
	for _, o := range description(t).Operations() {
		told[o.Pattern()] = o.Access
		optional := slices.ContainsFunc(o.Security, func(s openapi.Map[[]string]) bool { return len(s) == 0 })
		if open := len(o.Security) == 0 || optional; open != (o.Access == web.Anyone.String()) {
			t.Errorf("%s: security %v, access %q", o.Pattern(), o.Security, o.Access)
		}
	}
	if diff := cmp.Diff(routes, told); diff != "" {
		t.Errorf("the description differs from the routes (-routes +description):\n%s", diff)
	}
}

// TestDescribedCodes holds the codes to the catalogue: which there are, with which status
// each goes, and what a person reads.
func TestDescribedCodes(t *testing.T) {
	d := description(t)
	say := map[string]string{} // code → sentence
	for _, e := range fault.Catalogue() {
		say[string(e.Code)] = e.Say
	}
	known, _ := d.Components.Schemas.Get("Code")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(say)), known.Enum); diff != "" {
		t.Errorf("codes differ (-catalogue +description):\n%s", diff)
	}
	check := func(where string, responses openapi.Map[openapi.Response]) {
		for _, r := range responses {
			media, refuses := r.Value.Content.Get("application/problem+json")
			status, _ := media.Schema.Properties.Get("status")
			if !refuses {
				continue
			}
			if string(status.Const) != r.Name || len(r.Value.Codes()) == 0 {
				t.Errorf("%s %s: a problem with status %s and codes %v", where, r.Name, status.Const, r.Value.Codes())
			}
			for _, code := range r.Value.Codes() {
				if got := web.Status(fault.New(fault.Code(code))); strconv.Itoa(got) != r.Name {
					t.Errorf("%s %s: %s goes with %d", where, r.Name, code, got)
				}
			}
			if diff := cmp.Diff(r.Value.Codes(), media.Examples.Names()); diff != "" {
				t.Errorf("%s %s: codes and examples differ:\n%s", where, r.Name, diff)
			}
		}
	}
	check("elsewhere", d.Elsewhere)
	for _, o := range d.Operations() {
		check(o.Pattern(), o.Responses)
	}
	for _, e := range d.Components.Examples {
		var p struct {
			Title string `json:"title"`
			Code  string `json:"code"`
		}
		if err := json.Unmarshal(e.Value.Value, &p); err != nil || p.Code != "" && p.Title != say[p.Code] {
			t.Errorf("example %s: %v, %q, want %q", e.Name, err, p.Title, say[p.Code])
		}
	}
}

// TestDescribedReasons holds the reasons of an end to those of the store.
func TestDescribedReasons(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../store/session.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "EndReason" {
			text, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			want = append(want, text)
		}
		return false
	})
	reasons, _ := description(t).Components.Schemas.Get("EndReason")
	if diff := cmp.Diff(want, reasons.Enum); diff != "" || len(want) < 10 {
		t.Errorf("reasons differ (-store +description):\n%s", diff)
	}
}

// TestDescribedExamples holds every example to its schema.
func TestDescribedExamples(t *testing.T) {
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(api.Document("http://localhost:8787")))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:x", whole); err != nil {
		t.Fatal(err)
	}
	check := func(where string, content openapi.Map[openapi.Media]) {
		for _, m := range content {
			schema, err := c.Compile("urn:x" + m.Value.At)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range m.Value.Examples {
				value, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.Value.Value))
				if err != nil || schema.Validate(value) != nil {
					t.Errorf("%s, example %s: %v %v", where, e.Name, err, schema.Validate(value))
				}
			}
			if len(m.Value.Examples) == 0 && m.Name != "text/plain; charset=utf-8" && where != "GET /openapi.json 200" {
				t.Errorf("%s has no example", where)
			}
		}
	}
	for _, o := range description(t).Operations() {
		if o.Body != nil {
			check(o.Pattern(), o.Body.Content)
		}
		for _, r := range o.Responses {
			check(o.Pattern()+" "+r.Name, r.Value.Content)
		}
	}
}

// TestDescribedForm holds openapi.json to one form, so that differences show what changed:
// two spaces a level, and what fits into a line on one line.
func TestDescribedForm(t *testing.T) {
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole ordered
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	want := append(whole.form(0, 0), '\n')
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(text), "\n")); diff != "" {
		t.Errorf("openapi.json has another form (-want +got); make golden mends it:\n%s", diff)
	}
}
