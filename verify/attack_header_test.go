package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/handstamp/handstamp/internal/jose"
)

// algAttacks ask for another algorithm than the key's, by its own signature or none.
func algAttacks() []attack {
	h, c := goodHeader(jose.ES256), goodClaims()
	unsigned := func(alg string) string {
		input := jose.EncodeBase64([]byte(h.with("alg", alg).String())) + "." + jose.EncodeBase64([]byte(c.String()))
		return input + "."
	}
	signed := func(alg string) string { return forge(h.with("alg", alg), c) }
	const class, none = "alg", "no signature"
	list := []attack{
		{none, "none", "CVE-2018-1000531, CVE-2020-15957, RFC 8725 §2.1", unsigned(`"none"`), "alg"},
		{none, "None", "RFC 8725 §2.1", unsigned(`"None"`), "alg"},
		{none, "NONE", "RFC 8725 §2.1", unsigned(`"NONE"`), "alg"},
		{none, "nOnE", "RFC 8725 §2.1", unsigned(`"nOnE"`), "alg"},
		{none, "none with a good signature", "RFC 8725 §3.1", signed(`"none"`), "alg"},
		{none, "ES256 without signature", "CVE-2020-28042, RFC 7515 §5.2", unsigned(`"ES256"`), "signature"},
		{class, "empty", "RFC 7515 §4.1.1", signed(`""`), "alg"},
		{class, "missing", "RFC 7515 §4.1.1", forge(h.with("alg", ""), c), "alg"},
		{class, "null", "RFC 7515 §4.1.1", signed(`null`), "not a string"},
		{class, "a number", "RFC 7515 §4.1.1", signed(`256`), "not a string"},
		{class, "true", "RFC 7515 §4.1.1", signed(`true`), "not a string"},
		{class, "a list", "RFC 7515 §4.1.1", signed(`["ES256"]`), "not a string"},
		{class, "an object", "RFC 7515 §4.1.1", signed(`{"name":"ES256"}`), "not a string"},
		{class, "the name in capitals", "RFC 7515 §10.13", forge(h.with("alg", "").with("ALG", `"ES256"`), c), "alg"},
		{class, "a blank after", "RFC 8725 §3.1", signed(`"ES256 "`), "alg"},
		{class, "NUL after", "RFC 8725 §3.1", signed(`"ES256\u0000"`), "alg"},
		{class, "Ed25519 as named later", "RFC 9864 §2", signed(`"Ed25519"`), "alg"},
	}
	for _, name := range []string{
		"es256", "HS384", "HS512", "RS384", "RS512", "ES384", "ES512", "ES256K", "PS256", "RS1", "dir", "RSA-OAEP",
		"A128KW", "PBES2-HS256+A128KW",
	} {
		list = append(list, attack{class, name, "RFC 8725 §3.1", signed(quote(name)), "alg"})
	}
	for _, name := range []string{"HS256", "RS256", "EdDSA"} {
		list = append(
			list,
			attack{
				class,
				name + " under the ES256 key",
				"CVE-2015-9235, RFC 8725 §3.1",
				signed(quote(name)),
				"but the key is for ES256",
			},
		)
	}
	return list
}

// confusionAttacks are HMACs whose secret is something public.
func confusionAttacks() []attack {
	var list []attack
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		header := goodHeader(alg)
		for name, secret := range publicForms(alg) {
			for _, claimed := range []jose.Algorithm{jose.HS256, alg} {
				input := jose.EncodeBase64([]byte(header.with("alg", quote(string(claimed))).String())) + "." +
					jose.EncodeBase64([]byte(goodClaims().String()))
				why := "but the key is for"
				if claimed == alg {
					why = "signature does not match"
				}
				list = append(list, attack{
					"confusion", fmt.Sprintf("HMAC of %s keyed with its %s, called %s", alg, name, claimed),
					"CVE-2016-10555, CVE-2016-5431, CVE-2022-29217, RFC 8725 §2.1",
					input + "." + hmacOf(secret, input), why,
				})
			}
		}
	}
	return list
}

