package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// PrivateKey signs with exactly one algorithm. It never changes.
type PrivateKey struct {
	public *Key
	half   privateHalf
}

// privateHalf is what one algorithm's key can do with its private half
type privateHalf interface {
	publicHalf() publicHalf
	sign(input []byte) ([]byte, error)
	// stored is what x509.MarshalPKCS8PrivateKey takes, or nil for a key that is not kept so.
	stored() any
}

// Generate makes a key with a random id of 16 base64url characters.
func Generate(alg Algorithm) (*PrivateKey, error) {
	half, err := generateHalf(alg)
	if err != nil {
		return nil, fmt.Errorf("make a key for %q: %w", alg, err)
	}
	return newPrivateKey(alg, newKeyID(), half)
}

// newKeyID makes 16 base64url characters. None begins with a dash, which a command would read
// as an option when somebody pastes the id behind it.
func newKeyID() string {
	var raw [12]byte
	for {
		rand.Read(raw[:]) // never fails, by its contract
		if id := EncodeBase64(raw[:]); id[0] != '-' {
			return id
		}
	}
}

// generateHalf makes the private half of a new key
func generateHalf(alg Algorithm) (privateHalf, error) {
	switch alg {
	case ES256:
		return generateES256()
	case EdDSA:
		return generateEdDSA()
	case RS256:
		return generateRS256()
	}
	return nil, errors.New("no such key is made here")
}

// ParsePrivateKey reads what MarshalPKCS8 wrote. The key in der must be one for alg, as strong
// as a new one has to be at least.
func ParsePrivateKey(alg Algorithm, id string, der []byte) (*PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("read private key %q: %w", id, err)
	}
	half, err := privateHalfOf(alg, parsed)
	if err != nil {
		return nil, fmt.Errorf("read private key %q: %w", id, err)
	}
	return newPrivateKey(alg, id, half)
}

// privateHalfOf makes what x509 read into a key for alg
func privateHalfOf(alg Algorithm, parsed any) (privateHalf, error) {
	switch key := parsed.(type) {
	case *ecdsa.PrivateKey:
		if alg == ES256 {
			return newES256(key)
		}
	case ed25519.PrivateKey:
		if alg == EdDSA {
			return edDSAPrivate{&key}, nil
		}
	case *rsa.PrivateKey:
		if alg == RS256 {
			return newRS256(key)
		}
	}
	return nil, fmt.Errorf("a %T is no key for %q", parsed, alg)
}

// newPrivateKey names a private half
func newPrivateKey(alg Algorithm, id string, half privateHalf) (*PrivateKey, error) {
	if err := checkKeyID(id); err != nil {
		return nil, err
	}
	return &PrivateKey{public: &Key{id: id, alg: alg, half: half.publicHalf()}, half: half}, nil
}

// ID is the name its tokens call the key by (kid).
func (p *PrivateKey) ID() string { return p.public.id }

// Algorithm is the only one the key signs with.
func (p *PrivateKey) Algorithm() Algorithm { return p.public.alg }

// Public is the key that checks what p signs. For an HMAC key it holds the secret, and no
// key set ever lists it.
func (p *PrivateKey) Public() *Key { return p.public }

// Sign returns the signature over signingInput, as a JWS carries it (RFC 7518 §3).
func (p *PrivateKey) Sign(signingInput []byte) ([]byte, error) {
	signature, err := p.half.sign(signingInput)
	if err != nil {
		return nil, fmt.Errorf("sign with %q: %w", p.public.id, err)
	}
	return signature, nil
}

// MarshalPKCS8 is the private key as it is sealed and kept. An HMAC secret has no such form.
func (p *PrivateKey) MarshalPKCS8() ([]byte, error) {
	stored := p.half.stored()
	if stored == nil {
		return nil, fmt.Errorf("a key for %q is not kept", p.public.alg)
	}
	return x509.MarshalPKCS8PrivateKey(stored)
}

// String keeps the private half out of logs, whatever the verb.
func (p *PrivateKey) String() string { return fmt.Sprintf("private key %q", p.public.id) }

// GoString is String: %#v prints no secret either.
func (p *PrivateKey) GoString() string { return p.String() }
