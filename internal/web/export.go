package web

import (
	"net/http"
	"time"

	"github.com/handstamp/handstamp/internal/session"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/user"
)

// Profile is a user as the user may see it.
type Profile struct {
	ID            store.UserID `json:"id"`
	Email         string       `json:"email"`
	EmailVerified bool         `json:"email_verified"`
	Name          string       `json:"name"`
	Roles         []string     `json:"roles"`
	CreatedAt     time.Time    `json:"created_at"`
}

// NewProfile returns what the user may see of u.
func NewProfile(u store.User) Profile {
	return Profile{
		ID: u.ID, Email: u.Email, EmailVerified: !u.EmailVerifiedAt.IsZero(), Name: u.Name,
		Roles: u.Roles, CreatedAt: u.CreatedAt,
	}
}

// export is all that is kept about a user, but for what proves who it is: the password's hash, and
// what refresh tokens are checked against.
type export struct {
	ExportedAt time.Time         `json:"exported_at"`
	User       Profile           `json:"user"`
	Sessions   []exportedSession `json:"sessions"`
}

// exportedSession is all about one session, live or over, with times as they are.
type exportedSession struct {
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

// Exporter answers with all that is kept about the caller, for the route and the page that offer
// it.
type Exporter struct {
	Users    *user.Manager
	Sessions *session.Manager
	Now      func() time.Time
}

// Serve answers with a file to take away. Its routes admit whoever is fresh.
func (e Exporter) Serve(w http.ResponseWriter, r *http.Request) error {
	by := Caller(r)
	u, err := e.Users.Get(r.Context(), by)
	if err != nil {
		return err
	}
	all, err := e.Sessions.Export(r.Context(), by)
	if err != nil {
		return err
	}
	body := export{e.Now().Truncate(time.Second), NewProfile(u), make([]exportedSession, len(all))}
	for i, s := range all {
		body.Sessions[i] = exportSession(s)
	}
	w.Header().Set("Content-Disposition", `attachment; filename="handstamp-export.json"`)
	return WriteJSON(w, http.StatusOK, body)
}

// exportSession returns all about a session.
func exportSession(s store.Session) exportedSession {
	d := exportedSession{
		ID: s.ID.String(), CreatedAt: s.CreatedAt, CreatedIP: Address(s.CreatedBy), Created: s.CreatedBy.Agent,
		LastUsedAt: s.LastUsedAt, LastUsedIP: Address(s.LastUsedBy), LastUsed: s.LastUsedBy.Agent,
		ExpiresAt: s.ExpiresAt, AuthTime: s.AuthTime, AMR: s.AMR, ACR: s.ACR, Remember: s.Remember,
		EndReason: s.EndReason, EndedBy: s.EndedBy,
	}
	if !s.EndedAt.IsZero() {
		d.EndedAt = &s.EndedAt
	}
	return d
}
