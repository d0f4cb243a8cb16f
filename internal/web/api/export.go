package api

import (
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
)

// exportBody is all that we hold about a person, but for what proves who it is: the
// password's hash, and what refresh tokens are checked against.
type exportBody struct {
	ExportedAt time.Time        `json:"exported_at"`
	User       userBody         `json:"user"`
	Sessions   []exportedDevice `json:"sessions"`
}

// exportedDevice is all about one session, live or over, with times as they are.
type exportedDevice struct {
	ID         string          `json:"id"`
	CreatedAt  time.Time       `json:"created_at"`
	CreatedIP  string          `json:"created_ip"`
	Created    string          `json:"created_user_agent"`
	LastUsedAt time.Time       `json:"last_used_at"`
	LastUsedIP string          `json:"last_used_ip"`
	LastUsed   string          `json:"last_used_user_agent"`
	ExpiresAt  time.Time       `json:"expires_at"`
	AuthTime   time.Time       `json:"auth_time"`
	AMR        []string        `json:"amr"`
	ACR        string          `json:"acr"`
	Remember   bool            `json:"remember"`
	EndedAt    *time.Time      `json:"ended_at"`
	EndReason  store.EndReason `json:"end_reason"`
	EndedBy    string          `json:"ended_by"`
}

// Export is the handler that gives the person all that is held about them, for the page that
// has a button for it. Its route admits whoever is fresh.
func Export(p Parts) web.Handler { return New(p).export }

// export gives the person all that is held about them, to take away.
func (a *API) export(w http.ResponseWriter, r *http.Request) error {
	by := web.Caller(r)
	u, err := a.Users.Get(r.Context(), by)
	if err != nil {
		return err
	}
	all, err := a.Sessions.Export(r.Context(), by)
	if err != nil {
		return err
	}
	body := exportBody{ExportedAt: a.Now().Truncate(time.Second), User: userBody{u}, Sessions: make([]exportedDevice, len(all))}
	for i, s := range all {
		body.Sessions[i] = exportDevice(s)
	}
	w.Header().Set("Content-Disposition", `attachment; filename="handstamp-export.json"`)
	return web.WriteJSON(w, http.StatusOK, body)
}

// exportDevice gives all about a session.
func exportDevice(s store.Session) exportedDevice {
	d := exportedDevice{
		ID: s.ID.String(), CreatedAt: s.CreatedAt, CreatedIP: web.Address(s.CreatedBy), Created: s.CreatedBy.Agent,
		LastUsedAt: s.LastUsedAt, LastUsedIP: web.Address(s.LastUsedBy), LastUsed: s.LastUsedBy.Agent,
		ExpiresAt: s.ExpiresAt, AuthTime: s.AuthTime, AMR: s.AMR, ACR: s.ACR, Remember: s.Remember,
		EndReason: s.EndReason, EndedBy: s.EndedBy,
	}
	if !s.EndedAt.IsZero() {
		d.EndedAt = &s.EndedAt
	}
	return d
}

// deleteUser forgets the person, and takes the cookies away.
func (a *API) deleteUser(w http.ResponseWriter, r *http.Request) error {
	if err := a.Users.Delete(r.Context(), web.Caller(r)); err != nil {
		return err
	}
	a.Cookies.Clear(w)
	web.ClearSiteData(w, a.Site)
	return noContent(w)
}
