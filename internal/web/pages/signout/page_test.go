package signout_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
	"github.com/handstamp/handstamp/internal/web/pages/signout"
)

// TestPage draws every state.
func TestPage(t *testing.T) {
	below := pagestest.Frame("Sign out")
	below.Root = "/auth"
	pagestest.Golden(t, signout.Page, []pagestest.State[signout.View]{
		{Name: "plain", View: signout.View{Frame: pagestest.Frame("Sign out")}},
		{Name: "below_a_path", View: signout.View{Frame: below}},
	})
}
