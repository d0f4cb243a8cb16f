// Package pagestest holds rendered pages to their goldens, and to what every page owes to
// people: labels, names, a language, and nothing that runs or comes from elsewhere.
package pagestest

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// update rewrites the goldens instead of comparing.
var update = flag.Bool("update", false, "rewrite the golden pages")

// Now is the time at which all golden pages are drawn.
var Now = time.Date(2026, time.November, 22, 15, 40, 0, 0, time.UTC)

// Hostile is text that no page may let act.
const Hostile = `"'><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}</title>` + "\u202e"

// Frame is the frame of golden pages: assets have plain names, so that a golden changes with
// its own page alone.
func Frame(title string) layout.Frame {
	return layout.Frame{Title: title, Host: "auth.example.com", Style: "/assets/style.css", Icon: "/assets/icon.svg"}
}

// Account is the frame of golden pages of the account.
func Account(title string, here layout.Place) layout.Frame {
	f := Frame(title)
	f.SignOut, f.Tabs = true, layout.Tabs("", here)
	return f
}

// State is a page in one state.
type State[T any] struct {
	Name string
	View T
}

// Golden draws a page in every state and compares what it says within and to the frame with
// testdata/<name>.html. How the frame looks is in layout's own goldens.
func Golden[T any](t *testing.T, page *layout.Page[T], states []State[T]) {
	t.Helper()
	for _, state := range states {
		t.Run(state.Name, func(t *testing.T) {
			whole, err := page.HTML(state.View)
			if err != nil {
				t.Fatal(err)
			}
			Sound(t, whole)
			content, err := page.Content(state.View)
			if err != nil {
				t.Fatal(err)
			}
			frame, ok := reflect.ValueOf(state.View).FieldByName("Frame").Interface().(layout.Frame)
			if !ok {
				t.Fatalf("%T has no Frame", state.View)
			}
			compare(t, state.Name, append([]byte(told(frame)+"\n"), content...))
		})
	}
}

// told is what a page tells the frame, as a line of its golden.
func told(frame layout.Frame) string {
	line := fmt.Sprintf("<!-- title %q", frame.Title)
	if frame.SignOut {
		line += ", sign out"
	}
	if frame.Next != nil {
		line += fmt.Sprintf(", after %d seconds to %q", frame.Next.Seconds, frame.Next.URL)
	}
	return line + " -->"
}

// GoldenWhole draws a page in every state, frame included, and compares with testdata/<name>.html.
func GoldenWhole[T any](t *testing.T, page *layout.Page[T], states []State[T]) {
	t.Helper()
	for _, state := range states {
		t.Run(state.Name, func(t *testing.T) {
			whole, err := page.HTML(state.View)
			if err != nil {
				t.Fatal(err)
			}
			Sound(t, whole)
			compare(t, state.Name, whole)
		})
	}
}

// compare holds a page to its file, or rewrites the file.
func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("page differs from %s (-golden +page):\n%s", file, diff)
	}
}

// Shows checks that a page says every one of texts to a person.
func Shows(t testing.TB, page []byte, texts ...string) {
	t.Helper()
	read := html.UnescapeString(string(page))
	for _, text := range texts {
		if !strings.Contains(read, text) {
			t.Errorf("page does not show %q:\n%s", text, read)
		}
	}
}

// Hides checks that a page holds none of texts.
func Hides(t testing.TB, page []byte, texts ...string) {
	t.Helper()
	read := html.UnescapeString(string(page))
	for _, text := range texts {
		if strings.Contains(read, text) {
			t.Errorf("page shows %q:\n%s", text, read)
		}
	}
}
