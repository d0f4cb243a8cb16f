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
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify/internal/cache"
	"github.com/handstamp/handstamp/verify/internal/clock"
)

// maxToken is the longest token that is looked at, in bytes
const maxToken = 8 << 10

// maxLife is the longest that a token may live where sessions can end early: endings are forgotten
// after 17 minutes (docs/protocol.md §6), and an ended token must not outlive that
const maxLife = 15 * time.Minute

// Verify checks an access token by itself, for gRPC, WebSockets and queues; HTTP handlers use
// Require. Its errors are *Error. It demands nothing beyond a good token: ask the session with
// HasRole and HasScope. It knows no client, and so slows nobody down.
func (v *Verifier) Verify(ctx context.Context, token string) (session *Session, err error) {
	// Short enough that the compiler makes it part of its caller, on whose stack the session then
	// is, unless the caller keeps some of it.
	var s Session
	s.Audience, s.Roles, s.Scope, s.AMR, session, err = v.alone(ctx, token, &s)
	return
}

// alone is Verify. It fills s in as unpack does.
func (v *Verifier) alone(ctx context.Context, token string, s *Session) (
	audience, roles, scope, amr []string, session *Session, err error,
) {
	k, now, e := v.verify(ctx, token)
	if e == nil {
		e = v.upToDate(ctx, &v.plain, k, now)
	}
	if e != nil {
		return nil, nil, nil, nil, nil, v.reject(nil, e, token)
	}
	v.metrics.add(countAccepted)
	audience, roles, scope, amr = s.unpack(k)
	s.from, s.watch = k, v.watch
	return audience, roles, scope, amr, s, nil
}

// read fills s in with what a token says
func (v *Verifier) read(s *Session, k *cache.Entry) *Session {
	s.Audience, s.Roles, s.Scope, s.AMR = s.unpack(k)
	s.from, s.watch = k, v.watch
	return s
}

// session is what a token says, in memory of its own
func (v *Verifier) session(k *cache.Entry) *Session { return v.read(new(Session), k) }

// verify takes a token that it remembers and that is still good, or checks it. It returns when it
// found a good one so.
func (v *Verifier) verify(ctx context.Context, token string) (*cache.Entry, clock.Moment, *Error) {
	if k := v.cache.Find(token); k != nil && k.Token() == token { // the whole text: a collision can only miss
		now := v.clock.Moment()
		if v.stillGood(k, now) {
			v.metrics.add(countCacheHits)
			return k, now, nil
		}
		v.cache.Drop(k)
	}
	k, e := v.check(ctx, token)
	if e != nil {
		return nil, clock.Moment{}, e
	}
	return k, v.clock.Moment(), nil // anew: keys may have been waited for
}

// stillGood reports whether all that may have changed since k was verified is as it was: it has not
// expired, the issuer still lists the very key that signed it, and nothing ended it. If in doubt it
// reports false, and the caller runs the full check. So nothing is accepted here that the full
// check would refuse.
func (v *Verifier) stillGood(k *cache.Entry, now clock.Moment) bool {
	if now.Wall < k.From || now.Wall >= k.Until {
		return false
	}
	keys := v.keys.Current(now)
	if keys == nil {
		return false
	}
	if keys != k.Keys.Load() {
		if keys.Lookup(k.Key.ID()) != k.Key { // withdrawn, or another key under its name
			return false
		}
		k.Keys.Store(keys)
	}
	if v.revoked != nil {
		generation := v.revoked.Generation() // before asking: what ends meanwhile is asked for next time
		if generation != k.Generation.Load() {
			if v.revoked.Revoked(identity(k)) {
				return false
			}
			k.Generation.Store(generation)
		}
	}
	return true
}

// identity is what a token may be revoked by
func identity(k *cache.Entry) revoked.Token {
	var s Session
	s.unpack(k)
	return identityOf(&s)
}

// identityOf is the identity of a session that no handler has had
func identityOf(s *Session) revoked.Token {
	return revoked.Token{
		Session:  s.ID,
		Subject:  s.Subject,
		Client:   s.ClientID,
		KeyID:    s.KeyID,
		IssuedAt: s.IssuedAt.Unix(),
	}
}

// check checks a token that is not remembered
func (v *Verifier) check(ctx context.Context, token string) (*cache.Entry, *Error) {
	switch {
	case token == "":
		return nil, v.refusals.missing
	case len(token) > maxToken:
		return nil, v.refusals.tooLong
	}
	parts, err := jose.SplitCompact(token)
	if err != nil {
		return nil, v.refusals.parts
	}
	b := scratches.Get().(*scratch)
	k, e := v.checkParts(ctx, b, parts)
	scratches.Put(b)
	return k, e
}

