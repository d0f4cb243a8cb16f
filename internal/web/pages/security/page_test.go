package security_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
	"github.com/handstamp/handstamp/internal/web/pages/security"
)

// state makes the page in one state.
func state(name string, change func(*security.View)) pagestest.State[security.View] {
	v := security.NewView(pagestest.Account("Security", layout.Security), 15)
	v.Email, v.Token = "ada@example.com", "form-token"
	change(&v)
	return pagestest.State[security.View]{Name: name, View: v}
}

// TestPage draws every state.
func TestPage(t *testing.T) {
	pagestest.Golden(t, security.Page, []pagestest.State[security.View]{
		state("plain", func(*security.View) {}),
		state("changed", func(v *security.View) { v.Done = "Your password was changed." }),
		state("empty", func(v *security.View) {
			f := fault.New(fault.InvalidRequest)
			f.Fields = []fault.Field{
				{Name: "current_password", Code: "required", Detail: "Enter your current password."},
				{Name: "new_password", Code: "required", Detail: "Choose a new password."},
			}
			v.Alert = layout.Marked(f, &v.Current, &v.New)
		}),
		state("too_short", func(v *security.View) {
			v.Alert = layout.Marked(fault.BadField("new_password", "too_short", "Use at least 15 characters."),
				&v.Current, &v.New)
		}),
		state("unavailable", func(v *security.View) {
			v.Alert = layout.Marked(fault.New(fault.StorageUnavailable), &v.Current, &v.New)
		}),
		state("hostile", func(v *security.View) {
			v.Email, v.Token, v.Done, v.Current.Error = pagestest.Hostile, pagestest.Hostile, pagestest.Hostile,
				pagestest.Hostile
			v.Alert = layout.Alert{Say: pagestest.Hostile}
		}),
	})
}
