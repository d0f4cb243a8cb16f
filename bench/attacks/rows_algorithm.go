package attacks

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"

	"github.com/handstamp/handstamp/bench/mint"
)

// algorithmClasses are tokens that choose how they are checked
func algorithmClasses() []Class {
	return []Class{
		{"No signature", "The token says that it is not signed, or is not.", unsignedRows()},
		{"Another name for the algorithm", "The signature is good under the key's algorithm; the header calls it " +
			"something else.", renamedRows()},
		{"Another algorithm of the same key", "The key signed, in a way it is not listed for.", otherHashRows()},
		{"HMAC keyed with an RSA public key", "The verifier has an RS256 key; whoever knows it makes an HMAC with it.",
			confusionRows(mint.RS256)},
		{"HMAC keyed with an EC public key", "The same with an ES256 key.", confusionRows(mint.ES256)},
		{"HMAC keyed with an Ed25519 public key", "The same with an EdDSA key.", confusionRows(mint.EdDSA)},
	}
}

// unsignedRows have nothing that could be checked
func unsignedRows() []Row {
	named := func(alg string) func(*Scene) string {
		return func(s *Scene) string { return mint.Unsigned(s.Header().With("alg", alg), s.Claims()) }
	}
	const cite = "CVE-2018-1000531, CVE-2020-15957, RFC 8725 §2.1"
	return []Row{
		{Name: "`none`", Cites: cite, Make: named(`"none"`)},
		{Name: "`None`", Cites: cite, Make: named(`"None"`)},
		{Name: "`nOnE`", Cites: cite, Make: named(`"nOnE"`)},
		{Name: "`NONE`", Cites: cite, Make: named(`"NONE"`)},
		{Name: "`none`, no kid", Cites: cite, Make: func(s *Scene) string {
			return mint.Unsigned(mint.Object{{Name: "alg", Value: `"none"`}}, s.Claims())
		}},
		{Name: "`none`, HS256 verifier", Cites: cite, Algorithm: mint.HS256, Make: named(`"none"`)},
		{Name: "`none`, RS256 verifier", Cites: cite, Algorithm: mint.RS256, Make: named(`"none"`)},
		{Name: "ES256, empty signature", Cites: "CVE-2020-28042, RFC 7515 §5.2", Make: named(`"ES256"`)},
		{Name: "HS256, empty signature", Cites: "CVE-2020-28042, RFC 7515 §5.2", Algorithm: mint.HS256,
			Make: named(`"HS256"`)},
	}
}

// renamedRows put another alg over a good signature
func renamedRows() []Row {
	const cite = "RFC 8725 §3.1, RFC 7515 §4.1.1"
	rows := []Row{
		{Name: "alg missing", Cites: "RFC 7515 §4.1.1", Make: noParameter("alg")},
		{Name: "alg `null`", Cites: "RFC 7515 §4.1.1", Make: parameter("alg", "null")},
		{Name: "alg a number", Cites: "RFC 7515 §4.1.1", Make: parameter("alg", "256")},
		{Name: "alg a list", Cites: "RFC 7515 §4.1.1", Make: parameter("alg", `["ES256"]`)},
		{Name: "`ALG` for `alg`", Cites: "RFC 7515 §5.3", Make: func(s *Scene) string {
			return s.Sign(s.Header().Without("alg").With("ALG", `"ES256"`), s.Claims())
		}},
	}
	for _, name := range []string{"none", "HS256", "RS256", "ES384", "es256", "ES256 ", ""} {
		rows = append(rows, Row{Name: "`" + mint.Quote(name) + "`, signed as ES256", Cites: cite,
			Make: parameter("alg", mint.Quote(name))})
	}
	return append(rows, Row{
		Name: "`Ed25519`, signed as EdDSA", Cites: "RFC 9864 §2.2", Algorithm: mint.EdDSA,
		LeftOpen: "RFC 9864 §2.2: a name for the same thing", Make: parameter("alg", `"Ed25519"`),
	})
}

