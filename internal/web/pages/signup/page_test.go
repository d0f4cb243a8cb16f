package signup_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
	"github.com/handstamp/handstamp/internal/web/pages/signup"
)

// state makes the page in one state.
func state(name string, change func(*signup.View)) pagestest.State[signup.View] {
	v := signup.NewView(pagestest.Frame("Create an account"), 15)
	change(&v)
	return pagestest.State[signup.View]{Name: name, View: v}
}

// TestPage draws every state.
func TestPage(t *testing.T) {
	pagestest.Golden(t, signup.Page, []pagestest.State[signup.View]{
		state("plain", func(*signup.View) {}),
		state("closed", func(v *signup.View) { v.Closed = true }),
		state("onward", func(v *signup.View) {
			v.Onward, v.ReturnTo = "notes.example.com",
				"https://notes.example.com/"
		}),
		state("signed_in", func(v *signup.View) { v.SignOut, v.Email.Focus = true, false }),
		state("refused", func(v *signup.View) {
			f := fault.New(fault.InvalidRequest)
			f.Fields = []fault.Field{
				{Name: "email", Code: "invalid", Detail: "This is not an e-mail address, such as ada@example.com."},
				{Name: "password", Code: "too_short",
					Detail: "Use at least 15 characters. A few words that do not belong together are easy to " +
						"remember."},
			}
			v.Email.Value, v.Name.Value = "ada", "Ada"
			v.Alert = layout.Marked(f, &v.Email, &v.Name, &v.Password)
		}),
		state("unavailable", func(v *signup.View) {
			v.Email.Value = "ada@example.com"
			v.Alert = layout.Marked(fault.New(fault.StorageUnavailable), &v.Email, &v.Name, &v.Password)
		}),
		state("hostile", func(v *signup.View) {
			v.Root, v.Host, v.Onward, v.ReturnTo = "/auth", pagestest.Hostile, pagestest.Hostile, pagestest.Hostile
			v.Email.Value, v.Name.Value, v.Name.Error = pagestest.Hostile, pagestest.Hostile, pagestest.Hostile
			v.Alert = layout.Alert{Say: pagestest.Hostile, Mistakes: []layout.Mistake{{Field: "name",
				Say: pagestest.Hostile}}}
		}),
	})
}
