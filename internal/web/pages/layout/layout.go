// Package layout is what all pages look like: the frame around their content, the one
// stylesheet, inputs and alerts, and the headers that go with HTML.
package layout

import (
	"bytes"
	_ "embed" // for the files beside this one
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/handstamp/handstamp/internal/web"
)

// layoutHTML is the frame, with a hole for the content.
//
//go:embed layout.html
var layoutHTML string

// partsHTML is what contents are made of.
//
//go:embed parts.html
var partsHTML string

// Layout knows the site that pages belong to.
type Layout struct {
	site   web.Site
	policy string
}

// New makes the layout of a site.
func New(site web.Site) *Layout {
	return &Layout{site, contentPolicy(site)}
}

// contentPolicy lets a page load our stylesheet and icon and post to us, and nothing else.
// Chromium applies form-action to where a redirect after the form leads as well, so the
// origins that a person may go back to are listed. CSP3 §6.4.1
func contentPolicy(site web.Site) string {
	targets := strings.Join(append([]string{"'self'"}, site.FormTargets()...), " ")
	return "default-src 'none'; style-src 'self'; img-src 'self'; form-action " + targets +
		"; base-uri 'none'; frame-ancestors 'none'"
}

// Headers sets what every answer of this surface carries, page or not. With no-referrer browsers
// would send "Origin: null" with our own forms, which says nothing where Fetch Metadata is missing.
// https://fetch.spec.whatwg.org/#append-a-request-origin-header
func (l *Layout) Headers(h http.Header) {
	h.Set("Content-Security-Policy", l.policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Robots-Tag", "noindex")
}

// Frame is what stands around a page's content. The data of every page begins with one.
type Frame struct {
	Title   string // of the page; never empty
	Root    string // the site's path, before every link; empty: none
	Host    string // where the person is
	Style   string // where the stylesheet is
	Icon    string // where the icon is
	SignOut bool   // there is somebody to sign out. standards SE-10
	Tabs    []Tab  // to the other pages of the account; nil: it is none of them
	Next    *Next  // where the browser goes by itself; nil: it stays
}

// Next is a page that the browser opens by itself.
type Next struct {
	Seconds int // after how long
	URL     string
}

// Frame returns the frame of one page.
func (l *Layout) Frame(title string) Frame {
	root := l.site.Prefix
	return Frame{Title: title, Root: root, Host: l.site.Host, Style: root + stylePath, Icon: root + iconPath}
}

// Path returns the address of one of our own pages.
func (l *Layout) Path(path string) string { return l.site.Prefix + path }

// Page is a page's template, which takes a T.
type Page[T any] struct{ template *template.Template }

// Parse makes a page of its content, a template that defines "content". It panics for one
// that does not parse: it is part of the program.
func Parse[T any](content string) *Page[T] {
	t := template.Must(template.New("layout").Option("missingkey=error").Parse(layoutHTML))
	template.Must(t.Parse(partsHTML))
	return &Page[T]{template.Must(t.Parse(content))}
}

// HTML returns the whole page.
func (p *Page[T]) HTML(data T) ([]byte, error) { return p.execute("layout", data) }

// Content returns what stands within the frame.
func (p *Page[T]) Content(data T) ([]byte, error) { return p.execute("content", data) }

// execute returns what one of the page's templates makes of data.
func (p *Page[T]) execute(name string, data T) ([]byte, error) {
	var page bytes.Buffer
	if err := p.template.ExecuteTemplate(&page, name, data); err != nil {
		return nil, err
	}
	return page.Bytes(), nil
}

// Send answers with the whole page, or, when it cannot be made, returns the error and has
// written nothing.
func (p *Page[T]) Send(w http.ResponseWriter, status int, data T) error {
	page, err := p.HTML(data)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	w.Write(page) // an error means that nobody is there to answer
	return nil
}

// Redirect answers 303 See Other, so that the browser opens another page with a GET, also after a
// POST. RFC 9700 §4.12
func Redirect(w http.ResponseWriter, location string) error {
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
