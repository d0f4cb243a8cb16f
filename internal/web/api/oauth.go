package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
)

// oauthRoutes is the table of the routes that speak as OAuth's RFCs say, for services.
func (a *API) oauthRoutes() []web.Route {
	return []web.Route{
		{Pattern: "POST /oauth2/introspect", Access: web.Service, CORS: web.NoCORS, Handler: web.Form(a.introspect)},
		{Pattern: "POST /oauth2/revoke", Access: web.Service, CORS: web.NoCORS, Handler: web.Form(a.revoke)},
	}
}

// introspection is what is said of a token. RFC 7662 §2.2; the claims are an access token's own.
type introspection struct {
	Active    bool     `json:"active"`
	TokenType string   `json:"token_type,omitzero"` // of access tokens alone
	Issuer    string   `json:"iss,omitzero"`
	Subject   string   `json:"sub,omitzero"`
	Audience  []string `json:"aud,omitempty"`
	Client    string   `json:"client_id,omitzero"`
	Expires   int64    `json:"exp,omitzero"`
	IssuedAt  int64    `json:"iat,omitzero"`
	TokenID   string   `json:"jti,omitzero"`
	Session   string   `json:"sid,omitzero"`
	AuthTime  int64    `json:"auth_time,omitzero"`
	AMR       []string `json:"amr,omitempty"`
	ACR       string   `json:"acr,omitzero"`
	Scope     string   `json:"scope,omitzero"`
	Roles     []string `json:"roles,omitempty"`
}

// introspect reports whether a token is good now: by signature, by what has ended, and by the row
// of its session, so that a service that always asks has plain server-side sessions. A token that
// is not is exactly {"active":false}, whatever is wrong with it. RFC 7662 §2.2
func (a *API) introspect(w http.ResponseWriter, r *http.Request, form web.Values) error {
	token, err := presentedToken(form)
	if err != nil {
		return err
	}
	look := a.introspectAccess
	if isRefresh(token) {
		look = a.introspectRefresh
	}
	said, err := look(r, token)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, said)
}

// presentedToken returns the token that a form is about. Of what kind it is, it says itself: a
// token_type_hint is only that. RFC 7662 §2.1, RFC 7009 §2.1
func presentedToken(form web.Values) (secret.Text, error) {
	token := form.Get("token")
	if token == "" {
		return secret.Text{}, required("token")
	}
	return secret.New(token), nil
}

// isRefresh tells a refresh token by its prefix.
func isRefresh(token secret.Text) bool { return strings.HasPrefix(token.Reveal(), "hsr_") }

// introspectAccess says what an access token is worth.
func (a *API) introspectAccess(r *http.Request, token secret.Text) (introspection, error) {
	s := a.Middleware.Read(r, token)
	if s == nil || !a.Now().Before(s.ExpiresAt) { // a verifier's leeway is for clocks that differ; this is the issuer's
		return introspection{}, nil
	}
	id, err := store.ParseSessionID(s.ID)
	if err != nil {
		return introspection{}, nil // no token of ours
	}
	good, err := a.Sessions.TokenValid(r.Context(), id, store.UserID(s.Subject), s.IssuedAt)
	if err != nil || !good {
		return introspection{}, err
	}
	said := introspection{
		Active: true, TokenType: "Bearer", Issuer: a.Site.Issuer, Subject: s.Subject, Audience: s.Audience,
		Client:  s.ClientID,
		Expires: s.ExpiresAt.Unix(), IssuedAt: s.IssuedAt.Unix(), TokenID: s.TokenID, Session: s.ID,
		AMR: s.AMR, ACR: s.ACR, Scope: strings.Join(s.Scope, " "), Roles: s.Roles,
	}
	if !s.AuthTime.IsZero() {
		said.AuthTime = s.AuthTime.Unix()
	}
	return said, nil
}

// introspectRefresh says whether a refresh token would be taken now. It is not taken by that.
func (a *API) introspectRefresh(r *http.Request, token secret.Text) (introspection, error) {
	s, good, err := a.Sessions.Introspect(r.Context(), web.Caller(r), token)
	if err != nil || !good {
		return introspection{}, err
	}
	return introspection{
		Active: true, Issuer: a.Site.Issuer, Subject: string(s.User.ID), Session: s.Session.ID.String(),
		Expires:  earlier(s.Session.ExpiresAt, s.Session.LastUsedAt.Add(s.Session.IdleLimit)).Unix(),
		AuthTime: s.Session.AuthTime.Unix(), AMR: s.Session.AMR, ACR: s.Session.ACR, Roles: s.User.Roles,
	}, nil
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// revoke ends the session of a token, refresh or access: neither lives without the other. One
// that names no session of ours is done already. RFC 7009 §2.2
func (a *API) revoke(w http.ResponseWriter, r *http.Request, form web.Values) error {
	token, err := presentedToken(form)
	if err != nil {
		return err
	}
	id, ours := a.Sessions.IDOf(token)
	if !ours {
		if s := a.Middleware.Read(r, token); s != nil {
			id, err = store.ParseSessionID(s.ID)
			ours = err == nil
		}
	}
	if ours {
		if err := a.Sessions.SignOut(r.Context(), web.Caller(r), id); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
