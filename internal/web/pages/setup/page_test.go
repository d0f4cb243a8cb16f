package setup_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
	"github.com/handstamp/handstamp/internal/web/pages/setup"
)

// state makes the page in one state.
func state(name string, change func(*setup.View)) pagestest.State[setup.View] {
	v := setup.NewView(pagestest.Frame("Set up"), "link-token", 15)
	change(&v)
	return pagestest.State[setup.View]{Name: name, View: v}
}

// shut makes the page of a link that opens nothing.
func shut(t *testing.T, code fault.Code) pagestest.State[setup.View] {
	t.Helper()
	closed, ok := setup.ClosingOf(code)
	if !ok {
		t.Fatalf("ClosingOf(%s) = none, want one", code)
	}
	return pagestest.State[setup.View]{Name: string(code), View: setup.View{Frame: pagestest.Frame(closed.Heading),
		Closed: &closed}}
}

// TestPage draws every state.
func TestPage(t *testing.T) {
	pagestest.Golden(t, setup.Page, []pagestest.State[setup.View]{
		state("plain", func(*setup.View) {}),
		state("signed_in", func(v *setup.View) { v.SignOut, v.Email.Focus = true, false }),
		state("refused", func(v *setup.View) {
			f := fault.New(fault.InvalidRequest)
			f.Fields = []fault.Field{
				{Name: "email", Code: "required", Detail: "Enter your e-mail address."},
				{Name: "password", Code: "too_short", Detail: "Use at least 15 characters."},
			}
			v.Alert = layout.Marked(f, &v.Email, &v.Name, &v.Password)
		}),
		state("unavailable", func(v *setup.View) {
			v.Email.Value = "ada@example.com"
			v.Alert = layout.Marked(fault.New(fault.StorageUnavailable), &v.Email, &v.Name, &v.Password)
		}),
		shut(t, fault.NotFound),
		shut(t, fault.SetupDone),
		state("hostile", func(v *setup.View) {
			v.Root, v.Host, v.Link = "/auth", pagestest.Hostile, pagestest.Hostile
			v.Email.Value, v.Name.Value, v.Name.Error = pagestest.Hostile, pagestest.Hostile, pagestest.Hostile
			v.Alert = layout.Alert{Say: pagestest.Hostile}
		}),
	})
}

// TestClosingOf has nothing to say of faults that are not the link's.
func TestClosingOf(t *testing.T) {
	for _, code := range []fault.Code{fault.InternalError, fault.StorageUnavailable, fault.InvalidRequest} {
		if c, ok := setup.ClosingOf(code); ok {
			t.Errorf("ClosingOf(%s) = %q, want none", code, c.Heading)
		}
	}
}
