package renew_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
	"github.com/handstamp/handstamp/internal/web/pages/renew"
)

// TestPage draws every state.
func TestPage(t *testing.T) {
	const again = "/session/renew?repeated=1&return_to=https%3A%2F%2Fnotes.example.com%2F%3Fa%3D1%26b%3D2"
	repeat := renew.View{Frame: pagestest.Frame("One moment"), Heading: "One moment",
		Say: "Your session is being renewed.", Onward: again}
	repeat.Next = &layout.Next{URL: again}
	waits := repeat
	waits.Next = nil
	hostile := renew.View{Frame: pagestest.Frame("One moment"), Heading: pagestest.Hostile, Say: pagestest.Hostile,
		Onward: "javascript:alert(1)"}
	hostile.Next = &layout.Next{Seconds: 1, URL: `javascript:alert(1)"><script>`}
	pagestest.Golden(t, renew.Page, []pagestest.State[renew.View]{
		{Name: "repeat", View: repeat},
		{Name: "waits", View: waits},
		{Name: "hostile", View: hostile},
	})
}
