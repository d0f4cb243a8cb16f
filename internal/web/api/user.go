package api

import (
	"context"
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
)

// user returns the profile as now kept.
func (a *API) user(ctx context.Context, by audit.Caller, _ web.None) (web.Profile, error) {
	u, err := a.Users.Get(ctx, by)
	return web.NewProfile(u), err
}

// renameRequest changes the profile.
type renameRequest struct {
	Name *string `json:"name"`
}

// rename sets the name; without a name it changes nothing.
func (a *API) rename(ctx context.Context, by audit.Caller, in renameRequest) (web.Profile, error) {
	if in.Name == nil {
		return a.user(ctx, by, web.None{})
	}
	u, err := a.Users.Rename(ctx, by, *in.Name)
	return web.NewProfile(u), err
}

// deleteUser forgets the user, and takes the cookies away.
func (a *API) deleteUser(w http.ResponseWriter, r *http.Request) error {
	if err := a.Users.Delete(r.Context(), web.Caller(r)); err != nil {
		return err
	}
	a.Cookies.Clear(w, r)
	web.ClearSiteData(w, a.Site)
	return web.NoContent(w)
}

// passwordRequest changes the password.
type passwordRequest struct {
	Current secret.Text `json:"current_password"`
	Next    secret.Text `json:"new_password"`
}

// changePassword sets another password and ends the user's other sessions.
func (a *API) changePassword(ctx context.Context, by audit.Caller, in passwordRequest) (done web.None, err error) {
	switch {
	case in.Current.Empty():
		return done, required("current_password")
	case in.Next.Empty():
		return done, required("new_password")
	}
	return done, a.Users.ChangePassword(ctx, by, in.Current, in.Next)
}

// deviceBody is one of a user's sessions as the user sees it: no tokens, and times of
// use to the hour, so that a list which a thief reads does not tell when to strike.
type deviceBody struct {
	ID         string    `json:"id"`
	Current    bool      `json:"current"`
	Device     string    `json:"device"`
	IP         string    `json:"ip"`
	Agent      string    `json:"user_agent"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	AMR        []string  `json:"amr"`
}

// devicesBody is the list of them.
type devicesBody struct {
	Sessions []deviceBody `json:"sessions"`
}

// sessions lists the user's live sessions.
func (a *API) sessions(ctx context.Context, by audit.Caller, _ web.None) (devicesBody, error) {
	live, err := a.Sessions.Live(ctx, by)
	if err != nil {
		return devicesBody{}, err
	}
	devices := make([]deviceBody, len(live))
	for i, s := range live {
		devices[i] = deviceBody{
			ID: s.ID.String(), Current: s.ID == by.Session, Device: web.Device(s.LastUsedBy.Agent),
			IP: web.Address(s.LastUsedBy), Agent: s.LastUsedBy.Agent, CreatedAt: s.CreatedAt,
			LastUsedAt: s.LastUsedAt.Truncate(time.Hour), ExpiresAt: s.ExpiresAt, AMR: s.AMR,
		}
	}
	return devicesBody{devices}, nil
}

// endSession ends one of the user's sessions.
func (a *API) endSession(w http.ResponseWriter, r *http.Request) error {
	id, err := store.ParseSessionID(r.PathValue("id"))
	if err != nil {
		return fault.New(fault.SessionNotFound).Because(err)
	}
	by := web.Caller(r)
	if id == by.Session {
		return fault.BadField("id", "current",
			"End this session with DELETE /v1/session, which clears its cookies too.")
	}
	if err := a.Sessions.End(r.Context(), by, id); err != nil {
		return err
	}
	return web.NoContent(w)
}

// endOthers ends all of the user's sessions but the one that asks.
func (a *API) endOthers(w http.ResponseWriter, r *http.Request) error {
	if r.URL.RawQuery != "keep=current" {
		return fault.BadField("keep", "required", "Add ?keep=current to end every session but this one.")
	}
	n, err := a.Sessions.EndOthers(r.Context(), web.Caller(r))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, struct {
		Ended int `json:"ended"`
	}{n})
}
