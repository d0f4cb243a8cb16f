package api_test

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// maxLine is how long a line of openapi.json is before what is on it gets lines of its own.
const maxLine = 140

// ordered is a JSON value whose members stay in order.
type ordered struct {
	text    jsontext.Value       // what is neither object nor array
	members openapi.Map[ordered] // of an object; of an array, without names
	open    string               // brace or bracket; empty: neither
}

// UnmarshalJSONFrom reads any value.
func (o *ordered) UnmarshalJSONFrom(d *jsontext.Decoder) (err error) {
	switch d.PeekKind() {
	case '{':
		o.open = "{"
		return json.UnmarshalDecode(d, &o.members)
	case '[':
		o.open = "["
		var items []ordered
		err = json.UnmarshalDecode(d, &items)
		for _, item := range items {
			o.members = append(o.members, openapi.Entry[ordered]{Value: item})
		}
		return err
	}
	value, err := d.ReadValue()
	o.text = bytes.Clone(value)
	return err
}

// line returns the value on one line.
func (o ordered) line() string {
	parts := make([]string, len(o.members))
	for i, m := range o.members {
		parts[i] = o.name(m.Name) + m.Value.line()
	}
	all := strings.Join(parts, ", ")
	switch {
	case o.open == "":
		return string(o.text)
	case o.open == "[":
		return "[" + all + "]"
	case all == "":
		return "{}"
	}
	return "{ " + all + " }"
}

// name returns what stands before a member's value.
func (o ordered) name(name string) string {
	if o.open != "{" {
		return ""
	}
	quoted, err := jsontext.AppendQuote(nil, name)
	if err != nil {
		panic(err) // only for a name that is not UTF-8, which was read before
	}
	return string(quoted) + ": "
}

// form returns the value as it stands in the file, some spaces in, after that much on its line.
func (o ordered) form(indent, before int) []byte {
	line := o.line()
	if len(o.members) == 0 || before+len([]rune(line)) <= maxLine {
		return []byte(line)
	}
	out := []byte(o.open + "\n")
	for i, m := range o.members {
		name := o.name(m.Name)
		out = append(out, strings.Repeat(" ", indent+2)+name...)
		out = append(out, m.Value.form(indent+2, indent+2+len(name))...)
		if i < len(o.members)-1 {
			out = append(out, ',')
		}
		out = append(out, '\n')
	}
	out = append(out, strings.Repeat(" ", indent)...)
	if o.open == "{" {
		return append(out, '}')
	}
	return append(out, ']')
}
