package account_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web/pages/account"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
)

// state makes the page of a person in one state.
func state(name string, u store.User, change func(*account.View)) pagestest.State[account.View] {
	v := account.NewView(pagestest.Account("Profile", layout.Profile), u, "form-token")
	change(&v)
	return pagestest.State[account.View]{Name: name, View: v}
}

// TestPage draws every state.
func TestPage(t *testing.T) {
	ada := store.User{Name: "Ada Lovelace", Email: "ada@example.com"}
	pagestest.Golden(t, account.Page, []pagestest.State[account.View]{
		state("plain", ada, func(*account.View) {}),
		state("no_name", store.User{Email: "ada@example.com"}, func(*account.View) {}),
		state("saved", ada, func(v *account.View) { v.Done = "Your name was saved." }),
		state("refused", ada, func(v *account.View) {
			v.Name.Value = "Ada\u202e"
			v.Alert = layout.Marked(fault.BadField("name", "invalid", "A name has no control characters."), &v.Name)
		}),
		state("unavailable", ada, func(v *account.View) {
			v.Alert = layout.Marked(fault.New(fault.StorageUnavailable),
				&v.Name)
		}),
		state("hostile", store.User{Name: pagestest.Hostile, Email: pagestest.Hostile}, func(v *account.View) {
			v.Token, v.Done, v.Name.Error = pagestest.Hostile, pagestest.Hostile, pagestest.Hostile
			v.Alert = layout.Alert{Say: pagestest.Hostile, Mistakes: []layout.Mistake{{Field: "name",
				Say: pagestest.Hostile}}}
		}),
	})
}
