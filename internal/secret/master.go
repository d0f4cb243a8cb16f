package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// masterPrefix lets secret scanners find a leaked master key.
const masterPrefix = "hsm_"

// Master is the one key that a deployment has to keep: every other key is derived from it
// or sealed under it. It prints as "(secret)", and for verbs that make no sense as an address.
type Master struct{ key Key }

// NewMaster makes a key from the system's randomness.
func NewMaster() Master {
	return Master{NewKey(Random(32))}
}

// ParseMaster reads what Text returns: "hsm_" and 43 base64url characters, white space around
// it allowed. A key that a person typed (few different bytes) is refused.
func ParseMaster(text Text) (Master, error) {
	body, ok := strings.CutPrefix(strings.TrimSpace(text.Reveal()), masterPrefix)
	if !ok {
		return Master{}, fmt.Errorf(
			"a master key begins with %s; put the key back from a backup", masterPrefix)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(raw) != 32 || len(body) != 43 {
		return Master{}, errors.New("a master key is " + masterPrefix + " and 43 base64url characters (32 bytes)")
	}
	different := 0
	for b := range 256 {
		if bytes.IndexByte(raw, byte(b)) >= 0 {
			different++
		}
	}
	if different < 16 { // 32 random bytes have fewer than 16 different ones once in 10^13 keys
		return Master{}, errors.New(
			"this master key is not random: make one with 'openssl rand' or let the first start make it")
	}
	return Master{NewKey(raw)}, nil
}

// Text returns the key as ParseMaster reads it, for its file.
func (m Master) Text() Text {
	return New(masterPrefix + base64.RawURLEncoding.EncodeToString(m.key.Reveal()))
}

// Derive makes the key for one purpose. It panics for the zero Master, whose keys everybody
// could make. RFC 5869
func (m Master) Derive(purpose string) Key {
	if m.key.Len() == 0 {
		panic("secret: no master key")
	}
	key, err := hkdf.Key(sha256.New, m.key.Reveal(), nil, "handstamp "+purpose, 32)
	if err != nil {
		panic(err) // only for a length that HKDF cannot give
	}
	return NewKey(key)
}

// Check returns a value that tells this key from another, and nothing else about it.
func (m Master) Check() []byte { return m.Derive("check").Reveal() }

// String never shows the key.
func (m Master) String() string { return redacted }

// GoString never shows the key.
func (m Master) GoString() string { return redacted }
