package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
)

// userBody is a user as the person sees it.
type userBody struct{ of store.User }

// MarshalJSON gives all of describeUser.
func (u userBody) MarshalJSON() ([]byte, error) {
	o := jose.NewWriter(256)
	describeUser(o, u.of)
	return o.Close(), nil
}

// describeUser writes what the person may see of a user.
func describeUser(o *jose.Writer, u store.User) {
	o.String("id", string(u.ID))
	o.String("email", u.Email)
	o.Raw("email_verified", strconv.FormatBool(!u.EmailVerifiedAt.IsZero()))
	o.String("name", u.Name)
	o.Strings("roles", u.Roles)
	o.Time("created_at", u.CreatedAt)
}

// user answers with the profile as now kept.
func (a *API) user(w http.ResponseWriter, r *http.Request) error {
	u, err := a.Users.Get(r.Context(), web.Caller(r))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, userBody{u})
}

// renameRequest changes the profile.
type renameRequest struct {
	Name *string `json:"name"`
}

// rename sets the name; without a name it changes nothing.
func (a *API) rename(w http.ResponseWriter, r *http.Request, in renameRequest) error {
	if in.Name == nil {
		return a.user(w, r)
	}
	u, err := a.Users.Rename(r.Context(), web.Caller(r), *in.Name)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, userBody{u})
}

// passwordRequest changes the password.
type passwordRequest struct {
	Current secret.Text `json:"current_password"`
	Next    secret.Text `json:"new_password"`
}

// changePassword sets another password and ends the person's other sessions.
func (a *API) changePassword(w http.ResponseWriter, r *http.Request, in passwordRequest) error {
	switch {
	case in.Current.Empty():
		return required("current_password")
	case in.Next.Empty():
		return required("new_password")
	}
	if err := a.Users.ChangePassword(r.Context(), web.Caller(r), in.Current, in.Next); err != nil {
		return err
	}
	return noContent(w)
}

// deviceBody is one of a person's sessions as the person sees it: no tokens, and times of
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

// sessions lists the person's live sessions.
func (a *API) sessions(w http.ResponseWriter, r *http.Request) error {
	by := web.Caller(r)
	live, err := a.Sessions.Live(r.Context(), by)
	if err != nil {
		return err
	}
	devices := make([]deviceBody, len(live))
	for i, s := range live {
		devices[i] = deviceBody{
			ID: s.ID.String(), Current: s.ID == by.Session, Device: web.Device(s.LastUsedBy.Agent),
			IP: web.Address(s.LastUsedBy), Agent: s.LastUsedBy.Agent, CreatedAt: s.CreatedAt,
			LastUsedAt: s.LastUsedAt.Truncate(time.Hour), ExpiresAt: s.ExpiresAt, AMR: s.AMR,
		}
	}
	return web.WriteJSON(w, http.StatusOK, struct {
		Sessions []deviceBody `json:"sessions"`
	}{devices})
}

// endSession ends one of the person's sessions.
func (a *API) endSession(w http.ResponseWriter, r *http.Request) error {
	id, err := store.ParseSessionID(r.PathValue("id"))
	if err != nil {
		return fault.New(fault.SessionNotFound).Because(err)
	}
	by := web.Caller(r)
	if id == by.Session {
		return fault.BadField("id", "current", "End this session with DELETE /v1/session, which clears its cookies too.")
	}
	if err := a.Sessions.End(r.Context(), by, id); err != nil {
		return err
	}
	return noContent(w)
}

// endOthers ends all of the person's sessions but the one that asks.
func (a *API) endOthers(w http.ResponseWriter, r *http.Request) error {
	if r.URL.RawQuery != "keep=current" {
		return fault.BadField("keep", "required", "Say ?keep=current to end every session but this one.")
	}
	n, err := a.Sessions.EndOthers(r.Context(), web.Caller(r))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, struct {
		Ended int `json:"ended"`
	}{n})
}
