// Package jose is JWS, JWK and strict JSON, shared by verify and keyring. It knows
// four algorithms, one serialization and no network; a key carries the only algorithm
// it may be used with, so that a token never chooses how it is checked.
//
// What it reads came from strangers: JSON with duplicate members, bad UTF-8 or deep
// nesting is refused, as is base64url that could have been written in another way.
// It imports the standard library only.
package jose

// Algorithm names how a token is signed, as the alg header parameter spells it
// (RFC 7518 §3.1). Names are compared exactly: "es256" is not an algorithm.
type Algorithm string

// The algorithms that keys can have. There is no "none" to be asked for.
const (
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256 (RFC 7518 §3.4), the default
	EdDSA Algorithm = "EdDSA" // Ed25519 (RFC 8037 §3.1)
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3)
	HS256 Algorithm = "HS256" // HMAC with SHA-256 (RFC 7518 §3.2), within one program only
)
