package attacks

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
)

// keyClasses are tokens that choose the key they are checked with
func keyClasses() []Class {
	return []Class{
		{"Another key", "Signed by somebody else, or not the text that was signed.", otherKeyRows()},
		{"A key inside the token", "The attacker's public key comes in the header (`jwk`, `x5c`).", embeddedRows()},
		{"A key behind a URL", "The header says where to fetch the attacker's key (`jku`, `x5u`); the table below " +
			"says whether anyone asked.", remoteRows()},
		{"kid", "Which key is meant is missing, unknown, of another type, or an attack on whatever looks it up.",
			kidRows()},
	}
}

// otherKeyRows are what a signature is there to prevent
func otherKeyRows() []Row {
	const cite = "RFC 7515 §5.2, RFC 8725 §3.3"
	return []Row{
		{Name: "signed by the attacker", Cites: cite,
			Make: func(s *Scene) string { return s.Forge(s.Header(), s.Claims()) }},
		{Name: "claims changed", Cites: cite, Make: func(s *Scene) string {
			parts := strings.Split(s.Sign(s.Header(), s.Claims()), ".")
			return parts[0] + "." + mint.Encode(s.Claims().With("sub", `"root"`).String()) + "." + parts[2]
		}},
		{Name: "header changed", Cites: cite, Make: func(s *Scene) string {
			parts := strings.Split(s.Sign(s.Header(), s.Claims()), ".")
			return mint.Encode(s.Header().With("x", "1").String()) + "." + parts[1] + "." + parts[2]
		}},
		{Name: "signature of another token", Cites: cite, Make: func(s *Scene) string {
			parts := strings.Split(s.Sign(s.Header(), s.Claims()), ".")
			other := strings.Split(s.Sign(s.Header(), s.Claims()), ".")
			return parts[0] + "." + parts[1] + "." + other[2]
		}},
	}
}

// embeddedRows are good under the key they bring
func embeddedRows() []Row {
	const cite = "CVE-2018-0114, RFC 7515 §4.1.3, RFC 8725 §3.10"
	with := func(change func(*Scene, mint.Object) mint.Object) func(*Scene) string {
		return func(s *Scene) string { return s.Forge(change(s, s.Header()), s.Claims()) }
	}
	jwk := func(s *Scene, h mint.Object) mint.Object { return h.With("jwk", string(s.Evil.Key.JWK())) }
	return []Row{
		{Name: "`jwk`, kid of the good key", Cites: cite, Make: with(jwk)},
		{Name: "`jwk`, its own kid", Cites: cite, Make: with(func(s *Scene, h mint.Object) mint.Object {
			return jwk(s, h).With("kid", mint.Quote(s.Evil.Key.ID))
		})},
		{Name: "`jwk`, no kid", Cites: cite,
			Make: with(func(s *Scene, h mint.Object) mint.Object { return jwk(s, h).Without("kid") })},
		{Name: "`jwk`, RS256", Cites: cite, Algorithm: mint.RS256, Make: with(jwk)},
		{Name: "`jwk`, EdDSA", Cites: cite, Algorithm: mint.EdDSA, Make: with(jwk)},
		{Name: "`x5c`, self-signed", Cites: "CVE-2018-0114, RFC 7515 §4.1.6, RFC 8725 §3.10",
			Make: with(func(s *Scene, h mint.Object) mint.Object {
				return h.With("x5c", `["`+certificate(s.Evil)+`"]`)
			})},
		{Name: "`x5c`, no kid", Cites: "CVE-2018-0114, RFC 7515 §4.1.6, RFC 8725 §3.10",
			Make: with(func(s *Scene, h mint.Object) mint.Object {
				return h.With("x5c", `["`+certificate(s.Evil)+`"]`).Without("kid")
			})},
	}
}

// certificate is one that the attacker signed itself
func certificate(t *mint.Trust) string {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, t.Key.Public(), t.Key.Signer)
	if err != nil {
		panic(err) // keys of our own
	}
	return base64.StdEncoding.EncodeToString(der)
}

// remoteRows are good under the key that the canary would hand out
func remoteRows() []Row {
	const cite = "RFC 7515 §10.1, RFC 8725 §3.10"
	at := func(name, kid string) func(*Scene) string {
		return func(s *Scene) string {
			h := s.Header().With(name, mint.Quote(s.Canary+"/keys"))
			switch kid {
			case "own":
				h = h.With("kid", mint.Quote(s.Evil.Key.ID))
			case "none":
				h = h.Without("kid")
			}
			return s.Forge(h, s.Claims())
		}
	}
	return []Row{
		{Name: "`jku`, kid of the good key", Cites: cite, Make: at("jku", "good")},
		{Name: "`jku`, its own kid", Cites: cite, Make: at("jku", "own")},
		{Name: "`jku`, no kid", Cites: cite, Make: at("jku", "none")},
		{Name: "`x5u`, kid of the good key", Cites: cite, Make: at("x5u", "good")},
		{Name: "`x5u`, its own kid", Cites: cite, Make: at("x5u", "own")},
	}
}

// kidRows name no key, or another one
func kidRows() []Row {
	const cite = "RFC 7515 §4.1.4, RFC 8725 §3.10"
	const hint = "RFC 7515 §4.1.4: kid is a hint, and optional"
	return []Row{
		{Name: "missing", Cites: cite, LeftOpen: hint, Make: noParameter("kid")},
		{Name: "unknown, good signature", Cites: cite, LeftOpen: hint, Make: parameter("kid", `"unknown"`)},
		{Name: "of the issuer's next key", Cites: cite, LeftOpen: hint, Make: func(s *Scene) string {
			return s.Sign(s.Header().With("kid", mint.Quote(s.Trust.Next.ID)), s.Claims())
		}},
		{Name: "empty", Cites: cite, LeftOpen: hint, Make: parameter("kid", `""`)},
		{Name: "`null`", Cites: "RFC 7515 §4.1.4: it must be a string", Make: parameter("kid", "null")},
		{Name: "a number", Cites: "RFC 7515 §4.1.4: it must be a string", Make: parameter("kid", "1")},
		{Name: "a list of the good one", Cites: "RFC 7515 §4.1.4: it must be a string", Make: func(s *Scene) string {
			return s.Sign(s.Header().With("kid", `["`+s.Trust.Key.ID+`"]`), s.Claims())
		}},
		{Name: "the good one, NUL after", Cites: cite, LeftOpen: hint, Make: func(s *Scene) string {
			return s.Sign(s.Header().With("kid", mint.Quote(s.Trust.Key.ID+"\x00")), s.Claims())
		}},
		{Name: "a path to an empty file, HMAC of nothing", Cites: cite, Algorithm: mint.HS256,
			Make: func(s *Scene) string {
				input := mint.Encode(s.Header().With("kid", `"../../../../dev/null"`).String()) +
					"." + mint.Encode(s.Claims().String())
				return input + "." + mint.Encode(string(mint.MAC(nil, []byte(input))))
			}},
		{Name: "SQL that yields a secret", Cites: cite, Algorithm: mint.HS256, Make: func(s *Scene) string {
			input := mint.Encode(s.Header().With("kid", `"x' UNION SELECT 'k';--"`).String()) +
				"." + mint.Encode(s.Claims().String())
			return input + "." + mint.Encode(string(mint.MAC([]byte("k"), []byte(input))))
		}},
		{Name: "a URL of the attacker's", Cites: cite, Make: func(s *Scene) string {
			return s.Forge(s.Header().With("kid", mint.Quote(s.Canary+"/keys")), s.Claims())
		}},
	}
}
