package jose

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// hmacMinLen is the shortest secret: as long as the hash (RFC 7518 §3.2)
const hmacMinLen = sha256.Size

// hs256 makes and checks HMACs: both take the same secret. It holds a pointer, because fmt prints
// the bytes of any other field for some verb or other.
type hs256 struct{ secret *[]byte }

// NewHMAC makes a key of a secret that two parts of one program share. It refuses secrets
// shorter than 32 bytes, and those that were written rather than drawn at random: a
// token under a guessed secret is a token for anyone (RFC 8725 §3.5).
func NewHMAC(id string, secret []byte) (*PrivateKey, error) {
	if err := checkSecret(secret); err != nil {
		return nil, fmt.Errorf("HMAC secret: %w", err)
	}
	own := bytes.Clone(secret)
	return newPrivateKey(HS256, id, hs256{&own})
}

// writtenWords betray a secret that came from an example or a keyboard. Chance puts one of them
// into 43 characters of base64 less than once in 100,000 secrets.
var writtenWords = []string{
	"secret", "passw", "change", "example", "default", "replace", "insert", "your-", "your_",
	"12345678", "01234567", "abcdefg", "qwerty", "letmein",
}

// publishedSecrets are printed in documents that everyone has
var publishedSecrets = [][]byte{
	// RFC 7515 §A.1
	{3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230, 240, 84, 201, 40,
		169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239, 150, 138, 180, 195, 119, 98,
		61, 34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245, 103, 208, 128, 163},
	// RFC 7520 §3.5
	mustHex("849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188"),
}

// checkSecret refuses what can be guessed
func checkSecret(secret []byte) error {
	if len(secret) < hmacMinLen {
		return errors.New("fewer than 32 bytes")
	}
	distinct := [256]bool{}
	kinds := 0
	for _, b := range secret {
		if !distinct[b] {
			distinct[b] = true
			kinds++
		}
	}
	if kinds < 10 { // 32 random hexadecimal characters have fewer once in 10⁴
		return errors.New("too few different bytes to be random")
	}
	for _, known := range publishedSecrets {
		if bytes.Equal(secret, known) {
			return errors.New("printed in an RFC")
		}
	}
	lower := bytes.ToLower(secret)
	if slices.ContainsFunc(writtenWords, func(word string) bool { return bytes.Contains(lower, []byte(word)) }) {
		return errors.New("made of words; draw 32 random bytes instead")
	}
	return nil
}

func (k hs256) publicHalf() publicHalf { return k }

func (k hs256) stored() any { return nil }

func (k hs256) appendJWK(b []byte) []byte { return b }

func (k hs256) sign(input []byte) ([]byte, error) {
	mac := hmac.New(sha256.New, *k.secret)
	mac.Write(input)
	return mac.Sum(nil), nil
}

// verify takes the whole HMAC, and as long for a wrong one as for the right one
func (k hs256) verify(input, signature []byte) bool {
	want, _ := k.sign(input) // an HMAC has no errors
	return hmac.Equal(want, signature)
}