// checkParts checks a token in the order of docs/protocol.md §3: nothing in the claims is
// believed, or even parsed, before the signature is good (RFC 7515 §5.2)
func (v *Verifier) checkParts(ctx context.Context, b *scratch, parts jose.Compact) (*cache.Entry, *Error) {
	if !b.decode(parts) {
		return nil, v.refusals.encoding
	}
	h, err := parseHeader(parts.Header(), b.input[:0])
	if err != nil {
		return nil, forged(err)
	}
	key, e := v.findKey(ctx, h)
	if e != nil {
		return nil, e
	}
	if key.Verify(append(b.input[:0], parts.SigningInput()...), b.signature) != nil {
		return nil, v.refusals.signature
	}
	var c claims
	c.KeyID, c.items = h.kid, b.items[:0]
	if err := c.parse(string(b.payload)); err != nil {
		return nil, newError(CodeInvalidToken, err)
	}
	k := newEntry(parts.Token, key, &c.Session, b.input[:0])
	if e := v.judge(k, &c); e != nil {
		return nil, e
	}
	v.metrics.add(countCacheMisses)
	v.cache.Add(k, c.Subject)
	return k, nil
}

// findKey finds the key that a header names. Its alg must be the one that the key is listed for.
func (v *Verifier) findKey(ctx context.Context, h header) (*jose.Key, *Error) {
	if v.revoked != nil && v.keyEnded(h.kid) { // no need to look for it, nor for any other key
		return nil, forged(errKeyEnded)
	}
	key, err := v.keys.Find(ctx, h.kid)
	switch {
	case err != nil:
		return nil, noKeys(err)
	case key == nil:
		return nil, forged(unknownKey(h.kid))
	case string(key.Algorithm()) != h.alg:
		return nil, forged(fmt.Errorf("alg %.16q, but the key is for %s", h.alg, key.Algorithm()))
	}
	return key, nil
}

// judge decides on the claims of a correctly signed token. Age comes last but for endings, so that
// token_expired is said only of one that is otherwise good.
func (v *Verifier) judge(k *cache.Entry, c *claims) *Error {
	leeway, s, now := v.config.Leeway, &c.Session, v.clock.Now()
	soon, end := now.Add(leeway), s.ExpiresAt.Add(leeway)
	var err error
	switch {
	case c.issuer != v.config.Issuer: // RFC 9068 §4: exactly
		err = errors.New("iss is another issuer")
	case !slices.Contains(s.Audience, v.config.Audience):
		err = errors.New("aud is somebody else")
	case s.IssuedAt.After(soon):
		err = errors.New("iat is in the future")
	case c.notBefore.After(soon):
		err = errors.New("nbf is in the future")
	case v.revoked != nil && s.ID == "":
		err = errors.New("it names no session, which could end early")
	case v.revoked != nil && s.ExpiresAt.Sub(s.IssuedAt) > maxLife:
		err = errors.New("it lives longer than endings are kept")
	}
	if err != nil {
		return ofSigned(CodeInvalidToken, err, v.session(k))
	}
	if !now.Before(end) { // RFC 7519 §4.1.4: on or after
		return ofSigned(CodeTokenExpired, errors.New("exp has passed"), v.session(k))
	}
	if v.revoked != nil {
		k.Generation.Store(v.revoked.Generation()) // before asking, as in stillGood
		if v.revoked.Revoked(identityOf(s)) {
			return v.ended(v.session(k))
		}
	}
	k.From = ceilMicro(latest(s.IssuedAt, c.notBefore).Add(-leeway))
	k.Until = end.UnixMicro()
	return nil
}

// latest is the later of two times
func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ceilMicro is the first microsecond since 1970 that does not lie before t
func ceilMicro(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// ended is the refusal of a token that ended early
func (v *Verifier) ended(s *Session) *Error {
	e := newError(CodeInvalidToken, errors.New("the session ended early"))
	if !v.keyEnded(s.KeyID) {
		e.ended = s
	}
	return e
}

// keyEnded reports whether a key was withdrawn early: what it signed may be anybody's, and names
// nobody
func (v *Verifier) keyEnded(kid string) bool {
	return v.revoked.Revoked(revoked.Token{KeyID: kid, IssuedAt: math.MaxInt64}) // beyond every cut by time
}

// header is what is used of a JOSE header. Members that carry or point to keys (jku, x5u, jwk, x5c)
// are checked as JSON and never looked at (RFC 8725 §3.10).
type header struct{ alg, kid, typ string }

// parseHeader reads a header strictly. It decodes it into room.
func parseHeader(part string, room []byte) (h header, err error) {
	text, err := jose.AppendDecoded(room, part)
	if err != nil {
		return h, err
	}
	r := jose.NewReader(string(text))
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
