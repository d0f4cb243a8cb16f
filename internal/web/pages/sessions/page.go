// Package sessions is the page where a person sees on which devices the account is signed in,
// and ends what should not be.
package sessions

import (
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/form"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
)

// Handlers answer for the page.
type Handlers struct {
	Layout   *layout.Layout
	Sessions *session.Manager
	Tokens   form.Tokens
	Now      func() time.Time
}

// What was just done, as the address tells it after a POST.
const (
	doneOne    = "ended"
	doneOthers = "ended-others"
)

// done has a sentence for each.
var done = map[string]string{ // ?done= → what the person is told
	doneOne:    "The session was ended.",
	doneOthers: "All other sessions were ended.",
}

// Show answers with the person's devices.
func (h Handlers) Show(w http.ResponseWriter, r *http.Request) error {
	by := web.Caller(r)
	live, err := h.Sessions.Live(r.Context(), by)
	if err != nil {
		return err
	}
	v := NewView(h.Layout.Account("Devices", layout.Devices), live, Asking{by.Session, h.Tokens.Of(r), h.Now()})
	v.Done = done[r.URL.Query().Get("done")]
	return Page.Send(w, http.StatusOK, v)
}

// End ends one of the person's sessions.
func (h Handlers) End(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.Tokens.Read(r); err != nil {
		return err
	}
	id, err := store.ParseSessionID(r.PathValue("id"))
	if err != nil {
		return fault.New(fault.SessionNotFound).Because(err)
	}
	by := web.Caller(r)
	if id == by.Session { // the page has another button for this one, which takes the cookies too
		return layout.See(w, h.Layout.Path("/signout"))
	}
	if err := h.Sessions.End(r.Context(), by, id); err != nil {
		return err
	}
	return layout.See(w, h.Layout.Path("/account/sessions?done="+doneOne))
}

// EndOthers ends all of the person's sessions but the one that asks.
func (h Handlers) EndOthers(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.Tokens.Read(r); err != nil {
		return err
	}
	if _, err := h.Sessions.EndOthers(r.Context(), web.Caller(r)); err != nil {
		return err
	}
	return layout.See(w, h.Layout.Path("/account/sessions?done="+doneOthers))
}
