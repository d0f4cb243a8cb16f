package handstamptest

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/handstamp/handstamp/internal/web/api"
	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// described is the description of the JSON surface with its schemas, ready to judge by.
type described struct {
	*openapi.Document
	schemas map[string]*jsonschema.Schema // where it stands → the schema
}

// description returns the description, compiled once.
var description = sync.OnceValue(func() *described {
	d, err := compile(api.Document("http://localhost"))
	if err != nil {
		panic(err) // the description is part of the program
	}
	return d
})

// compile reads a description and compiles every schema that an exchange may meet.
func compile(text []byte) (*described, error) {
	document, err := openapi.Read(text)
	if err != nil {
		return nil, err
	}
	whole, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		return nil, err
	}
	const name = "urn:handstamp:openapi"
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, whole); err != nil {
		return nil, err
	}
	d := &described{document, map[string]*jsonschema.Schema{}}
	for _, at := range d.places() {
		if d.schemas[at], err = compiler.Compile(name + at); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// places returns where all schemas stand that are not part of others.
func (d *described) places() []string {
	var all []string
	media := func(content openapi.Map[openapi.Media]) {
		for _, m := range content {
			all = append(all, m.Value.At)
		}
	}
	answers := func(responses openapi.Map[openapi.Response]) {
		for _, r := range responses {
			media(r.Value.Content)
			for _, h := range r.Value.Headers {
				all = append(all, h.Value.At)
			}
		}
	}
	for _, o := range d.Operations() {
		if o.Body != nil {
			media(o.Body.Content)
		}
		for _, p := range o.Parameters {
			all = append(all, p.At)
		}
		answers(o.Responses)
	}
	answers(d.Elsewhere)
	answers(d.OAuth)
	for _, h := range d.Headers {
		all = append(all, h.Value.At)
	}
	return all
}

// place is what the description has at an address.
type place struct {
	operation *openapi.Operation // nil: none for the method
	methods   []string           // that the address takes; nil: there is no such address
	values    map[string]string  // of the path's parameters
}

// find returns what is at an address. HEAD is where GET is.
func (d *described) find(method, escaped string) place {
	asked, err := url.PathUnescape(escaped)
	if err != nil || path.Clean(asked) != asked {
		return place{}
	}
	for _, p := range d.Paths {
		values, ok := match(p.Name, escaped)
		if !ok {
			continue
		}
		found := place{values: values}
		for _, m := range p.Value {
			found.methods = append(found.methods, m.Value.Method)
			if m.Value.Method == http.MethodGet {
				found.methods = append(found.methods, http.MethodHead)
			}
			if m.Value.Method == method || m.Value.Method == http.MethodGet && method == http.MethodHead {
				found.operation = m.Value
			}
		}
		return found
	}
	return place{}
}

// match holds an address against a path with parameters, of which each is one segment.
func match(template, escaped string) (values map[string]string, ok bool) {
	want, got := strings.Split(template, "/"), strings.Split(escaped, "/")
	if len(want) != len(got) {
		return nil, false
	}
	values = map[string]string{}
	for i, segment := range got {
		text, err := url.PathUnescape(segment)
		switch {
		case err != nil:
			return nil, false
		case strings.HasPrefix(want[i], "{") && text != "":
			values[strings.Trim(want[i], "{}")] = text
		case want[i] != text:
			return nil, false
		}
	}
	return values, true
}

// complaint says what a schema has against a value; empty: nothing.
func (d *described) complaint(at string, value any) string {
	if err := d.schemas[at].Validate(value); err != nil {
		_, what, _ := strings.Cut(err.Error(), "\n")
		return strings.Join(strings.Fields(what), " ")
	}
	return ""
}

// headerComplaint is complaint for a header, which is text whatever the schema calls it.
func (d *described) headerComplaint(at, value string) string {
	asText := d.complaint(at, value)
	var number float64
	if asText != "" && json.Unmarshal([]byte(value), &number) == nil && d.complaint(at, number) == "" {
		return ""
	}
	return asText
}

// readForm reads a form as an object of texts. A parameter that stands twice is none.
func readForm(text string) (value any, err error) {
	form, err := url.ParseQuery(text)
	if err != nil {
		return nil, fmt.Errorf("not a form: %w", err)
	}
	members := map[string]any{}
	for name, values := range form {
		if len(values) > 1 {
			return nil, fmt.Errorf("%s stands twice", name)
		}
		members[name] = values[0]
	}
	return members, nil
}

// readJSON reads text strictly: no member stands twice.
func readJSON(text string) (value any, err error) {
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return value, nil
}
