package openapi

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// resolver puts components where they are referred to, and notes where each schema stands.
type resolver struct {
	components *Components
	err        error // everything that is wrong
}

// refer follows a reference to a component; ok is false when there is none to follow.
func refer[T any](r *resolver, ref, kind string, all Map[T]) (found T, at string, ok bool) {
	if ref == "" {
		return found, "", false
	}
	name, ours := strings.CutPrefix(ref, "#/components/"+kind+"/")
	found, there := all.Get(name)
	if !ours || !there {
		r.err = errors.Join(r.err, fmt.Errorf("%s refers to nothing", ref))
	}
	return found, ref, true
}

// document resolves everything.
func (r *resolver) document(d *Document) {
	for i := range d.Components.Examples {
		if d.Components.Examples[i].Value.Ref != "" {
			r.err = errors.Join(r.err, fmt.Errorf("example %s only refers", d.Components.Examples[i].Name))
		}
	}
	c := &d.Components
	r.headers(c.Headers, "#/components/headers")
	for i := range c.Bodies {
		c.Bodies[i].Value = r.body(c.Bodies[i].Value, down("#/components/requestBodies", c.Bodies[i].Name))
	}
	r.responses(c.Responses, "#/components/responses")
	for i := range c.Responses {
		c.Responses[i].Value.Name = c.Responses[i].Name
	}
	r.headers(d.Headers, "#/x-headers")
	r.responses(d.Elsewhere, "#/x-elsewhere")
	r.responses(d.OAuth, "#/x-elsewhere-oauth2")
	for _, path := range d.Paths {
		for _, method := range path.Value {
			r.operation(method, path.Name)
		}
	}
}

// operation resolves one operation.
func (r *resolver) operation(method Entry[*Operation], path string) {
	o := method.Value
	if !isMethod(method.Name) {
		r.err = errors.Join(r.err, fmt.Errorf("%s has the member %s", path, method.Name))
		return
	}
	o.Method, o.Path = strings.ToUpper(method.Name), path
	at := down("#/paths", path, method.Name)
	for i := range o.Parameters {
		o.Parameters[i].At = down(at, "parameters", fmt.Sprint(i), "schema")
	}
	if o.Body != nil {
		body := r.body(*o.Body, down(at, "requestBody"))
		o.Body = &body
	}
	r.responses(o.Responses, down(at, "responses"))
}

// body resolves what an operation takes.
func (r *resolver) body(b Body, at string) Body {
	if found, _, ok := refer(r, b.Ref, "requestBodies", r.components.Bodies); ok {
		return found
	}
	r.content(b.Content, at)
	return b
}

// responses resolves answers in place.
func (r *resolver) responses(all Map[Response], at string) {
	for i := range all {
		one := &all[i].Value
		if found, ref, ok := refer(r, one.Ref, "responses", r.components.Responses); ok {
			found.Name = ref[strings.LastIndexByte(ref, '/')+1:]
			*one = found
			continue
		}
		r.headers(one.Headers, down(at, all[i].Name, "headers"))
		r.content(one.Content, down(at, all[i].Name))
	}
}

// headers resolves headers in place.
func (r *resolver) headers(all Map[Header], at string) {
	for i := range all {
		one := &all[i].Value
		if found, ref, ok := refer(r, one.Ref, "headers", r.components.Headers); ok {
			*one = found
			one.At = down(ref, "schema")
			continue
		}
		one.At = down(at, all[i].Name, "schema")
	}
}

// content notes where schemas stand, and resolves examples in place.
func (r *resolver) content(all Map[Media], at string) {
	for i := range all {
		all[i].Value.At = down(at, "content", all[i].Name, "schema")
		examples := all[i].Value.Examples
		for k := range examples {
			if found, _, ok := refer(r, examples[k].Value.Ref, "examples", r.components.Examples); ok {
				examples[k].Value = found
			}
		}
	}
}

// down goes from a JSON pointer in a fragment to what is below it. RFC 6901 §6
func down(at string, names ...string) string {
	for _, name := range names {
		at += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	return at
}
