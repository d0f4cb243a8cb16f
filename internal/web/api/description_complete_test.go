package api_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/web/api"
	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// TestDescribedWhole asks of every operation what a reader needs, and of every answer the
// headers that go with its status.
func TestDescribedWhole(t *testing.T) {
	d := description(t)
	ids := map[string]bool{}
	for _, o := range d.Operations() {
		good := slices.ContainsFunc(o.Responses.Names(), func(status string) bool { return status < "300" })
		if o.Summary == "" || o.Description == "" || len(o.Samples) == 0 || !good || ids[o.ID] || o.ID == "" {
			t.Errorf("%s: id %q, summary %q, %d samples, answers %v", o.Pattern(), o.ID, o.Summary, len(o.Samples),
				o.Responses.Names())
		}
		ids[o.ID] = true
		if len(o.Tags) != 1 || !slices.ContainsFunc(d.Tags,
			func(tag openapi.Tag) bool { return tag.Name == o.Tags[0] }) {
			t.Errorf("%s is in the chapters %q", o.Pattern(), o.Tags)
		}
		for _, name := range strings.Split(o.Path, "/") {
			is := func(p openapi.Parameter) bool { return p.In == "path" && p.Required && "{"+p.Name+"}" == name }
			if strings.HasPrefix(name, "{") && !slices.ContainsFunc(o.Parameters, is) {
				t.Errorf("%s does not describe %s", o.Pattern(), name)
			}
		}
		for _, r := range o.Responses {
			headers(t, o.Pattern()+" "+r.Name, r)
		}
	}
	for _, r := range slices.Concat(d.Elsewhere, d.OAuth) {
		headers(t, "elsewhere "+r.Name, r)
	}
}

// headers asks for the headers that go with an answer's status.
func headers(t *testing.T, where string, r openapi.Entry[openapi.Response]) {
	t.Helper()
	want := map[string][]string{
		"401": {"WWW-Authenticate"}, "405": {"Allow"}, "503": {"Retry-After"}, "304": {"ETag"},
	}[r.Name]
	if !r.Value.Early {
		want = append(want, "Cache-Control")
	}
	for _, name := range want {
		if h, ok := r.Value.Headers.Get(name); !ok || !h.Required {
			t.Errorf("%s does not promise the header %s", where, name)
		}
	}
}

// TestDescribedClosed lets no object of the surface have members that are not described.
func TestDescribedClosed(t *testing.T) {
	d := description(t)
	var walk func(where string, s openapi.Schema)
	walk = func(where string, s openapi.Schema) {
		if s.Type == "object" && (s.Additional == nil || !s.Additional.Never) {
			t.Errorf("%s may have any members", where)
		}
		for _, m := range s.Properties {
			walk(where+"/"+m.Name, m.Value)
		}
		for _, one := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
			walk(where, one)
		}
		if s.Items != nil {
			walk(where+"/items", *s.Items)
		}
	}
	for _, s := range d.Components.Schemas {
		walk(s.Name, s.Value)
	}
	for _, o := range d.Operations() {
		if o.Body != nil && !o.Body.IsForm() { // OAuth has unknown parameters passed over: RFC 6749 §3.2
			walk(o.Pattern(), o.Body.Content[0].Value.Schema)
		}
		for _, r := range o.Responses {
			for _, m := range r.Value.Content {
				if o.Path != "/openapi.json" || r.Name != "200" { // it does not describe itself whole
					walk(o.Pattern()+" "+r.Name, m.Value.Schema)
				}
			}
		}
	}
}

