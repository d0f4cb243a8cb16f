package verifytest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// Option changes one thing about a token.
type Option func(*token)

// token is what will be signed
type token struct {
	typ                          string
	issuer, subject, sid, client string
	acr, jti                     string
	audience, scope, roles, amr  []string
	issued, expires, auth        time.Time
	added                        []claim
}

// claim is one that an operator added
type claim struct {
	name string
	json []byte
}

// User makes the token one of this user. Without it the token is usr_test's.
func User(sub string) Option { return func(k *token) { k.subject = sub } }

// Role adds a role of the user.
func Role(name string) Option { return func(k *token) { k.roles = append(k.roles, name) } }

// Scope adds scopes of the token.
func Scope(names ...string) Option {
	return func(k *token) { k.scope = append(k.scope, names...) }
}

// Session puts the token into the session with this sid, so that End can end it. Without it each
// token has a session of its own.
func Session(sid string) Option { return func(k *token) { k.sid = sid } }

// Audience makes the token out to somebody else.
func Audience(names ...string) Option { return func(k *token) { k.audience = names } }

// Client names the program that asked for the token.
func Client(id string) Option { return func(k *token) { k.client = id } }

// AuthTime is when the user last proved who they are. Without it that is when the token was issued.
func AuthTime(at time.Time) Option { return func(k *token) { k.auth = at } }

// ACR is how strongly the user proved it, and amr by which means. Without it the user gave a
// password: aal1.
func ACR(acr string, amr ...string) Option {
	return func(k *token) { k.acr, k.amr = acr, amr }
}

// IssuedAt is when the token was made; it lives 10 minutes from then.
func IssuedAt(at time.Time) Option {
	return func(k *token) { k.issued, k.expires, k.auth = at, at.Add(10*time.Minute), at }
}

// Expired makes a token that was good until an hour ago.
func Expired() Option {
	return func(k *token) { IssuedAt(k.issued.Add(-70 * time.Minute))(k) }
}

// Claim adds a claim, as an operator's configuration does. The value is written as JSON.
func Claim(name string, value any) Option {
	return func(k *token) {
		text, err := json.Marshal(value)
		if err != nil {
			panic("verifytest: claim " + name + ": " + err.Error())
		}
		k.added = append(k.added, claim{name, text})
	}
}

// Token signs a token.
func (iss *Issuer) Token(opts ...Option) string {
	iss.t.Helper()
	now := iss.Now()
	k := &token{
		typ: "at+jwt", issuer: iss.Issuer, subject: "usr_test", sid: randomID(), client: "first-party",
		acr: "aal1", jti: randomID(), audience: []string{iss.Audience}, amr: []string{"pwd"},
		issued: now, expires: now.Add(10 * time.Minute), auth: now,
	}
	for _, opt := range opts {
		opt(k)
	}
	iss.mu.Lock()
	key := iss.keys[0]
	iss.mu.Unlock()
	signed, err := jose.SignCompact(key, k.typ, k.claims())
	if err != nil {
		iss.t.Fatal(err)
	}
	return signed
}

// claims writes the token's claims as JSON
func (k *token) claims() []byte {
	o := jose.NewWriter(512)
	o.String("iss", k.issuer)
	o.String("sub", k.subject)
	if len(k.audience) == 1 {
		o.String("aud", k.audience[0])
	} else {
		o.Strings("aud", k.audience)
	}
	o.String("client_id", k.client)
	o.Int("exp", k.expires.Unix())
	o.Int("iat", k.issued.Unix())
	o.String("jti", k.jti)
	o.String("sid", k.sid)
	o.Int("auth_time", k.auth.Unix())
	o.Strings("amr", k.amr)
	o.String("acr", k.acr)
	if len(k.scope) > 0 {
		o.String("scope", strings.Join(k.scope, " "))
	}
	if len(k.roles) > 0 {
		o.Strings("roles", k.roles)
	}
	for _, c := range k.added {
		o.Raw(c.name, string(c.json))
	}
	return o.Close()
}

// Request is a request that carries a token with these options in its Authorization header.
func (iss *Issuer) Request(method, target string, opts ...Option) *http.Request {
	iss.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Authorization", "Bearer "+iss.Token(opts...))
	return r
}
