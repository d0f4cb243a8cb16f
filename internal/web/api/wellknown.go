package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/web"
)

// wellKnownRoutes is the table of the routes that verifiers find us by. What they answer is public,
// for scripts of every origin too.
func (a *API) wellKnownRoutes() []web.Route {
	const public = web.AnyOrigin
	return []web.Route{
		{Pattern: "GET /.well-known/jwks.json", Access: web.Anyone, CORS: public, Handler: web.NoBody(a.jwks)},
		{
			Pattern: "GET /.well-known/oauth-authorization-server", Access: web.Anyone, CORS: public,
			Handler: web.NoBody(a.metadata),
		},
		{
			Pattern: "GET /.well-known/openid-configuration", Access: web.Anyone, CORS: public,
			Handler: web.NoBody(a.metadata),
		},
	}
}

// jwks returns the public keys: bytes made when the keys changed, no database. RFC 7517 §5
func (a *API) jwks(w http.ResponseWriter, r *http.Request) error {
	published := a.Keys.Published()
	h := w.Header()
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(keyring.MaxAge.Seconds())))
	h.Set("ETag", published.ETag)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if matches(r.Header.Get("If-None-Match"), published.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/jwk-set+json")
	w.Write(published.JSON)
	return nil
}

// matches reports whether an If-None-Match header names the entity. RFC 9110 §13.1.2
func matches(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == etag {
			return true
		}
	}
	return false
}

// metadataBody lists what works, and nothing else. RFC 8414 §2
type metadataBody struct {
	Issuer        string   `json:"issuer"`
	JWKS          string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	GrantTypes    []string `json:"grant_types_supported"`
	Introspection string   `json:"introspection_endpoint"`
	IntrospectBy  []string `json:"introspection_endpoint_auth_methods_supported"`
	Revocation    string   `json:"revocation_endpoint"`
	RevokeBy      []string `json:"revocation_endpoint_auth_methods_supported"`
}

// metadata tells a verifier that knows only the issuer where the keys are. There are no
// OAuth flows yet, so the lists that the RFC requires are empty.
func (a *API) metadata(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return web.WriteJSON(w, http.StatusOK, metadataBody{
		Issuer: a.Site.Issuer, JWKS: a.Site.Issuer + "/.well-known/jwks.json",
		ResponseTypes: []string{}, GrantTypes: []string{},
		Introspection: a.Site.Issuer + "/oauth2/introspect", IntrospectBy: []string{"client_secret_basic", "Bearer"},
		Revocation: a.Site.Issuer + "/oauth2/revoke", RevokeBy: []string{"client_secret_basic"},
		// that list knows no Bearer
	})
}
