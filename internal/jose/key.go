package jose

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrSignature is all that Verify says of a signature that the key did not make.
var ErrSignature = errors.New("signature does not match")

// Key checks signatures of exactly one algorithm. It cannot make one, unless it is an HMAC key,
// whose check needs the secret itself. It never changes.
type Key struct {
	id   string
	alg  Algorithm
	half publicHalf
}

// publicHalf is what one algorithm's key can do without its private half
type publicHalf interface {
	// verify reports whether signature is what the private half makes of input.
	verify(input, signature []byte) bool
	// appendJWK appends the members that are the algorithm's own, after a comma; nothing for a
	// secret, which is never listed.
	appendJWK(b []byte) []byte
}

// String keeps an HMAC secret out of logs, whatever the verb.
func (k *Key) String() string { return fmt.Sprintf("key %q for %s", k.id, k.alg) }

// GoString is String: %#v prints no secret either.
func (k *Key) GoString() string { return k.String() }

// ID is the name a token calls the key by (kid).
func (k *Key) ID() string { return k.id }

// Algorithm is the only one the key checks (RFC 8725 §3.1).
func (k *Key) Algorithm() Algorithm { return k.alg }

// equal reports whether k and other check the same signatures under the same name. An HMAC key
// equals nothing: its secret is not compared.
func (k *Key) equal(other *Key) bool {
	return k.id == other.id && k.alg == other.alg && k.alg != HS256 &&
		bytes.Equal(k.half.appendJWK(nil), other.half.appendJWK(nil))
}

// Verify returns ErrSignature unless signature was made over signingInput with the private half of
// k.
func (k *Key) Verify(signingInput, signature []byte) error {
	if !k.half.verify(signingInput, signature) {
		return ErrSignature
	}
	return nil
}

// GoodKeyID reports whether id can name a key: 1 to 64 printable ASCII characters.
func GoodKeyID(id string) bool {
	for i := range len(id) {
		if id[i] < 0x20 || id[i] > 0x7E {
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 64
}

// checkKeyID is GoodKeyID as an error
func checkKeyID(id string) error {
	if !GoodKeyID(id) {
		return fmt.Errorf("key id %q is not 1 to 64 printable characters", id)
	}
	return nil
}
