// Package form reads what pages post, strictly, and ties forms to the session that they
// were shown to.
package form

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web"
)

// Values are the fields of a form that was read.
type Values struct{ fields url.Values }

// Get gives a field, empty when it was not sent.
func (v Values) Get(name string) string { return v.fields.Get(name) }

// Read takes a form that a browser posted: application/x-www-form-urlencoded exactly, none
// but the named fields, each once at most, in UTF-8. The faults are cross_origin for a
// request that does not say where it comes from, unsupported_media_type, body_too_large
// and malformed_body. requirements XO-02, ER-05
func Read(r *http.Request, names ...string) (Values, error) {
	if !web.FromBrowser(r) {
		return Values{}, fault.New(fault.CrossOrigin).Because(errors.New("a form without Sec-Fetch-Site or Origin"))
	}
	body, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return Values{}, fault.New(fault.BodyTooLarge).Because(tooLarge)
	}
	if err != nil {
		return Values{}, malformed(err)
	}
	if len(body) == 0 && len(r.Header.Values("Content-Type")) == 0 {
		return Values{}, nil // a form without fields
	}
	if !isForm(r) {
		f := fault.New(fault.UnsupportedMediaType)
		f.Say = "This page takes forms, and nothing else."
		return Values{}, f
	}
	return decode(string(body), names)
}

// decode reads fields strictly.
func decode(body string, names []string) (Values, error) {
	fields, err := url.ParseQuery(body)
	if err != nil {
		return Values{}, malformed(errors.New("bad escapes or separators"))
	}
	for name, values := range fields {
		switch {
		case !slices.Contains(names, name):
			return Values{}, malformed(errors.New("a field that the page does not have"))
		case len(values) > 1:
			return Values{}, malformed(errors.New("a field twice"))
		case !utf8.ValidString(values[0]):
			return Values{}, malformed(errors.New("not UTF-8"))
		}
	}
	return Values{fields}, nil
}

// malformed is the fault of a form that no page of ours sends.
func malformed(cause error) error {
	f := fault.New(fault.MalformedBody).Because(cause)
	f.Say = "This form did not arrive the way the page sends it. Open the page again and repeat."
	return f
}

// isForm tells whether the media type is that of a plain form exactly, with charset=utf-8 at
// most. WHATWG URL §5
func isForm(r *http.Request) bool {
	values := r.Header.Values("Content-Type")
	if len(values) != 1 {
		return false
	}
	media, params, err := mime.ParseMediaType(values[0])
	if err != nil || media != "application/x-www-form-urlencoded" || len(params) > 1 {
		return false
	}
	charset, given := params["charset"]
	return len(params) == 0 || given && strings.EqualFold(charset, "utf-8")
}

// Status gives the HTTP status of a form that comes back with fault f: 422 for what the
// person can correct in it, else as everywhere. RFC 9110 §15.5.21
func Status(f *fault.Fault) int {
	if f.Code == fault.InvalidRequest {
		return http.StatusUnprocessableEntity
	}
	return web.Status(f)
}

// Again tells whether a form that was refused with f comes back to be corrected or sent
// once more; other faults have a page of their own.
func Again(f *fault.Fault) bool {
	switch f.Code {
	case fault.InvalidRequest:
		return len(f.Fields) > 0
	case fault.InvalidCredentials, fault.EmailTaken, fault.StorageUnavailable, fault.Overloaded:
		return true
	}
	return false
}
