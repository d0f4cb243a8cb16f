package verify

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revoked"
)

// maxToken is the longest token that is looked at, in bytes
const maxToken = 8 << 10

// Verify checks an access token by itself, for gRPC, WebSockets and queues; HTTP handlers use Require. Its
// errors are *Error. It demands nothing beyond a good token: ask the session with HasRole and HasScope.
func (v *Verifier) Verify(ctx context.Context, token string) (*Session, error) {
	s, e := v.verify(ctx, token)
	if e = v.settle(e, token); e != nil {
		return nil, e
	}
	return s, nil
}

// verify checks in the order of docs/protocol.md §3: nothing in the claims is believed, or
// even parsed, before the signature is good (RFC 7515 §5.2)
func (v *Verifier) verify(ctx context.Context, token string) (*Session, *Error) {
	if token == "" {
		return nil, newError(CodeMissingToken, nil)
	}
	if len(token) > maxToken {
		return nil, refusef("%d bytes long", len(token))
	}
	parts, err := jose.SplitCompact(token)
	if err != nil {
		return nil, newError(CodeInvalidToken, err)
	}
	h, err := parseHeader(parts.Header)
	if err != nil {
		return nil, newError(CodeInvalidToken, err)
	}
	if e := v.checkSignature(ctx, h, parts); e != nil {
		return nil, e
	}
	c, err := parseClaims(parts.Payload)
	if err != nil {
		return nil, newError(CodeInvalidToken, err)
	}
	c.KeyID = h.kid
	c.watch = v.watch
	return v.judge(c)
}

// checkSignature finds the key that the header names and checks with it, by the one
// algorithm that the key is listed for
func (v *Verifier) checkSignature(ctx context.Context, h header, parts jose.Compact) *Error {
	signature, err := jose.DecodeBase64(parts.Signature)
	if err != nil {
		return newError(CodeInvalidToken, err)
	}
	key, e := v.keys.find(ctx, h.kid)
	switch {
	case e != nil:
		return e
	case key == nil:
		return refusef("no key %.64q", h.kid)
	case string(key.Algorithm()) != h.alg:
		return refusef("alg %.16q, but the key is for %s", h.alg, key.Algorithm())
	}
	if err := key.Verify([]byte(parts.SigningInput), signature); err != nil {
		return newError(CodeInvalidToken, err)
	}
	return nil
}

// judge decides on the claims of a correctly signed token. Age comes last but for endings, so that
// token_expired is said only of one that is otherwise good.
func (v *Verifier) judge(c *claims) (*Session, *Error) {
	now := v.config.Now()
	leeway := v.config.Leeway
	var err error
	switch {
	case c.issuer != v.config.Issuer: // RFC 9068 §4: exactly
		err = errors.New("iss is another issuer")
	case !slices.Contains(c.Audience, v.config.Audience):
		err = errors.New("aud is somebody else")
	case c.IssuedAt.After(now.Add(leeway)):
		err = errors.New("iat is in the future")
	case c.notBefore.After(now.Add(leeway)):
		err = errors.New("nbf is in the future")
	}
	if err != nil {
		e := newError(CodeInvalidToken, err)
		e.session = &c.Session
		return nil, e
	}
	if !now.Before(c.ExpiresAt.Add(leeway)) { // RFC 7519 §4.1.4: on or after
		e := newError(CodeTokenExpired, errors.New("exp has passed"))
		e.session = &c.Session
		return nil, e
	}
	if v.revoked != nil && v.revoked.Revoked(c.revocable()) {
		e := refusef("the session ended early")
		if !v.keyEnded(c.KeyID) {
			e.ended = &c.Session
		}
		return nil, e
	}
	return &c.Session, nil
}

// keyEnded reports whether a key was withdrawn early: what it signed may be anybody's, and names nobody
func (v *Verifier) keyEnded(kid string) bool {
	return v.revoked.Revoked(revoked.Token{KeyID: kid, IssuedAt: math.MaxInt64}) // beyond every cut by time
}

// header is what is used of a JOSE header. Members that carry or point to keys (jku, x5u, jwk, x5c)
// are checked as JSON and never looked at (RFC 8725 §3.10).
type header struct{ alg, kid, typ string }

// parseHeader reads a header strictly
func parseHeader(part string) (h header, err error) {
	text, err := decodePart(part)
	if err != nil {
		return h, err
	}
	r := jose.NewReader(text)
	for name := range r.Object() {
		switch name {
		case "alg":
			h.alg = r.String()
		case "kid":
			h.kid = r.String()
		case "typ":
			h.typ = r.String()
		case "crit", "b64": // RFC 7515 §4.1.11: we understand no extension; RFC 7797
			r.Fail("a header parameter that must be understood")
		}
	}
	if err := r.Close(); err != nil {
		return h, err
	}
	if !jose.GoodKeyID(h.kid) {
		return h, errors.New("no kid, or one of odd characters")
	}
	switch jose.Algorithm(h.alg) {
	case jose.ES256, jose.EdDSA, jose.RS256, jose.HS256:
	default: // before any key is looked for or fetched
		return h, fmt.Errorf("alg %.10q", h.alg) // enough for every registered one, and for no secret
	}
	// RFC 9068 §2.1, compared as a media type
	if !strings.EqualFold(h.typ, "at+jwt") && !strings.EqualFold(h.typ, "application/at+jwt") {
		return h, errors.New("typ is not at+jwt")
	}
	return h, nil
}

// decodePart decodes one part of a token into text
func decodePart(part string) (string, error) {
	var room [2048]byte
	b, err := jose.AppendDecoded(room[:0], part)
	return string(b), err
}

// claims is a token's claims while they are judged
type claims struct {
	Session
	issuer    string
	notBefore time.Time // zero: none
}