// TestDescribedOnce lets no component stay that nothing refers to.
func TestDescribedOnce(t *testing.T) {
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	c := description(t).Components
	for kind, names := range map[string][]string{
		"schemas": c.Schemas.Names(), "responses": c.Responses.Names(), "headers": c.Headers.Names(),
		"examples": c.Examples.Names(), "requestBodies": c.Bodies.Names(),
	} {
		for _, name := range names {
			if !strings.Contains(string(text), `"#/components/`+kind+"/"+name+`"`) {
				t.Errorf("nothing refers to %s/%s", kind, name)
			}
		}
	}
	for _, name := range c.SecuritySchemes.Names() {
		if !strings.Contains(string(text), `{ "`+name+`": [] }`) {
			t.Errorf("nothing refers to securitySchemes/%s", name)
		}
	}
}

// TestDescriptionServed serves tools the description of this very server, to keep for a while.
func TestDescriptionServed(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	tool := s.Program("tool")
	got := tool.Do("GET", "/openapi.json", "").Want(200)
	d, err := openapi.Read([]byte(got.Body))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Servers) != 1 || d.Servers[0].URL != s.URL {
		t.Errorf("servers = %v, want %s", d.Servers, s.URL)
	}
	if got.Header.Get("Cache-Control") != "public, max-age=3600" {
		t.Errorf("Cache-Control = %q", got.Header.Get("Cache-Control"))
	}
	etag := got.Header.Get("ETag")
	tool.Do("GET", "/openapi.json", "", "If-None-Match", etag).Want(304)
	tool.Do("GET", "/openapi.json", "", "If-None-Match", `"other", W/`+etag).Want(304)
	tool.Do("GET", "/openapi.json", "", "If-None-Match", `"other"`).Want(200)
	tool.Do("HEAD", "/openapi.json", "").Want(200)
	tool.Do("POST", "/openapi.json", "{}").Want(405)
	if other := handstamptest.Start(t, handstamptest.Options{}).Program("tool").Do("GET", "/openapi.json",
		""); other.Header.Get("ETag") == etag {
		t.Error("two servers with two public URLs have one ETag")
	}
}

// TestDocument puts any public URL in the place of the one that the description has.
func TestDocument(t *testing.T) {
	for _, url := range []string{"https://auth.example.com", "https://example.com/auth", "http://[::1]:8787",
		`https://example.com/"x\`} {
		d, err := openapi.Read(api.Document(url))
		if err != nil || d.Servers[0].URL != url {
			t.Errorf("Document(%q): servers %v, %v", url, d.Servers, err)
		}
	}
}

// TestElsewhere does the rest of what the surface answers: addresses and methods that are not
// described, and preflights.
func TestElsewhere(t *testing.T) {
	const app = "https://app.example.com"
	s := handstamptest.Start(t, handstamptest.Options{Settings: map[string]string{"allowed_origins": app}})
	anybody := s.Program("curl")
	for _, path := range []string{"/v1/nothing", "/v1/user/", "/v1/session/refresh/again", "/.well-known/nothing",
		"/openapi.json/x", "/oauth2/nothing", "/oauth2/token"} {
		anybody.Do("GET", path, "").Want(404)
	}
	for _, o := range description(t).Operations() {
		path := strings.Replace(o.Path, "{id}", "AAAAAAAAAAAAAAAAAAAAAA", 1)
		for _, method := range []string{"PUT", "OPTIONS", "TRACE", "QUERY"} {
			anybody.Do(method, path, "").Want(405)
		}
	}
	want := http.StatusNoContent
	anybody.Do("OPTIONS", "/v1/session", "", "Origin", app, "Access-Control-Request-Method", "DELETE").Want(want)
	anybody.Do("OPTIONS", "/v1/user/sessions", "", "Origin", app, "Access-Control-Request-Method", "DELETE").Want(want)
	anybody.Do("OPTIONS", "/v1/session", "", "Origin", "https://evil.example", "Access-Control-Request-Method",
		"DELETE").Want(405)
	anybody.Do("GET", "/v1/nothing", "", "Host", "evil.example").Want(421)
	anybody.Do("GET", "/oauth2/nothing", "", "Host", "evil.example").Want(421)
	anybody.Do("GET", "/v1/session", "", "Origin", app).Want(401)
}
