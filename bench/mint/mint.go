// Package mint makes the tokens that verifiers are measured and attacked with: good ones as the
// server makes them (docs/protocol.md §2), and any other text with a signature that is good.
//
// It signs with the standard library alone, so that it shares no mistake with what it is used on.
package mint

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// Algorithm is how a token is signed, as alg spells it.
type Algorithm string

// The algorithms that access tokens can have, the default first.
const (
	ES256 Algorithm = "ES256"
	EdDSA Algorithm = "EdDSA"
	RS256 Algorithm = "RS256"
	HS256 Algorithm = "HS256"
)

// Algorithms is all of them, in the order of every table.
var Algorithms = []Algorithm{ES256, EdDSA, RS256, HS256}

// Who issues the tokens, and whom they are for.
const (
	Issuer   = "https://auth.example.com"
	Audience = "https://api.example.com"
)

// Key signs with one algorithm under one name.
type Key struct {
	Algorithm Algorithm
	ID        string        // the kid
	Signer    crypto.Signer // nil for HS256
	Secret    []byte        // of HS256; nil for the others
}

// NewKey makes a key with a random name. RSA keys have 2048 bits, as most have that are in use.
func NewKey(alg Algorithm) (*Key, error) {
	k := &Key{Algorithm: alg, ID: Random(12)}
	var err error
	switch alg {
	case ES256:
		k.Signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, k.Signer, err = ed25519.GenerateKey(rand.Reader)
	case RS256:
		k.Signer, err = rsa.GenerateKey(rand.Reader, 2048)
	case HS256:
		k.Secret = make([]byte, 32)
		rand.Read(k.Secret) // never fails, by its contract
	default:
		err = fmt.Errorf("no key is made for %q", alg)
	}
	if err != nil {
		return nil, fmt.Errorf("make a key for %q: %w", alg, err)
	}
	return k, nil
}

// Public is the half that verifiers have; the secret itself for HS256.
func (k *Key) Public() any {
	if k.Signer == nil {
		return k.Secret
	}
	return k.Signer.Public()
}

// Sign returns the signature over input, as a JWS carries it (RFC 7518 §3).
func (k *Key) Sign(input []byte) []byte {
	digest := sha256.Sum256(input)
	var signature []byte
	var err error
	switch key := k.Signer.(type) {
	case *ecdsa.PrivateKey:
		r, s, failed := ecdsa.Sign(rand.Reader, key, digest[:])
		if err = failed; err == nil {
			signature = make([]byte, 64)
			r.FillBytes(signature[:32])
			s.FillBytes(signature[32:])
		}
	case ed25519.PrivateKey:
		signature = ed25519.Sign(key, input)
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	default:
		return MAC(k.Secret, input)
	}
	if err != nil {
		panic(fmt.Sprintf("mint: sign with a key of our own: %v", err))
	}
	return signature
}

// MAC is the HMAC-SHA-256 of input. Any secret will do, even none.
func MAC(secret, input []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(input)
	return mac.Sum(nil)
}

// Token signs claims under a header of the form that the server writes.
func (k *Key) Token(claims Object) string { return k.Compact(k.Header(), claims) }

// Header is what the server writes: three members, always in this order.
func (k *Key) Header() Object {
	return Object{{"alg", Quote(string(k.Algorithm))}, {"kid", Quote(k.ID)}, {"typ", `"at+jwt"`}}
}

// Compact signs any header and any claims.
func (k *Key) Compact(header, claims fmt.Stringer) string {
	return k.Seal(Encode(header.String()) + "." + Encode(claims.String()))
}

// Seal puts a signature behind input, whatever that is.
func (k *Key) Seal(input string) string {
	return input + "." + Encode(string(k.Sign([]byte(input))))
}

// Unsigned is header and claims with nothing behind the second dot.
func Unsigned(header, claims fmt.Stringer) string {
	return Encode(header.String()) + "." + Encode(claims.String()) + "."
}

// Claims are the claims of a good token made now (docs/protocol.md §2): about 600 bytes of token
// under ES256. Each has a session and an id of its own.
func Claims(now time.Time) Object {
	at := now.Unix()
	return Object{
		{"iss", Quote(Issuer)},
		{"sub", Quote("usr_" + Random(16))},
		{"aud", Quote(Audience)},
		{"client_id", `"first-party"`},
		{"exp", fmt.Sprint(at + 600)},
		{"iat", fmt.Sprint(at)},
		{"jti", Quote(Random(16))},
		{"sid", Quote(Random(16))},
		{"auth_time", fmt.Sprint(at - 3600)},
		{"amr", `["pwd","otp"]`},
		{"acr", `"aal2"`},
		{"scope", `"read write"`},
		{"roles", `["member","billing"]`},
	}
}

// Encode is base64url without padding (RFC 7515 §2).
func Encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// Random is n random bytes in base64url.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(b)
}

// Quote writes a JSON string.
func Quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings have no errors
	}
	return string(b)
}
