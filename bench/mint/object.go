package mint

import (
	"slices"
	"strings"
)

// Object is a JSON object whose members keep their order, and may be wrong in any way.
type Object []Member

// Member is a name and the JSON text of its value. Neither is checked.
type Member struct{ Name, Value string }

// With returns o with the value of name replaced, or name added at the end.
func (o Object) With(name, value string) Object {
	changed := slices.Clone(o)
	for i := range changed {
		if changed[i].Name == name {
			changed[i].Value = value
			return changed
		}
	}
	return append(changed, Member{name, value})
}

// Also returns o with a member added at the end, though there may be one of that name already.
func (o Object) Also(name, value string) Object {
	return append(slices.Clone(o), Member{name, value})
}

// Before returns o with a member put first, though there may be one of that name already.
func (o Object) Before(name, value string) Object {
	return append(Object{{name, value}}, o...)
}

// Without returns o without the members of that name.
func (o Object) Without(name string) Object {
	return slices.DeleteFunc(slices.Clone(o), func(m Member) bool { return m.Name == name })
}

// String is the JSON text. Names are written as they are, between quotes.
func (o Object) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + m.Name + `":` + m.Value)
	}
	b.WriteByte('}')
	return b.String()
}

// Text is any text in the place of an object.
type Text string

// String is the text itself.
func (t Text) String() string { return string(t) }
