// Package openapi reads the description of the JSON surface, for the document that is made
// from it and for the tests that hold answers to it. It knows the part of OpenAPI 3.1 that
// the description uses, and refuses every other member: a misspelled keyword is an error,
// not a rule that nobody enforces. No program links it.
package openapi

import (
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Document is a description, with every reference but those of schemas resolved.
type Document struct {
	OpenAPI    string        `json:"openapi"`
	Info       Info          `json:"info"`
	Dialect    string        `json:"jsonSchemaDialect"`
	Servers    []Server      `json:"servers"`
	Tags       []Tag         `json:"tags"`
	Paths      Map[Methods]  `json:"paths"`
	Elsewhere  Map[Response] `json:"x-elsewhere"`        // by status: what no operation describes
	OAuth      Map[Response] `json:"x-elsewhere-oauth2"` // the same below /oauth2/
	Headers    Map[Header]   `json:"x-headers"`          // of every answer
	Components Components    `json:"components"`
}

// Methods are the operations of one path, by method in lower case.
type Methods = Map[*Operation]

// Info says what the document is about.
type Info struct {
	Title       string  `json:"title"`
	Summary     string  `json:"summary"`
	Version     string  `json:"version"`
	License     License `json:"license"`
	Description string  `json:"description"`
}

// License is the licence of the software.
type License struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"` // SPDX
}

// Server is where the paths begin.
type Server struct {
	URL         string `json:"url"`
	Description string `json:"description"`
}

// Tag is a chapter.
type Tag struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Operation is one method of one path.
type Operation struct {
	Method, Path string `json:"-"` // such as GET and /v1/user

	Tags        []string        `json:"tags"`
	ID          string          `json:"operationId"`
	Summary     string          `json:"summary"`
	Description string          `json:"description"`
	Access      string          `json:"x-access"` // who may call it, as the table of routes says
	Security    []Map[[]string] `json:"security"` // nil: none
	Parameters  []Parameter     `json:"parameters"`
	Body        *Body           `json:"requestBody"` // nil: takes none
	Responses   Map[Response]   `json:"responses"`   // by status
	Samples     []Sample        `json:"x-codeSamples"`
}

// Parameter stands in the path or the query.
type Parameter struct {
	At string `json:"-"` // where its schema stands

	Name        string `json:"name"`
	In          string `json:"in"`
	Required    bool   `json:"required"`
	Description string `json:"description"`
	Schema      Schema `json:"schema"`
}

// Body is what an operation takes.
type Body struct {
	Ref         string     `json:"$ref"`
	Description string     `json:"description"`
	Required    bool       `json:"required"`
	Content     Map[Media] `json:"content"`
}

// FormType is the media type of a body that is a form.
const FormType = "application/x-www-form-urlencoded"

// IsForm reports whether the operation takes a form, of which the schema describes the parameters.
func (b *Body) IsForm() bool { return b != nil && b.Content[0].Name == FormType }

// Response is one answer.
type Response struct {
	Name string `json:"-"` // of the component; empty: it is none

	Ref         string      `json:"$ref"`
	Description string      `json:"description"`
	Headers     Map[Header] `json:"headers"`
	Content     Map[Media]  `json:"content"`                 // empty: no body
	Early       bool        `json:"x-before-the-middleware"` // HTTP itself answers, without the headers of every answer
}

// Media is a body in one media type.
type Media struct {
	At string `json:"-"` // where its schema stands

	Schema   Schema       `json:"schema"`
	Examples Map[Example] `json:"examples"`
}

// Header is a header of an answer.
type Header struct {
	At string `json:"-"` // where its schema stands

	Ref         string `json:"$ref"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
	Schema      Schema `json:"schema"`
}

// Example is a body as it may look.
type Example struct {
	Ref     string         `json:"$ref"`
	Summary string         `json:"summary"`
	Value   jsontext.Value `json:"value"`
}

// Sample is a request in some language.
type Sample struct {
	Language string `json:"lang"`
	Label    string `json:"label"`
	Source   string `json:"source"`
}

// Components are what is referred to.
type Components struct {
	SecuritySchemes Map[SecurityScheme] `json:"securitySchemes"`
	Bodies          Map[Body]           `json:"requestBodies"`
	Headers         Map[Header]         `json:"headers"`
	Responses       Map[Response]       `json:"responses"`
	Schemas         Map[Schema]         `json:"schemas"`
	Examples        Map[Example]        `json:"examples"`
}

// SecurityScheme is a way to show a credential.
type SecurityScheme struct {
	Type        string `json:"type"`
	Scheme      string `json:"scheme"`
	Format      string `json:"bearerFormat"`
	In          string `json:"in"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Read reads a description. It returns an error for a member that this package does not know, one
// that stands twice, or a reference to nothing.
func Read(text []byte) (*Document, error) {
	d := &Document{}
	if err := json.Unmarshal(text, d, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	r := resolver{components: &d.Components}
	r.document(d)
	return d, r.err
}

// Operations returns every operation, in the order of the description.
func (d *Document) Operations() []*Operation {
	var all []*Operation
	for _, path := range d.Paths {
		for _, method := range path.Value {
			all = append(all, method.Value)
		}
	}
	return all
}

// Pattern returns the operation as a table of routes has it, such as "GET /v1/user".
func (o *Operation) Pattern() string { return o.Method + " " + o.Path }

// Tells returns the answer that a status stands for; ok is false when there is none such.
func (o *Operation) Tells(status string) (Response, bool) { return o.Responses.Get(status) }

// Codes returns the codes that a refusal may carry, nil for an answer that is none: those of a
// problem, or OAuth's.
func (r Response) Codes() []string {
	media, _ := r.Content.Get("application/problem+json")
	code, is := media.Schema.Properties.Get("code")
	if !is {
		media, _ = r.Content.Get("application/json")
		code, _ = media.Schema.Properties.Get("error")
	}
	return code.Enum
}

// isMethod reports whether a member of a path is an operation.
func isMethod(name string) bool {
	switch strings.ToUpper(name) {
	case http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete:
		return name == strings.ToLower(name)
	}
	return false
}
