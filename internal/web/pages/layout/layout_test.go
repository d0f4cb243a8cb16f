package layout_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
)

// view is a page with next to nothing on it.
type view struct{ layout.Frame }

// bare is its template.
var bare = layout.Parse[view](`{{define "content"}}<h1>Nothing</h1>{{end}}`)

// state returns the bare page with a frame in one state.
func state(name string, change func(*layout.Frame)) pagestest.State[view] {
	v := view{pagestest.Frame("Nothing")}
	change(&v.Frame)
	return pagestest.State[view]{Name: name, View: v}
}

// TestFrame draws the frame in every state. These are the goldens that a change of layout.html
// changes; those of pages hold what stands within.
func TestFrame(t *testing.T) {
	pagestest.GoldenWhole(t, bare, []pagestest.State[view]{
		state("plain", func(*layout.Frame) {}),
		state("signed_in_below_a_path", func(f *layout.Frame) { f.Root, f.SignOut = "/auth", true }),
		state("moves_on", func(f *layout.Frame) { f.Next = &layout.Next{Seconds: 1, URL: "/session/renew?x=1&y=2"} }),
		state("hostile", func(f *layout.Frame) {
			f.Title, f.Host = pagestest.Hostile, pagestest.Hostile
			f.Next = &layout.Next{URL: `javascript:alert(1)"><script>`}
		}),
	})
}
