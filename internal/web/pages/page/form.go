package page

import (
	"net/http"
	"slices"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// Form is a page with one form that may come back: shown, read, done, and otherwise shown again
// with what was wrong. V is what the page shows.
type Form[V any] struct {
	Page   *layout.Page[V]
	Fields []string // that the form has, its token aside; nil: none
	Tokens *Tokens  // tie the form to the session that it was shown to; nil: it is for anyone

	// View returns the page before anything is typed. It is called with what was typed when the
	// form comes back, for what the page shows around the form, and without when the page is
	// opened.
	View func(r *http.Request, in web.Values) (V, error)

	// Do does what the form asks for, and returns the address to go on to. It has written at most
	// headers. Faults that say so (fault.Fault.Redisplay) bring the form back.
	Do func(w http.ResponseWriter, r *http.Request, in web.Values) (next string, err error)

	// Again completes the page for a form that comes back: it fills in what was typed and may be
	// shown again, and marks what was wrong.
	Again func(v *V, in web.Values, f *fault.Fault)
}

// Show answers with the page.
func (f Form[V]) Show(w http.ResponseWriter, r *http.Request) error {
	v, err := f.View(r, web.Values{})
	if err != nil {
		return err
	}
	return f.Page.Send(w, http.StatusOK, v)
}

// Submit returns the handler of the form's route: 303 to where Do leads, or the page again with a
// status that says what was wrong.
func (f Form[V]) Submit() web.Handler {
	if f.Tokens != nil {
		return f.Tokens.Form(f.Fields, f.submit)
	}
	return web.PageForm(f.Fields, f.submit)
}

// submit answers a form that was read.
func (f Form[V]) submit(w http.ResponseWriter, r *http.Request, in web.Values) error {
	next, err := f.Do(w, r, in)
	if err == nil {
		return layout.Redirect(w, next)
	}
	if !fault.From(err).Redisplay() {
		return err
	}
	v, unseen := f.View(r, in)
	if unseen != nil {
		return err
	}
	refused := web.Refused(w, r, err)
	f.Again(&v, in, refused)
	return f.Page.Send(w, status(refused), v)
}

// status returns the HTTP status of a form that comes back: 422 for what can be corrected in it,
// else as everywhere. RFC 9110 §15.5.21
func status(f *fault.Fault) int {
	if f.Code == fault.InvalidRequest {
		return http.StatusUnprocessableEntity
	}
	return web.Status(f)
}

// Required is a field that must not be empty.
type Required struct {
	Name  string
	Value string
	Say   string // what the user is told otherwise
}

// Complete returns invalid_request for the fields that are empty, or nil.
func Complete(fields ...Required) error {
	f := fault.New(fault.InvalidRequest)
	for _, field := range fields {
		if field.Value == "" {
			f.Fields = append(f.Fields, fault.Field{Name: field.Name, Code: "required", Detail: field.Say})
		}
	}
	if len(f.Fields) == 0 {
		return nil
	}
	return f
}

// Form returns the handler of a form that carries a token, which is checked before serve is called.
func (t Tokens) Form(fields []string, serve func(http.ResponseWriter, *http.Request, web.Values) error) web.Handler {
	return web.PageForm(append(slices.Clone(fields), TokenField),
		func(w http.ResponseWriter, r *http.Request, in web.Values) error {
			if err := t.Check(r, in); err != nil {
				return err
			}
			return serve(w, r, in)
		})
}

// Button returns the handler of a form that is nothing but a button and a token.
func (t Tokens) Button(serve web.HandlerFunc) web.Handler {
	return t.Form(nil, func(w http.ResponseWriter, r *http.Request, _ web.Values) error { return serve(w, r) })
}
