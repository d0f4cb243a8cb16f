package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/handstamp/handstamp/internal/web/api"
	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// apiHead is what docs/api.md says before the routes.
const apiHead = `# The JSON API

<!-- Made from internal/web/api/openapi.json by make gen. Do not edit. -->

The same as a file for tools is at ` + "`/openapi.json`" + ` of every server. Of each route it is said who may call it (anyone; signed
in; fresh, which is signed in at most 15 minutes ago; a service, with a service key), what it takes, what it answers, and how it refuses.
What to do about a code is in [errors.md](errors.md); a session from sign-up to sign-out, step by step, is in
[guide-curl.md](guide-curl.md).

In the examples ` + "`$AUTH`" + ` is the public URL, such as ` + "`http://localhost:8787`" + `; ` + "`$ACCESS`" + ` and ` + "`$REFRESH`" + ` are the tokens of whoever has
signed in, ` + "`$SESSION`" + ` is the id of another session of the same person, and ` + "`$SERVICE_KEY`" + ` is what ` + "`handstamp service create`" + ` has shown.

`

// manual writes docs/api.md.
type manual struct {
	bytes.Buffer
	doc *openapi.Document
}

// apiReference makes docs/api.md: what everything shares, every route, every object.
func apiReference() []byte {
	doc, err := openapi.Read(api.Document("http://localhost:8787"))
	if err != nil {
		panic(err) // the description is part of the program
	}
	m := &manual{doc: doc}
	m.WriteString(apiHead)
	m.contents()
	fmt.Fprintf(m, "%s\n", doc.Info.Description)
	for _, tag := range doc.Tags {
		fmt.Fprintf(m, "\n## %s\n\n%s\n", tag.Name, tag.Description)
		for _, o := range doc.Operations() {
			if slices.Contains(o.Tags, tag.Name) {
				m.operation(o)
			}
		}
	}
	m.everyRoute()
	m.objects()
	m.everywhere()
	return m.Bytes()
}

// contents lists all routes.
func (m *manual) contents() {
	m.WriteString("| route | who | |\n|---|---|---|\n")
	for _, o := range m.doc.Operations() {
		fmt.Fprintf(m, "| [`%s`](#%s) | %s | %s |\n", o.Pattern(), anchor(o.Pattern()), o.Access, o.Summary)
	}
	m.WriteString("\n")
}

// anchor returns what a heading is called in a link.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// operation writes one route: needs, request, answer, faults, and how to try it.
func (m *manual) operation(o *openapi.Operation) {
	fmt.Fprintf(m, "\n### `%s`\n\n**%s.** %s\n\n", o.Pattern(), o.Summary, o.Description)
	fmt.Fprintf(m, "Needs: %s\n", m.needs(o))
	if len(o.Parameters) > 0 {
		m.WriteString("\n| parameter | in | what | |\n|---|---|---|---|\n")
		for _, p := range o.Parameters {
			fmt.Fprintf(m, "| `%s` | %s | %s | %s |\n", p.Name, p.In, m.kind(p.Schema), p.Description)
		}
	}
	if o.Body != nil {
		m.request(o.Body)
	}
	m.answers(o)
	m.faults(o)
	for _, s := range o.Samples {
		fmt.Fprintf(m, "\n```bash\n%s\n```\n", s.Source)
	}
	m.example(o)
}

// needs says who may call a route, and how they show it.
func (m *manual) needs(o *openapi.Operation) string {
	words := map[string]string{
		"bearer": "`Authorization: Bearer`", "accessCookie": "the access cookie", "refreshCookie": "the refresh cookie",
		"serviceKey": "a service key",
	}
	var ways []string
	optional := false
	for _, way := range o.Security {
		optional = optional || len(way) == 0
		for _, name := range way.Names() {
			ways = append(ways, words[name])
		}
	}
	switch list := strings.Join(ways, " or "); {
	case list == "":
		return o.Access + "."
	case optional:
		return o.Access + "; " + list + " or the body may show a credential."
	default:
		return o.Access + ", by " + list + "."
	}
}

