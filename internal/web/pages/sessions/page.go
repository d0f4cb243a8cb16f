// Package sessions is the page where a user sees on which devices the account is signed in,
// and ends what should not be.
package sessions

import (
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/layout"
	"github.com/handstamp/handstamp/internal/web/pages/page"
)

// handlers answer for the page.
type handlers struct{ page.Parts }

// Routes are the page's.
func Routes(p page.Parts) []web.Route {
	const path = string(layout.Devices)
	h := handlers{p}
	end, others := p.Tokens.Button(h.end), p.Tokens.Button(h.endOthers)
	return []web.Route{
		{Pattern: "GET " + path, Access: web.SignedIn, Handler: web.NoBody(h.show)},
		{Pattern: "POST " + path + "/{id}/end", Access: web.Fresh, Page: path, Handler: end},
		{Pattern: "POST " + path + "/end-others", Access: web.Fresh, Page: path, Handler: others},
	}
}

// What was just done, as the address says it after a POST.
const (
	doneOne    = "ended"
	doneOthers = "ended-others"
)

// done has a sentence for each.
var done = map[string]string{ // ?done= → what the user is told
	doneOne:    "The session was ended.",
	doneOthers: "All other sessions were ended.",
}

// show answers with the user's devices.
func (h handlers) show(w http.ResponseWriter, r *http.Request) error {
	by := web.Caller(r)
	live, err := h.Sessions.Live(r.Context(), by)
	if err != nil {
		return err
	}
	asking := Asking{by.Session, h.Tokens.Of(r), h.Now()}
	v := NewView(h.Layout.Account("Devices", layout.Devices), live, asking)
	v.Done = done[r.URL.Query().Get("done")]
	return Page.Send(w, http.StatusOK, v)
}

// end ends one of the user's sessions.
func (h handlers) end(w http.ResponseWriter, r *http.Request) error {
	id, err := store.ParseSessionID(r.PathValue("id"))
	if err != nil {
		return fault.New(fault.SessionNotFound).Because(err)
	}
	by := web.Caller(r)
	if id == by.Session { // the page has another button for this one, which takes the cookies too
		return layout.Redirect(w, h.Layout.Path("/signout"))
	}
	if err := h.Sessions.End(r.Context(), by, id); err != nil {
		return err
	}
	return layout.Redirect(w, h.Layout.Path(string(layout.Devices)+"?done="+doneOne))
}

// endOthers ends all of the user's sessions but the one that asks.
func (h handlers) endOthers(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.Sessions.EndOthers(r.Context(), web.Caller(r)); err != nil {
		return err
	}
	return layout.Redirect(w, h.Layout.Path(string(layout.Devices)+"?done="+doneOthers))
}