// otherHashRows are made with the right private key
func otherHashRows() []Row {
	const cite = "RFC 8725 §3.1, RFC 7517 §4.4"
	rsaSigned := func(alg string, how rsaHow) func(*Scene) string {
		return func(s *Scene) string {
			input := mint.Encode(s.Header().With("alg", mint.Quote(alg)).String()) +
				"." + mint.Encode(s.Claims().String())
			return input + "." + mint.Encode(string(signRSA(s.Trust.Key, input, how)))
		}
	}
	return []Row{
		{Name: "PS256 by an RS256 key", Cites: cite, Algorithm: mint.RS256, Make: rsaSigned("PS256", rsaPSS)},
		{Name: "RS512 by an RS256 key", Cites: cite, Algorithm: mint.RS256, Make: rsaSigned("RS512", rsaSHA512)},
		{Name: "ES512 over an ES256 key", Cites: cite, Make: func(s *Scene) string {
			input := mint.Encode(s.Header().With("alg", `"ES512"`).String()) +
				"." + mint.Encode(s.Claims().String())
			digest := sha512.Sum512([]byte(input))
			return input + "." + mint.Encode(string(signDigest(s.Trust.Key, digest[:])))
		}},
		{Name: "HS512 by an HS256 secret", Cites: cite, Algorithm: mint.HS256, Make: func(s *Scene) string {
			input := mint.Encode(s.Header().With("alg", `"HS512"`).String()) +
				"." + mint.Encode(s.Claims().String())
			return input + "." + mint.Encode(string(mac512(s.Trust.Key.Secret, input)))
		}},
	}
}

// confusionRows are HMACs whose secret is something public
func confusionRows(alg mint.Algorithm) []Row {
	const cite = "CVE-2015-9235, CVE-2016-5431, CVE-2016-10555, CVE-2022-29217, CVE-2026-34950, RFC 8725 §2.1"
	var rows []Row
	for _, form := range publicForms(alg) {
		rows = append(rows, Row{Name: "secret: " + form.name, Cites: cite, Algorithm: alg, Make: func(s *Scene) string {
			return macToken(s, "HS256", form.of(s.Trust))
		}})
	}
	return append(rows, Row{
		Name: "secret: PEM, header says " + string(alg), Cites: cite, Algorithm: alg, Make: func(s *Scene) string {
			return macToken(s, string(alg), pemOf(s.Trust))
		},
	})
}

// macToken is a token under an HMAC
func macToken(s *Scene, alg string, secret []byte) string {
	input := mint.Encode(s.Header().With("alg", mint.Quote(alg)).String()) +
		"." + mint.Encode(s.Claims().String())
	return input + "." + mint.Encode(string(mint.MAC(secret, []byte(input))))
}

// form is one way in which a public key is written down somewhere
type form struct {
	name string
	of   func(*mint.Trust) []byte
}

// publicForms are those of an algorithm's keys
func publicForms(alg mint.Algorithm) []form {
	forms := []form{
		{"PEM", pemOf},
		{"PEM without its last line end", func(t *mint.Trust) []byte { return bytes.TrimSpace(pemOf(t)) }},
		{"PEM after a blank", func(t *mint.Trust) []byte { return append([]byte(" "), pemOf(t)...) }},
		{"DER (SPKI)", spkiOf},
		{"JWK", func(t *mint.Trust) []byte { return t.Key.JWK() }},
		{"JWK Set", (*mint.Trust).JWKS},
		{"kid", func(t *mint.Trust) []byte { return []byte(t.Key.ID) }},
		{"nothing", func(*mint.Trust) []byte { return nil }},
	}
	switch alg {
	case mint.RS256:
		forms = append(forms,
			form{"DER (PKCS #1)", func(t *mint.Trust) []byte {
				return x509.MarshalPKCS1PublicKey(t.Key.Public().(*rsa.PublicKey))
			}},
			form{"modulus", func(t *mint.Trust) []byte { return t.Key.Public().(*rsa.PublicKey).N.Bytes() }})
	case mint.ES256:
		forms = append(forms,
			form{"point", pointOf},
			form{"x", func(t *mint.Trust) []byte { return pointOf(t)[1:33] }},
			form{"SHA-256 of the DER", func(t *mint.Trust) []byte { sum := sha256.Sum256(spkiOf(t)); return sum[:] }})
	case mint.EdDSA:
		forms = append(forms, form{"point", func(t *mint.Trust) []byte { return t.Key.Public().(ed25519.PublicKey) }})
	}
	return forms
}

// spkiOf is the key in DER
func spkiOf(t *mint.Trust) []byte {
	der, err := x509.MarshalPKIXPublicKey(t.Key.Public())
	if err != nil {
		panic(err) // keys of our own
	}
	return der
}

// pemOf is the key in PEM
func pemOf(t *mint.Trust) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spkiOf(t)})
}

// pointOf is the uncompressed point of an ES256 key
func pointOf(t *mint.Trust) []byte {
	point, err := t.Key.Public().(*ecdsa.PublicKey).Bytes()
	if err != nil {
		panic(err) // keys of our own
	}
	return point
}