// request writes the members of a body.
func (m *manual) request(b *openapi.Body) {
	m.WriteString("\nRequest")
	if b.Description != "" {
		m.WriteString(": " + b.Description)
	}
	m.WriteString("\n\n")
	m.members(m.doc.Resolve(b.Content[0].Value.Schema))
}

// members writes the members of an object as a table.
func (m *manual) members(s openapi.Schema) {
	m.WriteString("| member | what | |\n|---|---|---|\n")
	for _, member := range s.Properties {
		name := "`" + member.Name + "`"
		if !slices.Contains(s.Required, member.Name) {
			name += " (optional)"
		}
		fmt.Fprintf(m, "| %s | %s | %s |\n", name, m.kind(member.Value), m.doc.Resolve(member.Value).Description)
	}
}

// answers writes what a route answers when all is well.
func (m *manual) answers(o *openapi.Operation) {
	m.WriteString("\n| answer | body | headers | |\n|---|---|---|---|\n")
	for _, r := range o.Responses {
		if r.Name >= "400" {
			continue
		}
		body := "none"
		if len(r.Value.Content) > 0 {
			body = m.kind(r.Value.Content[0].Value.Schema)
		}
		fmt.Fprintf(m, "| %s | %s | %s | %s |\n", r.Name, body, headerNames(r.Value), r.Value.Description)
	}
}

// headerNames lists the headers that are an answer's own.
func headerNames(r openapi.Response) string {
	var names []string
	for _, h := range r.Headers {
		names = append(names, "`"+h.Name+"`")
	}
	return strings.Join(names, ", ")
}

// shared are the refusals that are the same wherever they stand; they are told once.
var shared = []string{"BodyTooLarge", "UnsupportedMediaType", "WrongHost", "HeaderTooLarge", "Internal"}

// faults writes how a route refuses.
func (m *manual) faults(o *openapi.Operation) {
	var own, others openapi.Map[openapi.Response]
	for _, r := range o.Responses {
		switch {
		case r.Name < "400":
		case slices.Contains(shared, r.Value.Name):
			others = append(others, r)
		default:
			own = append(own, r)
		}
	}
	m.refusals(own)
	fmt.Fprintf(m, "\n%s: [as on every route](#refusals-of-every-route).\n", strings.Join(others.Names(), ", "))
}

// refusals writes refusals as a table, if there are any.
func (m *manual) refusals(all openapi.Map[openapi.Response]) {
	if len(all) == 0 {
		return
	}
	m.WriteString("\n| refusal | codes | |\n|---|---|---|\n")
	for _, r := range all {
		codes := "none: `text/plain`"
		if all := r.Value.Codes(); len(all) > 0 {
			codes = "`" + strings.Join(all, "`, `") + "`"
		}
		fmt.Fprintf(m, "| %s | %s | %s |\n", r.Name, codes, r.Value.Description)
	}
}

// everyRoute writes the refusals that are the same wherever they stand.
func (m *manual) everyRoute() {
	m.WriteString("\n## Refusals of every route\n\n413 and 415 are of routes that take a body.\n")
	var all openapi.Map[openapi.Response]
	for _, r := range m.doc.Components.Responses {
		if !slices.Contains(shared, r.Name) {
			continue
		}
		for _, o := range m.doc.Operations() {
			for _, told := range o.Responses {
				if _, there := all.Get(told.Name); told.Value.Name == r.Name && !there {
					all = append(all, told)
				}
			}
		}
	}
	m.refusals(all)
}

// example writes the first example of the first answer.
func (m *manual) example(o *openapi.Operation) {
	content := o.Responses[0].Value.Content
	if len(content) == 0 || len(content[0].Value.Examples) == 0 {
		return
	}
	text := content[0].Value.Examples[0].Value.Value.Clone()
	if err := text.Indent(jsontext.WithIndent("  ")); err != nil {
		panic(err) // it was read as JSON before
	}
	fmt.Fprintf(m, "\n```json\n%s\n```\n", text)
}
