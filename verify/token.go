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
)

// maxToken is the longest token that is looked at, in bytes
const maxToken = 8 << 10

// maxLife is the longest that a token may live where sessions can end early: endings are forgotten after 17 minutes
// (docs/protocol.md §6), and an ended token must not outlive that
const maxLife = 15 * time.Minute

// Verify checks an access token by itself, for gRPC, WebSockets and queues; HTTP handlers use Require. Its
// errors are *Error. It demands nothing beyond a good token: ask the session with HasRole and HasScope. It knows
// no client, and so slows nobody down.
func (v *Verifier) Verify(ctx context.Context, token string) (*Session, error) {
	k, e := v.verify(ctx, token)
	if e != nil {
		return nil, v.settle(nil, e, token)
	}
	if e := v.upToDate(ctx, &v.plain, k); e != nil {
		v.metrics.add(countTurnedAway)
		return nil, v.settle(nil, e, token)
	}
	k.accepted.Add(1)
	return &k.session, nil
}

// verify takes a token that it remembers and that is still good, or checks it
func (v *Verifier) verify(ctx context.Context, token string) (*verified, *Error) {
	k := v.table.find(token)
	switch {
	case k == nil:
	case v.stillGood(k, v.clock.glance()):
		return k, nil
	default:
		v.table.drop(k)
	}
	return v.check(ctx, token)
}

// stillGood reports whether all that may have changed since k was verified is as it was: it has not expired, the
// issuer still lists the very key that signed it, and nothing ended it. In doubt it is not, and then
// checked like a token never seen; so nothing is accepted here that would not be there.
func (v *Verifier) stillGood(k *verified, now moment) bool {
	if now.wall < k.from || now.wall+v.clock.slack >= k.until {
		return false
	}
	keys := v.keys.current(now)
	if keys == nil {
		return false
	}
	if keys != k.keys.Load() {
		if keys.Lookup(k.key.ID()) != k.key { // withdrawn, or another key under its name
			return false
		}
		k.keys.Store(keys)
	}
	if v.revoked != nil {
		generation := v.revoked.Generation() // before asking: what ends meanwhile is asked for next time
		if generation != k.generation.Load() {
			if v.revoked.Revoked(k.token) {
				return false
			}
			k.generation.Store(generation)
		}
	}
	if second := now.seconds(); second != k.used.Load() {
		k.used.Store(second)
	}
	return true
}

// check checks a token that is not remembered
func (v *Verifier) check(ctx context.Context, token string) (*verified, *Error) {
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
	b := benches.Get().(*bench)
	k, e := v.checkParts(ctx, b, parts)
	benches.Put(b)
	return k, e
}

// checkParts checks a token in the order of docs/protocol.md §3: nothing in the claims is
// believed, or even parsed, before the signature is good (RFC 7515 §5.2)
func (v *Verifier) checkParts(ctx context.Context, b *bench, parts jose.Compact) (*verified, *Error) {
	if !b.decode(parts) {
		return nil, v.refusals.encoding
	}
	h, known := v.headers.find(parts.Header())
	if !known {
		var err error
		if h, err = parseHeader(parts.Header(), b.input[:0]); err != nil {
			return nil, forged(err)
		}
	}
	key, e := v.findKey(ctx, h)
	if e != nil {
		return nil, e
	}
	if key.Verify(append(b.input[:0], parts.SigningInput()...), b.signature) != nil {
		return nil, v.refusals.signature
	}
	if !known {
		v.headers.learn(parts.Header(), h)
	}
	k := &verified{key: key, watch: v.watch, accepted: v.metrics.part(b.signature[0])}
	k.session.KeyID = h.kid
	k.hold(parts.Token, b.payload)
	now := v.clock.now()
	if e := v.judge(k, now); e != nil {
		return nil, e
	}
	v.metrics.add(countTableMisses)
	v.table.admit(k, parts.Token, v.clock.moment(now))
	return k, nil
}

// findKey finds the key that a header names. Its alg must be the one that the key is listed for.
func (v *Verifier) findKey(ctx context.Context, h header) (*jose.Key, *Error) {
	if v.revoked != nil && v.keyEnded(h.kid) { // no need to look for it, nor for any other key
		return nil, forged(errKeyEnded)
	}
	key, e := v.keys.find(ctx, h.kid)
	switch {
	case e != nil:
		return nil, e
	case key == nil:
		return nil, forged(unknownKey(h.kid))
	case string(key.Algorithm()) != h.alg:
		return nil, forged(fmt.Errorf("alg %.16q, but the key is for %s", h.alg, key.Algorithm()))
	}
	return key, nil
}

// errKeyEnded is why a token is refused whose key was withdrawn early
var errKeyEnded = errors.New("its key was withdrawn")

// unknownKey is the reason to refuse a token whose kid nobody knows
type unknownKey string

// Error is for logs.
func (kid unknownKey) Error() string { return fmt.Sprintf("no key %.64q", string(kid)) }

// judge decides on the claims of a correctly signed token. Age comes last but for endings, so that
// token_expired is said only of one that is otherwise good.
func (v *Verifier) judge(k *verified, now time.Time) *Error {
	leeway, s := v.config.Leeway, &k.session
	c := claims{Session: s, items: k.items[:0]}
	err := c.parse(k.payload)
	if err != nil {
		return newError(CodeInvalidToken, err)
	}
	k.keep(c.items)
	soon, end := now.Add(leeway), s.ExpiresAt.Add(leeway)
	switch {
	case c.issuer != v.config.Issuer: // RFC 9068 §4: exactly
		err = errors.New("iss is another issuer")
	case !slices.Contains(s.Audience, v.config.Audience):
		err = errors.New("aud is somebody else")
	case s.IssuedAt.After(soon):
		err = errors.New("iat is in the future")
	case c.notBefore.After(soon):
		err = errors.New("nbf is in the future")
	case v.revoked != nil && s.ExpiresAt.Sub(s.IssuedAt) > maxLife:
		err = errors.New("it lives longer than endings are kept")
	}
	if err != nil {
		return ofSigned(CodeInvalidToken, err, s)
	}
	if !now.Before(end) { // RFC 7519 §4.1.4: on or after
		return ofSigned(CodeTokenExpired, errors.New("exp has passed"), s)
	}
	if v.revoked != nil {
		k.generation.Store(v.revoked.Generation()) // before asking, as in stillGood
		if v.revoked.Revoked(k.token) {
			return v.ended(s)
		}
	}
	k.from = ceilMicro(latest(s.IssuedAt, c.notBefore).Add(-leeway))
	k.until = end.UnixMicro()
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

// ofSigned is the refusal of a token that was signed correctly
func ofSigned(code Code, cause error, s *Session) *Error {
	e := newError(code, cause)
	e.session = s
	return e
}

// ended is the refusal of a token that ended early
func (v *Verifier) ended(s *Session) *Error {
	e := newError(CodeInvalidToken, errors.New("the session ended early"))
	if !v.keyEnded(s.KeyID) {
		e.ended = s
	}
	return e
}

// keyEnded reports whether a key was withdrawn early: what it signed may be anybody's, and names nobody
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
