package pagestest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// allowed are the elements that pages are made of. A script, an image or a frame is not
// among them, so that a stranger's text which became one shows.
var allowed = strings.Fields(`html head meta title link body header main nav footer form button input label section
	svg circle path a b p h1 h2 h3 ul li dl div dt dd span bdi time code`)

// loud are meta elements and links that a page may have by these names alone.
var loud = strings.Fields("viewport robots color-scheme theme-color refresh icon stylesheet")

// refused is what html/template puts in the place of an address that would run a script.
const refused = "ZgotmplZ"

// element is one start tag.
type element struct {
	name  string
	attrs map[string]string
}

// Sound checks what every page owes, whatever is on it.
func Sound(t testing.TB, page []byte) {
	t.Helper()
	all := parse(t, page)
	checkDocument(t, all)
	ids := checkIDs(t, all)
	for _, e := range all {
		checkElement(t, e)
		if e.name == "input" {
			checkInput(t, e, all)
		}
		for _, attr := range []string{"aria-describedby", "aria-labelledby"} {
			for _, id := range strings.Fields(e.attrs[attr]) {
				if !ids[id] {
					t.Errorf("<%s %s=%q> points to nothing", e.name, attr, id)
				}
			}
		}
		if anchor, ok := strings.CutPrefix(e.attrs["href"], "#"); ok && !ids[anchor] && anchor != refused {
			t.Errorf("<a href=#%s> leads nowhere", anchor)
		}
	}
}

// parse reads the tags of a page. Pages are written so that the XML parser, lenient about
// void elements and bare attributes, can read them.
func parse(t testing.TB, page []byte) []element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var all []element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("page does not parse: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			e := element{start.Name.Local, map[string]string{}}
			for _, a := range start.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			all = append(all, e)
		}
	}
}

// checkDocument holds the page to one language, title, main part and heading.
func checkDocument(t testing.TB, all []element) {
	t.Helper()
	count := map[string]int{}
	for _, e := range all {
		count[e.name]++
		if e.name == "html" && e.attrs["lang"] != "en" {
			t.Errorf("lang = %q, want en", e.attrs["lang"])
		}
	}
	for _, name := range []string{"html", "title", "main", "h1", "header", "footer"} {
		if count[name] != 1 {
			t.Errorf("page has %d <%s>, want 1", count[name], name)
		}
	}
}

// checkIDs returns all ids, each of which names one element.
func checkIDs(t testing.TB, all []element) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, e := range all {
		id, ok := e.attrs["id"]
		if ok && (ids[id] || id == "") {
			t.Errorf("id %q is empty or twice", id)
		}
		ids[id] = ids[id] || ok
	}
	return ids
}

// checkElement refuses whatever runs, styles by itself, or comes from elsewhere.
func checkElement(t testing.TB, e element) {
	t.Helper()
	if !slices.Contains(allowed, e.name) {
		t.Errorf("page has a <%s>", e.name)
	}
	for name, value := range e.attrs {
		if strings.HasPrefix(name, "on") || name == "style" || name == "srcdoc" {
			t.Errorf("<%s> has %s=%q", e.name, name, value)
		}
	}
	href := e.attrs["href"]
	if e.name == "link" && (!strings.HasPrefix(href, "/") || !strings.Contains(href, "/assets/")) {
		t.Errorf("<link href=%q>, want ours", e.attrs["href"])
	}
	acts := e.name == "meta" && e.attrs["charset"] == "" || e.name == "link"
	if kind := e.attrs["name"] + e.attrs["http-equiv"] + e.attrs["rel"]; acts && !slices.Contains(loud, kind) {
		t.Errorf("<%s> is %q, want none such", e.name, kind)
	}
	if e.name == "form" && (e.attrs["method"] != "post" || !strings.HasPrefix(e.attrs["action"], "/")) {
		t.Errorf("<form method=%q action=%q>, want a post to us", e.attrs["method"], e.attrs["action"])
	}
	if e.name == "button" && e.attrs["type"] != "submit" {
		t.Errorf("<button type=%q>, want submit", e.attrs["type"])
	}
}

// checkInput holds a field to a label and to what password managers need.
func checkInput(t testing.TB, e element, all []element) {
	t.Helper()
	name := e.attrs["name"]
	labelled := slices.ContainsFunc(all, func(l element) bool {
		return l.name == "label" && l.attrs["for"] == e.attrs["id"]
	})
	if _, hidden := e.attrs["hidden"]; hidden && e.attrs["autocomplete"] == "username" { // for password managers alone
		return
	}
	switch e.attrs["type"] {
	case "hidden":
		return
	case "password":
		if e.attrs["value"] != "" {
			t.Errorf("password field has value %q, want none", e.attrs["value"])
		}
		fallthrough
	case "text":
		if e.attrs["autocomplete"] == "" {
			t.Errorf("input %q has no autocomplete", name)
		}
	}
	if !labelled || e.attrs["id"] == "" {
		t.Errorf("input %q has no label", name)
	}
	if e.attrs["aria-invalid"] == "true" && e.attrs["aria-describedby"] == "" {
		t.Errorf("input %q is wrong and does not say why", name)
	}
}
