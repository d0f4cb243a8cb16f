package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/fault"
)

// formMedia is how browsers and OAuth clients send forms. WHATWG URL §5
const formMedia = "application/x-www-form-urlencoded"

// Values are the fields of a form that was read.
type Values struct{ fields url.Values }

// Get returns a field, empty if it was not sent.
func (v Values) Get(name string) string { return v.fields.Get(name) }

// Form returns a handler for a function that takes a form as OAuth's routes do: parameters that are
// not known are passed over, and none stands twice. RFC 6749 §3.2
func Form(serve func(w http.ResponseWriter, r *http.Request, form Values) error) Handler {
	return Handler{FormBody, func(w http.ResponseWriter, r *http.Request) error {
		form, err := readForm(r, nil)
		if err != nil {
			return err
		}
		return serve(w, r, form)
	}}
}

// PageForm returns a handler for a function that takes a form of one of our own pages, which has
// these fields and no others.
func PageForm(fields []string, serve func(w http.ResponseWriter, r *http.Request, form Values) error) Handler {
	return Handler{PageFormBody, func(w http.ResponseWriter, r *http.Request) error {
		form, err := readPageForm(r, fields)
		if err != nil {
			return err
		}
		return serve(w, r, form)
	}}
}

// readPageForm reads a form that has these fields and no others. One that does not say where it
// comes from is refused with cross_origin. standards XO-02, ER-05
func readPageForm(r *http.Request, fields []string) (Values, error) {
	if !FromBrowser(r) {
		return Values{}, fault.New(fault.CrossOrigin).Because(errors.New("a form without Sec-Fetch-Site or Origin"))
	}
	form, err := readForm(r, func(name string) bool { return slices.Contains(fields, name) })
	if err == nil {
		return form, nil
	}
	f := fault.From(err)
	switch f.Code { // what the user of a page reads
	case fault.MalformedBody:
		f.Say = "The form is incomplete or was changed on its way. Open the page again and repeat."
	case fault.UnsupportedMediaType:
		f.Say = "This page accepts only forms."
	}
	return Values{}, f
}

// readForm reads a form: each field once, in UTF-8, and known is asked about each name; nil means
// that unknown names are passed over. A form without fields may do without a media type. The faults
// are unsupported_media_type, body_too_large and malformed_body.
func readForm(r *http.Request, known func(name string) bool) (Values, error) {
	body, err := readBody(r)
	if err != nil {
		return Values{}, err
	}
	if len(body) == 0 && len(r.Header.Values("Content-Type")) == 0 {
		return Values{}, nil
	}
	if !isMedia(r, formMedia) {
		return Values{}, fault.New(fault.UnsupportedMediaType)
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return Values{}, malformedForm("bad escapes or separators")
	}
	for name, values := range fields {
		switch {
		case known != nil && !known(name):
			return Values{}, malformedForm("a field that the form does not have")
		case len(values) > 1:
			return Values{}, malformedForm("a field twice")
		case !utf8.ValidString(values[0]):
			return Values{}, malformedForm("not UTF-8")
		}
	}
	return Values{fields}, nil
}

// malformedForm is the fault of a form that cannot be read.
func malformedForm(cause string) error {
	return fault.New(fault.MalformedBody).Because(errors.New(cause))
}
