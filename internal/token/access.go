// Package token owns the tokens a signed-in client holds: what an access token says, and
// how a refresh token is made and read. It keeps nothing; store does.
package token

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// AccessType is the typ of an access token. RFC 9068 §2.1
const AccessType = "at+jwt"

// maxAccessLength is how long an access token may be, in bytes: with its cookie's name it
// must fit where cookies must fit. protocol.md §2
const maxAccessLength = 2048

// firstParty is the client_id until there are clients.
const firstParty = "first-party"

// Signer returns the key that signs at a time; keyring is one.
type Signer interface {
	Active(now time.Time) *jose.PrivateKey
}

// Minter makes access tokens.
type Minter struct {
	keys     Signer
	issuer   string
	audience string
	life     time.Duration
}

// Issue says whose tokens a Minter makes.
type Issue struct {
	Issuer   string        // iss: the public URL
	Audience string        // aud
	Life     time.Duration // 1 to 15 minutes
}

// NewMinter makes tokens signed by keys.
func NewMinter(keys Signer, i Issue) *Minter {
	return &Minter{keys, i.Issuer, i.Audience, i.Life}
}

// Access is an access token and how long it is good for.
type Access struct {
	Text      secret.Text
	ExpiresIn time.Duration // whole seconds
}

// Mint makes the access token of a session as read from the store. now must be a time taken
// before it was read (protocol.md R6). The token ends with the session's absolute limit at
// the latest, so that nothing needs to be told to verifiers when that limit passes.
func (m *Minter) Mint(s store.Standing, now time.Time) (Access, error) {
	issued := max(now.Unix(), s.User.NotBefore+1)
	expires := min(issued+int64(m.life/time.Second), s.Session.ExpiresAt.Unix())
	claims := jose.NewWriter(512) // in the order of protocol.md §2
	claims.String("iss", m.issuer)
	claims.String("sub", string(s.User.ID))
	claims.String("aud", m.audience)
	claims.String("client_id", firstParty)
	claims.Int("exp", expires)
	claims.Int("iat", issued)
	claims.String("jti", newID())
	claims.String("sid", s.Session.ID.String())
	claims.Int("auth_time", s.Session.AuthTime.Unix())
	claims.Strings("amr", s.Session.AMR)
	claims.String("acr", s.Session.ACR)
	if len(s.User.Roles) > 0 {
		claims.Strings("roles", s.User.Roles)
	}
	text, err := jose.SignCompact(m.keys.Active(now), AccessType, claims.Close())
	if err != nil {
		return Access{}, fmt.Errorf("sign access token: %w", err)
	}
	if len(text) > maxAccessLength {
		return Access{}, fmt.Errorf("access token of user %s has %d bytes, at most %d fit a cookie: "+
			"has the user too many roles (%s)?",
			s.User.ID, len(text), maxAccessLength, audit.Abbreviate(strings.Join(s.User.Roles, " ")))
	}
	return Access{secret.New(text), time.Duration(expires-now.Unix()) * time.Second}, nil
}

// newID makes 16 random bytes as 22 base64url characters, for jti.
func newID() string {
	return base64.RawURLEncoding.EncodeToString(secret.Random(16))
}
