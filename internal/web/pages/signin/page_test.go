package signin_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
	"github.com/handstamp/handstamp/internal/web/pages/signin"
)

// state makes the page in one state.
func state(name string, change func(*signin.View)) pagestest.State[signin.View] {
	v := signin.NewView(pagestest.Frame("Sign in"))
	v.SignUp = "/signup"
	change(&v)
	return pagestest.State[signin.View]{Name: name, View: v}
}

// TestPage draws every state.
func TestPage(t *testing.T) {
	pagestest.Golden(t, signin.Page, []pagestest.State[signin.View]{
		state("plain", func(*signin.View) {}),
		state("no_signup", func(v *signin.View) { v.SignUp = "" }),
		state("onward", func(v *signin.View) {
			v.Onward, v.ReturnTo, v.SignUp = "notes.example.com", "https://notes.example.com/?q=1&r=2",
				"/signup?return_to=x"
		}),
		state("ended", func(v *signin.View) {
			v.Notice = &signin.Notice{Say: "This session was ended from Firefox on Linux."}
			v.Email.Focus = false
		}),
		state("grave", func(v *signin.View) {
			v.Notice = &signin.Notice{Say: "You were signed out for your safety.", Grave: true}
			v.Email.Focus = false
		}),
		state("signed_in", func(v *signin.View) {
			v.Who, v.SignOut, v.Email.Value = "ada@example.com", true, "ada@example.com"
			v.Email.Focus = false
		}),
		state("signed_in_unproved", func(v *signin.View) { v.SignOut, v.Email.Focus = true, false }),
		state("empty", func(v *signin.View) {
			f := fault.New(fault.InvalidRequest)
			f.Fields = []fault.Field{
				{Name: "email", Code: "required", Detail: "Enter your e-mail address."},
				{Name: "password", Code: "required", Detail: "Enter your password."},
			}
			v.Alert = layout.Marked(f, &v.Email, &v.Password)
		}),
		state("wrong", func(v *signin.View) {
			v.Email.Value, v.Remember = "ada@example.com", true
			v.Alert = layout.Marked(fault.New(fault.InvalidCredentials), &v.Email, &v.Password)
			v.Email.Unproven, v.Password.Unproven, v.Password.Focus = true, true, true
		}),
		state("hostile", func(v *signin.View) {
			v.Root, v.Host, v.Title = "/auth", pagestest.Hostile, pagestest.Hostile
			v.Who, v.Onward, v.ReturnTo, v.SignOut = pagestest.Hostile, pagestest.Hostile, pagestest.Hostile, true
			v.SignUp = "javascript:alert(1)"
			v.Email.Value, v.Email.Error = pagestest.Hostile, pagestest.Hostile
			v.Alert = layout.Alert{Say: pagestest.Hostile}
			v.Notice = &signin.Notice{Say: pagestest.Hostile}
		}),
	})
}