// publicForms are the ways in which the public key of alg is written down somewhere.
func publicForms(alg jose.Algorithm) map[string][]byte {
	key := signingKeys()[alg]
	der, err := key.MarshalPKCS8()
	if err != nil {
		panic(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		panic(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(private.(crypto.Signer).Public())
	if err != nil {
		panic(err)
	}
	armoured := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	set := jose.NewKeySet(key.Public()).JSON()
	forms := map[string][]byte{
		"SPKI":                     spki,
		"PEM":                      armoured,
		"PEM without its last end": bytes.TrimSuffix(armoured, []byte("\n")),
		"key set":                  set,
		"JWK":                      set[len(`{"keys":[`) : len(set)-len("]}")],
		"kid":                      []byte(key.ID()),
		"nothing":                  nil,
	}
	switch public := private.(crypto.Signer).Public().(type) {
	case *rsa.PublicKey:
		forms["modulus"] = public.N.Bytes()
		forms["PKCS #1"] = x509.MarshalPKCS1PublicKey(public)
	case *ecdsa.PublicKey:
		if forms["point"], err = public.Bytes(); err != nil {
			panic(err)
		}
	case ed25519.PublicKey:
		forms["point"] = public
	}
	return forms
}

// hmacOf is the HMAC of input in base64url; any secret is good enough for an attacker.
func hmacOf(secret []byte, input string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return jose.EncodeBase64(mac.Sum(nil))
}

// embeddedKeyAttacks bring a key of the attacker's own, and a token that is good under it.
func embeddedKeyAttacks() []attack {
	own, err := jose.Generate(jose.ES256)
	if err != nil {
		panic(err)
	}
	set := string(jose.NewKeySet(own.Public()).JSON())
	jwk := set[len(`{"keys":[`) : len(set)-len("]}")]
	good := goodHeader(jose.ES256)
	under := func(header members) string { return sign(own, header.String(), goodClaims().String()) }
	const class, cite = "embedded key", "CVE-2018-0114, RFC 8725 §3.10"
	certificate := `["MIIBszCCAVmgAwIBAgIUY29udGVudA"]`
	return []attack{
		{class, "jwk, and the kid of a good key", cite, under(good.with("jwk", jwk)), "signature does not match"},
		{class, "jwk, and its own kid", cite, under(good.with("jwk", jwk).with("kid", quote(own.ID()))), "no key"},
		{class, "jwk and no kid", cite, under(good.with("jwk", jwk).with("kid", "")), "kid"},
		{
			class,
			"jku",
			"CVE-2018-0114, RFC 7515 §10.1",
			under(good.with("jku", `"https://evil.example/jwks.json"`)),
			"signature does not match",
		},
		{
			class,
			"jku below the issuer's name",
			"RFC 8725 §3.10",
			under(good.with("jku", quote(issuer+"@evil.example/jwks"))),
			"signature does not match",
		},
		{
			class,
			"x5u",
			"RFC 8725 §3.10",
			under(good.with("x5u", `"https://evil.example/cert.pem"`)),
			"signature does not match",
		},
		{
			class,
			"x5u to the machine itself",
			"RFC 8725 §3.10",
			under(good.with("x5u", `"http://169.254.169.254/"`)),
			"signature does not match",
		},
		{
			class,
			"x5c",
			"CVE-2018-0114, RFC 7515 §4.1.6",
			under(good.with("x5c", certificate)),
			"signature does not match",
		},
		{class, "x5t#S256", "RFC 7515 §4.1.8", under(good.with("x5t#S256", `"AA"`)), "signature does not match"},
		{
			class,
			"jwk in the claims",
			"RFC 8725 §3.10",
			sign(own, good.String(), goodClaims().with("jwk", jwk).String()),
			"signature does not match",
		},
		{
			class,
			"all of them",
			cite,
			under(good.with("jwk", jwk).with("jku", `"https://evil.example"`).with("x5c", certificate)),
			"signature does not match",
		},
		{class, "a key of the attacker's alone", "RFC 7515 §5.2", under(good), "signature does not match"},
	}
}

// kidAttacks name keys that are none, in ways that reached file systems and databases.
func kidAttacks() []attack {
	const class = "kid"
	named := func(kid string) string { return forge(goodHeader(jose.ES256).with("kid", kid), goodClaims()) }
	other := signingKeys()[jose.EdDSA].ID()
	good := signingKeys()[jose.ES256].ID()
	return []attack{
		{class, "missing", "RFC 7515 §4.1.4", named(""), "kid"},
		{class, "null", "RFC 7515 §4.1.4", named("null"), "not a string"},
		{class, "a number", "RFC 7515 §4.1.4", named("1"), "not a string"},
		{class, "a list", "RFC 7515 §4.1.4", named("[" + quote(good) + "]"), "not a string"},
		{class, "an object", "RFC 7515 §4.1.4", named("{}"), "not a string"},
		{class, "empty", "RFC 7515 §4.1.4", named(`""`), "kid"},
		{class, "of 65 characters", "RFC 8725 §3.10", named(quote(strings.Repeat("k", 65))), "kid"},
		{class, "a path to an empty file", "RFC 8725 §3.10", named(`"../../../../dev/null"`), "no key"},
		{class, "SQL", "RFC 8725 §3.10", named(`"x' UNION SELECT 'secret';--"`), "no key"},
		{class, "a command", "RFC 8725 §3.10", named(`"|touch /tmp/x"`), "no key"},
		{class, "a URL", "RFC 8725 §3.10", named(`"https://evil.example/key"`), "no key"},
		{class, "LDAP", "RFC 8725 §3.10", named(`"*)(uid=*"`), "no key"},
		{class, "a line end after", "RFC 8725 §3.10", named(quote(good + "\n")), "kid"},
		{class, "NUL after", "RFC 8725 §3.10", named(quote(good + "\x00")), "kid"},
		{class, "a blank after", "RFC 8725 §3.10", named(quote(good + " ")), "no key"},
		{class, "beyond ASCII", "RFC 8725 §3.10", named(quote(good + "é")), "kid"},
		{class, "cut short", "RFC 7515 §4.1.4", named(quote(good[:15])), "no key"},
		{class, "unknown", "RFC 7515 §6", named(`"unknown"`), "no key"},
		{class, "of another key", "RFC 8725 §3.1", named(quote(other)), "but the key is for EdDSA"},
		{
			class,
			"the name in capitals",
			"RFC 7515 §10.13",
			forge(goodHeader(jose.ES256).with("kid", "").with("KID", quote(good)), goodClaims()),
			"kid",
		},
		{class, "__proto__", "CVE-2019-10744", named(`"__proto__"`), "no key"},
	}
}

// critAttacks ask for extensions, of which we understand none.
func critAttacks() []attack {
	const class, cite = "crit", "RFC 7515 §4.1.11, CVE-2025-59420"
	h := goodHeader(jose.ES256)
	with := func(header members) string { return forge(header, goodClaims()) }
	const why = "must be understood"
	return []attack{
		{class, "an unknown extension", cite, with(h.with("crit", `["x"]`).with("x", "1")), why},
		{class, "an extension that is not there", cite, with(h.with("crit", `["x"]`)), why},
		{class, "empty", cite, with(h.with("crit", `[]`)), why},
		{class, "null", cite, with(h.with("crit", `null`)), why},
		{class, "a string", cite, with(h.with("crit", `"exp"`)), why},
		{class, "a registered name", cite, with(h.with("crit", `["alg"]`)), why},
		{class, "a claim", cite, with(h.with("crit", `["exp"]`).with("exp", "1")), why},
		{class, "the same twice", cite, with(h.with("crit", `["x","x"]`).with("x", "1")), why},
		{class, "b64 false", "RFC 7797 §6", with(h.with("crit", `["b64"]`).with("b64", "false")), why},
		{class, "b64 true", "RFC 7797 §6", with(h.with("crit", `["b64"]`).with("b64", "true")), why},
		{class, "b64 false without crit", "RFC 7797 §6", with(h.with("b64", "false")), why},
		{class, "b64 of another type", "RFC 7797 §3", with(h.with("b64", `"false"`)), why},
		{
			class,
			"an unencoded payload",
			"RFC 7797 §5.2",
			unencoded(h.with("crit", `["b64"]`).with("b64", "false")),
			why,
		},
	}
}

// unencoded signs the claims as they are, without base64url (RFC 7797 §3).
func unencoded(header members) string {
	head, claims := jose.EncodeBase64([]byte(header.String())), goodClaims().String()
	return head + "." + jose.EncodeBase64(
		[]byte(claims),
	) + "." + signatureOf(
		signingKeys()[jose.ES256],
		head+"."+claims,
	)
}

// typAttacks are good tokens of another kind (JV-14, JV-15).
func typAttacks() []attack {
	const class, cite, why = "typ", "RFC 8725 §3.11, RFC 9068 §4", "typ is not at+jwt"
	h := goodHeader(jose.ES256)
	list := []attack{
		{class, "missing", cite, forge(h.with("typ", ""), goodClaims()), why},
		{class, "null", cite, forge(h.with("typ", "null"), goodClaims()), "not a string"},
		{class, "a number", cite, forge(h.with("typ", "1"), goodClaims()), "not a string"},
		{class, "a list", cite, forge(h.with("typ", `["at+jwt"]`), goodClaims()), "not a string"},
		{
			class,
			"the name in capitals",
			"RFC 7515 §10.13",
			forge(h.with("typ", "").with("TYP", `"at+jwt"`), goodClaims()),
			why,
		},
		{class, "in the claims", cite, forge(h.with("typ", ""), goodClaims().with("typ", `"at+jwt"`)), why},
	}
	for _, typ := range []string{
		"", "JWT", "JOSE", "application/jwt", "logout+jwt", "secevent+jwt", "statuslist+jwt", "assertion+jwt",
		"dpop+jwt",
		"refresh+jwt", "id+jwt", "at+jwt ", " at+jwt", "at+jwt; q=1", "at-jwt", "text/at+jwt",
		"application/application/at+jwt", "rat+jwt", "at+jwts",
	} {
		list = append(
			list,
			attack{class, fmt.Sprintf("%q", typ), cite, forge(h.with("typ", quote(typ)), goodClaims()), why},
		)
	}
	return list
}
