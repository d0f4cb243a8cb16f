package jose

import (
	"errors"
	"fmt"
)

// jwk is what one JSON Web Key says of itself (RFC 7517 §4), before it is judged
type jwk struct {
	kty, crv, alg, use, kid string
	x, y, n, e              string
	verifies                bool   // key_ops has "verify"
	hasOps                  bool   // key_ops is there
	private                 string // a member that must not be seen, or ""
	fault                   error  // it is no object, or a member has another type
}

// readJWK takes the members of one key
func readJWK(text string) (m jwk) {
	r := NewReader(text)
	texts := map[string]*string{
		"kty": &m.kty, "crv": &m.crv, "alg": &m.alg, "use": &m.use, "kid": &m.kid,
		"x": &m.x, "y": &m.y, "n": &m.n, "e": &m.e,
	}
	for name := range r.Object() {
		switch name {
		case "d", "p", "q", "dp", "dq", "qi", "oth", "k": // RFC 7518 §6.2.2, §6.3.2, §6.4.1
			m.private = name
		case "key_ops":
			m.hasOps = true
			for range r.Array() {
				m.verifies = r.String() == "verify" || m.verifies
			}
		default:
			if field := texts[name]; field != nil {
				*field = r.String()
			}
		}
	}
	m.fault = r.Close()
	return m
}

// key judges m, and makes it a key of the one algorithm it names
func (m jwk) key() (*Key, error) {
	switch {
	case m.fault != nil:
		return nil, m.fault
	case m.private != "":
		return nil, fmt.Errorf("it holds the secret member %q", m.private)
	case m.use != "" && m.use != "sig", m.hasOps && !m.verifies:
		return nil, errors.New("it is not for verifying signatures")
	}
	if err := checkKeyID(m.kid); err != nil {
		return nil, err
	}
	half, err := m.half()
	if err != nil {
		return nil, err
	}
	return &Key{id: m.kid, alg: Algorithm(m.alg), half: half}, nil
}

// half reads the members of m's algorithm. HS256 is not among them: what is published
// is no secret.
func (m jwk) half() (publicHalf, error) {
	switch Algorithm(m.alg) {
	case ES256:
		return parseES256(m)
	case EdDSA:
		return parseEdDSA(m)
	case RS256:
		return parseRS256(m)
	}
	return nil, fmt.Errorf("it names the algorithm %.16q", m.alg)
}
