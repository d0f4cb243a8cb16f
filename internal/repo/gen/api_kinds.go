package main

import (
	"fmt"
	"strings"

	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// objects writes every object that answers are made of.
func (m *manual) objects() {
	m.WriteString("\n## Objects\n")
	for _, s := range m.doc.Components.Schemas {
		if s.Value.Type == "object" && !taken(m.doc, s.Name) {
			fmt.Fprintf(m, "\n### %s\n\n", s.Name)
			m.members(s.Value)
		}
	}
	reasons, _ := m.doc.Components.Schemas.Get("EndReason")
	fmt.Fprintf(m, "\n### EndReason\n\n%s One of `%s`.\n", reasons.Description, strings.Join(reasons.Enum, "`, `"))
}

// taken reports whether an object is the body of a request, which is shown with its route.
func taken(d *openapi.Document, name string) bool {
	for _, o := range d.Operations() {
		if o.Body != nil && o.Body.Content[0].Value.Schema.Ref == "#/components/schemas/"+name {
			return true
		}
	}
	return false
}

// everywhere writes the headers that any answer may have.
func (m *manual) everywhere() {
	m.WriteString("\n## Headers of every answer\n\n| header | value | |\n|---|---|---|\n")
	for _, h := range m.doc.Headers {
		name := "`" + h.Name + "`"
		if !h.Value.Required {
			name += " (not always)"
		}
		fmt.Fprintf(m, "| %s | %s | %s |\n", name, m.kind(h.Value.Schema), h.Value.Description)
	}
}

// kind says in a few words what a value may be.
func (m *manual) kind(s openapi.Schema) string {
	name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
	whole := m.doc.Resolve(s)
	switch {
	case name != "" && whole.Type == "object", name == "EndReason":
		return fmt.Sprintf("[%s](#%s)", name, anchor(name))
	case len(whole.Const) > 0:
		return "`" + strings.ReplaceAll(string(whole.Const), `\"`, `"`) + "`"
	case len(whole.Enum) > 0:
		return "`\"" + strings.Join(whole.Enum, "\"`, `\"") + "\"`"
	case len(whole.AnyOf)+len(whole.OneOf) > 0:
		var kinds []string
		for _, one := range append(whole.AnyOf, whole.OneOf...) {
			kinds = append(kinds, m.kind(one))
		}
		return strings.Join(kinds, " or ")
	}
	return m.plainKind(whole)
}

// plainKind is kind for what is neither chosen from a list nor an object with a name.
func (m *manual) plainKind(s openapi.Schema) string {
	switch s.Type {
	case "array":
		if s.Items == nil {
			return "array, empty"
		}
		return "array of " + m.kind(*s.Items) + bounds(nil, s.MaxItems, "")
	case "object":
		var members []string
		for _, member := range s.Properties {
			members = append(members, fmt.Sprintf("`%s`: %s", member.Name, m.kind(member.Value)))
		}
		return "object with " + strings.Join(members, ", ")
	case "string":
		if s.Format == "date-time" {
			return "time"
		}
		return "text" + bounds(s.MinLength, s.MaxLength, " characters")
	case "boolean":
		return "true or false"
	case "integer":
		return "whole number" + bounds(s.Minimum, s.Maximum, "")
	}
	return s.Type
}

// bounds says how small and how large something may be.
func bounds(least, most *int, unit string) string {
	switch {
	case least != nil && most != nil && *least > 1:
		return fmt.Sprintf(", %d to %d%s", *least, *most, unit)
	case most != nil:
		return fmt.Sprintf(", at most %d%s", *most, unit)
	}
	return ""
}
