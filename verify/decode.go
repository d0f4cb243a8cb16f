package verify

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/handstamp/handstamp/internal/jose"
)

// Claims decodes the claims that the operator added into v, which points to a struct or to a map
// with string keys. Names are compared exactly: a field takes the claim that its json tag names, or
// that has its Go name. Types must fit, numbers must fit without rounding, and null fits only what
// can be nil. Claims without a field are passed over.
//
// Registered claims (iss, sub, exp and so on) reach a struct field only by its tag, and a map
// never. Numbers in an any become float64.
func (s *Session) Claims(v any) error {
	return decodeClaims(s.payload(), v)
}

// payload returns the claims of the token that s is from, as text; empty when there is none
func (s *Session) payload() string {
	if s.from == nil {
		return ""
	}
	parts, _ := jose.SplitCompact(s.from.Token()) // it was split and decoded before
	payload, _ := jose.DecodeBase64(parts.Payload())
	return string(payload)
}

// decodeClaims decodes the members of payload into what v points to. It is our own because
// encoding/json matches names in any case and takes bad text for good.
func decodeClaims(payload string, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("verify: claims decode into a pointer to a struct or map, not a %T", v)
	}
	target = target.Elem()
	r := jose.NewReader(payload)
	d := decoder{r: r, added: true}
	switch {
	case target.Kind() == reflect.Struct:
		d.object(target)
	case target.Kind() == reflect.Map && target.Type().Key().Kind() == reflect.String:
		d.dictionary(target)
	default:
		return fmt.Errorf("verify: claims decode into a pointer to a struct or map, not a %T", v)
	}
	if err := r.Close(); err != nil {
		return fmt.Errorf("verify: claim %q: %w", d.claim, err)
	}
	return nil
}

// decoder fills Go values from JSON. Faults gather in its reader.
type decoder struct {
	r     *jose.Reader
	added bool   // maps leave registered claims out; so at the top alone
	claim string // the top-level member being read, for the error
}

// fail records that the value at hand does not fit
func (d *decoder) fail(format string, args ...any) { d.r.Fail(fmt.Sprintf(format, args...)) }

// object fills the fields of a struct by the exact names of their tags
func (d *decoder) object(to reflect.Value) {
	fields := fieldsOf(to.Type())
	top := d.added
	d.added = false
	for name := range d.r.Object() {
		if top {
			d.claim = name
		}
		if i, known := fields[name]; known {
			d.value(to.Field(i))
		}
	}
}

// fieldsOf maps the names of members to the fields of a struct
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case name == "":
			fields[f.Name] = i
		default:
			fields[name] = i
		}
	}
	return fields
}

// dictionary fills a map with string keys
func (d *decoder) dictionary(to reflect.Value) {
	if to.IsNil() {
		to.Set(reflect.MakeMap(to.Type()))
	}
	top := d.added
	d.added = false
	for name := range d.r.Object() {
		if top {
			d.claim = name
		}
		if top && isRegistered(name) {
			continue
		}
		element := reflect.New(to.Type().Elem()).Elem()
		d.value(element)
		to.SetMapIndex(reflect.ValueOf(name).Convert(to.Type().Key()), element)
	}
}

// value fills one Go value with the next JSON value
func (d *decoder) value(to reflect.Value) {
	if d.r.Kind() == jose.Null {
		d.null(to)
		return
	}
	if d.custom(to) {
		return
	}
	switch to.Kind() {
	case reflect.Pointer:
		if to.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
		}
		d.value(to.Elem())
	case reflect.Struct:
		d.object(to)
	case reflect.Map:
		if to.Type().Key().Kind() != reflect.String {
			d.fail("a %v cannot hold it", to.Type())
			return
		}
		d.dictionary(to)
	case reflect.Slice:
		d.list(to)
	case reflect.Interface:
		d.anything(to)
	case reflect.String:
		to.SetString(d.r.String())
	case reflect.Bool:
		to.SetBool(d.r.Bool())
	default:
		d.number(to)
	}
}

// null fits only what can be nil: it is a value of its own, and not an absent one
func (d *decoder) null(to reflect.Value) {
	d.r.Null()
	switch to.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		to.SetZero()
	default:
		d.fail("null does not fit %v", to.Type())
	}
}

// custom lets a type decode itself, and reports whether it did
func (d *decoder) custom(to reflect.Value) bool {
	if !to.CanAddr() {
		return false
	}
	var err error
	switch u := to.Addr().Interface().(type) {
	case interface{ UnmarshalJSON([]byte) error }:
		err = u.UnmarshalJSON([]byte(d.r.Raw()))
	case encoding.TextUnmarshaler:
		if d.r.Kind() != jose.Str {
			err = errors.New("not a string")
			break
		}
		err = u.UnmarshalText([]byte(d.r.String()))
	default:
		return false
	}
	if err != nil {
		d.fail("%v", err)
	}
	return true
}

// list fills a slice
func (d *decoder) list(to reflect.Value) {
	to.Set(reflect.MakeSlice(to.Type(), 0, 0))
	for range d.r.Array() {
		element := reflect.New(to.Type().Elem()).Elem()
		d.value(element)
		to.Set(reflect.Append(to, element))
	}
}

// anything fills an any with the Go value nearest to the JSON one
func (d *decoder) anything(to reflect.Value) {
	var as reflect.Value
	switch d.r.Kind() {
	case jose.Object:
		as = reflect.ValueOf(new(map[string]any))
	case jose.Array:
		as = reflect.ValueOf(new([]any))
	case jose.Str:
		as = reflect.ValueOf(new(string))
	case jose.Bool:
		as = reflect.ValueOf(new(bool))
	default:
		as = reflect.ValueOf(new(float64))
	}
	if !as.Type().Elem().AssignableTo(to.Type()) {
		d.fail("a %v cannot hold it", to.Type())
		return
	}
	d.value(as.Elem())
	to.Set(as.Elem())
}

// number fills a number that must fit without loss
func (d *decoder) number(to reflect.Value) {
	text := string(d.r.Number())
	var err error
	switch {
	case text == "": // the reader has said why
	case to.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, to.Type().Bits())
		to.SetInt(n)
	case to.CanUint():
		var n uint64
		n, err = strconv.ParseUint(text, 10, to.Type().Bits())
		to.SetUint(n)
	case to.CanFloat():
		var n float64
		n, err = strconv.ParseFloat(text, to.Type().Bits())
		to.SetFloat(n)
	default:
		err = errors.New("no number")
	}
	if err != nil {
		d.fail("it does not fit %v", to.Type())
	}
}
