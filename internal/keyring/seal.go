package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// sealer encrypts private keys for the store: AES-256-GCM, a random nonce of 96 bits before
// the text, and id and algorithm authenticated with it, so that rows cannot be swapped. One
// master key seals a key a month, far from the 2^32 after which random nonces would repeat.
type sealer struct{ aead cipher.AEAD }

// newSealer derives the sealing key.
func newSealer(master secret.Master) sealer {
	block, err := aes.NewCipher(master.Derive("seal signing keys").Reveal())
	if err != nil {
		panic(err) // only for a key of another length
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // only for a block of another size
	}
	return sealer{aead}
}

// seal encrypts a private key.
func (s sealer) seal(key *jose.PrivateKey) ([]byte, error) {
	plain, err := key.MarshalPKCS8()
	if err != nil {
		return nil, fmt.Errorf("write private key: %w", err)
	}
	nonce := secret.Random(s.aead.NonceSize())
	return s.aead.Seal(nonce, nonce, plain, label(key.ID(), key.Public().Algorithm())), nil
}

// open decrypts a row. The error is ErrSealed when the master key is another.
func (s sealer) open(row store.SigningKey) (*jose.PrivateKey, error) {
	if len(row.Sealed) < s.aead.NonceSize() {
		return nil, fmt.Errorf("signing key %s: %w", row.ID, ErrSealed)
	}
	nonce, text := row.Sealed[:s.aead.NonceSize()], row.Sealed[s.aead.NonceSize():]
	algorithm := jose.Algorithm(row.Algorithm)
	plain, err := s.aead.Open(nil, nonce, text, label(row.ID, algorithm))
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", row.ID, ErrSealed)
	}
	return jose.ParsePrivateKey(algorithm, row.ID, plain)
}

// label is what a sealed key is bound to.
func label(id string, algorithm jose.Algorithm) []byte {
	return []byte(id + " " + string(algorithm))
}
