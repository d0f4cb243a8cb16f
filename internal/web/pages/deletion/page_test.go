package deletion_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web/pages/deletion"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
)

// state makes the page in one state.
func state(name string, change func(*deletion.View)) pagestest.State[deletion.View] {
	v := deletion.View{Frame: pagestest.Frame("Delete your account"), Email: "ada@example.com", Token: "form-token"}
	v.SignOut = true
	change(&v)
	return pagestest.State[deletion.View]{Name: name, View: v}
}

// TestPage draws every state.
func TestPage(t *testing.T) {
	pagestest.Golden(t, deletion.Page, []pagestest.State[deletion.View]{
		state("plain", func(*deletion.View) {}),
		state("not_sure", func(v *deletion.View) {
			v.Refuse(fault.BadField("sure", "required", "Tick the box to confirm. Nothing was deleted."))
		}),
		state("unavailable", func(v *deletion.View) { v.Refuse(fault.New(fault.StorageUnavailable)) }),
		state("hostile", func(v *deletion.View) {
			v.Email, v.Token, v.Host = pagestest.Hostile, pagestest.Hostile, pagestest.Hostile
			v.Refuse(fault.BadField("sure", "required", pagestest.Hostile))
		}),
	})
}
