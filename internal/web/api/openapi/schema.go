package openapi

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Map is an object whose members stay in order.
type Map[T any] []Entry[T]

// Entry is a member of a Map.
type Entry[T any] struct {
	Name  string
	Value T
}

// Get returns the member of a name.
func (m Map[T]) Get(name string) (value T, ok bool) {
	for _, e := range m {
		if e.Name == name {
			return e.Value, true
		}
	}
	return value, false
}

// Names returns the names of all members.
func (m Map[T]) Names() []string {
	names := make([]string, len(m))
	for i, e := range m {
		names[i] = e.Name
	}
	return names
}

// UnmarshalJSONFrom reads an object. The decoder refuses a name that stands twice.
func (m *Map[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if open, err := d.ReadToken(); err != nil || open.Kind() != '{' {
		return errors.Join(err, errors.New("want an object"))
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		e := Entry[T]{Name: name.String()}
		if err := json.UnmarshalDecode(d, &e.Value); err != nil {
			return err
		}
		*m = append(*m, e)
	}
	_, err := d.ReadToken()
	return err
}

// Schema says what a value may be. JSON Schema 2020-12, as far as the description uses it.
type Schema struct {
	Never bool `json:"-"` // written as false: nothing may stand here

	Ref         string         `json:"$ref"`
	Type        string         `json:"type"`
	Description string         `json:"description"`
	Format      string         `json:"format"`
	Pattern     string         `json:"pattern"`
	Const       jsontext.Value `json:"const"`
	Enum        []string       `json:"enum"`
	Examples    []string       `json:"examples"`

	MinLength   *int `json:"minLength"`
	MaxLength   *int `json:"maxLength"`
	Minimum     *int `json:"minimum"`
	Maximum     *int `json:"maximum"`
	MinItems    *int `json:"minItems"`
	MaxItems    *int `json:"maxItems"`
	UniqueItems bool `json:"uniqueItems"`

	Properties Map[Schema]   `json:"properties"`
	Required   []string      `json:"required"`
	Dependent  Map[[]string] `json:"dependentRequired"`
	Additional *Schema       `json:"additionalProperties"`
	Items      *Schema       `json:"items"`

	AllOf []Schema `json:"allOf"`
	AnyOf []Schema `json:"anyOf"`
	OneOf []Schema `json:"oneOf"`
	If    *Schema  `json:"if"`
	Then  *Schema  `json:"then"`
	Else  *Schema  `json:"else"`
}

// keywords is Schema without its reader.
type keywords Schema

// UnmarshalJSONFrom reads an object of keywords, or false.
func (s *Schema) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case 'f':
		_, err := d.ReadToken()
		s.Never = true
		return err
	case '{':
		return json.UnmarshalDecode(d, (*keywords)(s))
	}
	return errors.New("want an object of keywords, or false")
}

// Resolve returns what a schema refers to, with its own description where it has one.
func (d *Document) Resolve(s Schema) Schema {
	found, _, ok := refer(&resolver{}, s.Ref, "schemas", d.Components.Schemas)
	if !ok {
		return s
	}
	if s.Description != "" {
		found.Description = s.Description
	}
	return found
}
