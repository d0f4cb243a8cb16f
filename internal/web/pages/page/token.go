package page

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/web"
)

// TokenField is the field that holds a form's token.
const TokenField = "form_token"

// minKey is how long a key is at least, in bytes.
const minKey = 32

// Tokens ties the forms of signed-in pages to one session, so that a form shown to one is
// worth nothing to another. NIST SP 800-63B-4 §5.1, standards XO-03
type Tokens struct{ key secret.Key }

// NewTokens takes the key. It panics for one that is too short: the server derives it.
func NewTokens(key secret.Key) Tokens {
	if key.Len() < minKey {
		panic("page: the key of form tokens is too short")
	}
	return Tokens{key}
}

// Of returns the token for the forms of the page that r asks for. It is for routes where
// somebody is signed in.
func (t Tokens) Of(r *http.Request) string {
	return base64.RawURLEncoding.EncodeToString(t.mac(web.SessionOf(r).ID))
}

// Check refuses a form whose token is missing or of another session than r's.
func (t Tokens) Check(r *http.Request, v web.Values) error {
	sent, err := base64.RawURLEncoding.Strict().DecodeString(v.Get(TokenField))
	if err == nil && hmac.Equal(sent, t.mac(web.SessionOf(r).ID)) {
		return nil
	}
	f := fault.New(fault.CrossOrigin).Because(errors.New("form token missing or of another session"))
	f.Say = "This page was out of date, so nothing was changed. Open it again and repeat."
	return f
}

// mac signs a session's id.
func (t Tokens) mac(sid string) []byte {
	return t.key.MAC([]byte("form token\x00" + sid))
}
