package mint

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
)

// Trust is an issuer of one algorithm: the key that signs, and the next one, which is published
// already (docs/protocol.md §7). It is all that a verifier is set up with.
type Trust struct {
	Algorithm Algorithm
	Key       *Key // signs
	Next      *Key // published, and not signing yet; nil for HS256, whose secret is never published
}

// NewTrust makes an issuer.
func NewTrust(alg Algorithm) (*Trust, error) {
	t := &Trust{Algorithm: alg}
	var err error
	if t.Key, err = NewKey(alg); err != nil || alg == HS256 {
		return t, err
	}
	t.Next, err = NewKey(alg)
	return t, err
}

// Keys are the keys that are published; the secret's alone for HS256.
func (t *Trust) Keys() []*Key {
	if t.Next == nil {
		return []*Key{t.Key}
	}
	return []*Key{t.Key, t.Next}
}

// JWKS is the key set that the issuer publishes (RFC 7517 §5).
func (t *Trust) JWKS() []byte { return JWKS(t.Keys()...) }

// JWKS is a set of keys.
func JWKS(keys ...*Key) []byte {
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.JWK())
	}
	b, err := json.Marshal(set)
	if err != nil {
		panic(err) // made of valid parts
	}
	return b
}

// JWK is one key as the world may see it (RFC 7517 §4). The one of a secret holds the secret.
func (k *Key) JWK() json.RawMessage {
	members := map[string]string{"kid": k.ID, "alg": string(k.Algorithm), "use": "sig"}
	bytes := func(name string, b []byte) { members[name] = Encode(string(b)) }
	switch key := k.Public().(type) {
	case *ecdsa.PublicKey: // RFC 7518 §6.2.1
		point, err := key.Bytes()
		if err != nil {
			panic(err) // made on its curve
		}
		members["kty"], members["crv"] = "EC", "P-256"
		bytes("x", point[1:33])
		bytes("y", point[33:])
	case ed25519.PublicKey: // RFC 8037 §2
		members["kty"], members["crv"] = "OKP", "Ed25519"
		bytes("x", key)
	case *rsa.PublicKey: // RFC 7518 §6.3.1
		members["kty"] = "RSA"
		bytes("n", key.N.Bytes())
		bytes("e", big.NewInt(int64(key.E)).Bytes())
	case []byte: // RFC 7518 §6.4.1
		members["kty"] = "oct"
		bytes("k", key)
	default:
		panic(fmt.Sprintf("mint: a JWK of %T", key))
	}
	b, err := json.Marshal(members)
	if err != nil {
		panic(err) // a map of strings
	}
	return b
}
