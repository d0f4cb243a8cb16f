package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
)

// Form makes a handler of one that takes a form, as OAuth's routes do: parameters that are
// not known are passed over, and none stands twice. RFC 6749 §3.2
func Form(handle func(w http.ResponseWriter, r *http.Request, form url.Values) error) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || media != "application/x-www-form-urlencoded" || r.Header.Get("Content-Encoding") != "" {
			return fault.New(fault.UnsupportedMediaType)
		}
		body, err := io.ReadAll(r.Body)
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return fault.New(fault.BodyTooLarge).Because(tooLarge)
		}
		if err != nil {
			return fault.New(fault.InvalidRequest).Because(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return fault.New(fault.InvalidRequest).Because(errors.New("the body is not a form"))
		}
		for name, values := range form {
			if len(values) > 1 {
				return fault.New(fault.InvalidRequest).Because(errors.New("a parameter stands twice: " + audit.Abbreviate(name)))
			}
		}
		return handle(w, r, form)
	}
}
