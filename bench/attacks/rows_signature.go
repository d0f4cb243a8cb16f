package attacks

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"

	"github.com/handstamp/handstamp/bench/mint"
)

// signatureClasses have good text before a signature that is none
func signatureClasses() []Class {
	return []Class{
		{"ES256 signatures", "64 bytes, r and s from 1 up to the order (RFC 7518 §3.4).", ecdsaRows()},
		{"EdDSA signatures", "64 bytes, S below the order (RFC 8032 §5.1.7).", eddsaRows()},
		{"RS256 signatures", "As long as the modulus, PKCS #1 v1.5 with SHA-256 (RFC 7518 §3.3).", rsaRows()},
		{"HS256 signatures", "All 32 bytes (RFC 7518 §3.2).", hmacRows()},
	}
}

// resigned is a row's token: a good one whose signature's bytes were changed
func resigned(change func(s *Scene, input string, signature []byte) []byte) func(*Scene) string {
	return func(s *Scene) string {
		input := mint.Encode(s.Header().String()) + "." + mint.Encode(s.Claims().String())
		return input + "." + mint.Encode(string(change(s, input, s.Trust.Key.Sign([]byte(input)))))
	}
}

// bytesOf is resigned for changes that need the signature alone
func bytesOf(change func([]byte) []byte) func(*Scene) string {
	return resigned(func(_ *Scene, _ string, signature []byte) []byte { return change(signature) })
}

// ecdsaRows are of ES256
func ecdsaRows() []Row {
	order := elliptic.P256().Params().N.Bytes()
	zero, one := make([]byte, 32), append(make([]byte, 31), 1)
	const psychic, form = "CVE-2022-21449, Wycheproof", "RFC 7518 §3.4, Wycheproof"
	return []Row{
		{Name: "empty", Cites: "CVE-2020-28042", Make: bytesOf(func([]byte) []byte { return nil })},
		{Name: "r and s zero", Cites: psychic, Make: bytesOf(func([]byte) []byte { return slices.Concat(zero, zero) })},
		{Name: "r zero", Cites: psychic, Make: bytesOf(func(b []byte) []byte { return slices.Concat(zero, b[32:]) })},
		{Name: "s zero", Cites: psychic, Make: bytesOf(func(b []byte) []byte { return slices.Concat(b[:32], zero) })},
		{Name: "r and s one", Cites: psychic, Make: bytesOf(func([]byte) []byte { return slices.Concat(one, one) })},
		{Name: "r and s the order", Cites: psychic,
			Make: bytesOf(func([]byte) []byte { return slices.Concat(order, order) })},
		{Name: "DER", Cites: form, Make: bytesOf(func(b []byte) []byte {
			der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(b[:32]), new(big.Int).SetBytes(b[32:])})
			if err != nil {
				panic(err) // two integers
			}
			return der
		})},
		{Name: "a byte too few", Cites: form, Make: bytesOf(func(b []byte) []byte { return b[:63] })},
		{Name: "a byte too many", Cites: form, Make: bytesOf(func(b []byte) []byte { return append(b, 0) })},
		{Name: "r and s of 33 bytes", Cites: form, Make: bytesOf(func(b []byte) []byte {
			return slices.Concat([]byte{0}, b[:32], []byte{0}, b[32:])
		})},
		{Name: "r and s of 48 bytes, as for ES384", Cites: form, Make: bytesOf(func(b []byte) []byte {
			return slices.Concat(make([]byte, 16), b[:32], make([]byte, 16), b[32:])
		})},
		{Name: "r and s swapped", Cites: form,
			Make: bytesOf(func(b []byte) []byte { return slices.Concat(b[32:], b[:32]) })},
	}
}

// eddsaRows are of Ed25519
func eddsaRows() []Row {
	const cite = "CVE-2020-36843, RFC 8032 §5.1.7"
	return []Row{
		{Name: "empty", Cites: "RFC 8032 §5.1.7", Algorithm: mint.EdDSA,
			Make: bytesOf(func([]byte) []byte { return nil })},
		{Name: "S beyond the order", Cites: cite, Algorithm: mint.EdDSA, Make: bytesOf(addOrder)},
		{Name: "all zero", Cites: "RFC 8032 §5.1.7", Algorithm: mint.EdDSA,
			Make: bytesOf(func([]byte) []byte { return make([]byte, 64) })},
		{Name: "R the identity, S zero", Cites: "RFC 8032 §5.1.7, Wycheproof", Algorithm: mint.EdDSA,
			Make: bytesOf(func([]byte) []byte {
				return append([]byte{1}, make([]byte, 63)...)
			})},
		{Name: "a byte too few", Cites: "RFC 8032 §5.1.7", Algorithm: mint.EdDSA,
			Make: bytesOf(func(b []byte) []byte { return b[:63] })},
		{Name: "a byte too many", Cites: "RFC 8032 §5.1.7", Algorithm: mint.EdDSA,
			Make: bytesOf(func(b []byte) []byte { return append(b, 0) })},
		{Name: "Ed25519ph", Cites: "RFC 8032 §5.1, RFC 8037 §3.1", Algorithm: mint.EdDSA,
			Make: resigned(func(s *Scene, input string, _ []byte) []byte {
				digest := sha512.Sum512([]byte(input))
				signature, err := s.Trust.Key.Signer.(ed25519.PrivateKey).
					Sign(nil, digest[:], &ed25519.Options{Hash: crypto.SHA512})
				if err != nil {
					panic(err) // a digest of the right length
				}
				return signature
			})},
	}
}

// addOrder adds the order of the group to S, which is little-endian
func addOrder(signature []byte) []byte {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857"+
		"116359379907606001950938285454250989", 10)
	s := slices.Clone(signature[32:])
	slices.Reverse(s)
	new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(s)
	slices.Reverse(s)
	return slices.Concat(signature[:32], s)
}

// rsaHow is another way to sign with an RSA key than RS256
type rsaHow int

// The ways that attacks use.
const (
	rsaPSS rsaHow = iota
	rsaSHA512
	rsaSHA1
)

// signRSA signs input with the key of an RS256 issuer in another way
func signRSA(key *mint.Key, input string, how rsaHow) []byte {
	private := key.Signer.(*rsa.PrivateKey)
	var signature []byte
	var err error
	switch how {
	case rsaPSS:
		digest := sha256.Sum256([]byte(input))
		signature, err = rsa.SignPSS(rand.Reader, private, crypto.SHA256, digest[:],
			&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case rsaSHA512:
		digest := sha512.Sum512([]byte(input))
		signature, err = rsa.SignPKCS1v15(nil, private, crypto.SHA512, digest[:])
	case rsaSHA1:
		digest := sha1.Sum([]byte(input))
		signature, err = rsa.SignPKCS1v15(nil, private, crypto.SHA1, digest[:])
	}
	if err != nil {
		panic(err) // keys of our own
	}
	return signature
}

// signDigest is an ECDSA signature over any digest
func signDigest(key *mint.Key, digest []byte) []byte {
	r, s, err := ecdsa.Sign(rand.Reader, key.Signer.(*ecdsa.PrivateKey), digest)
	if err != nil {
		panic(err) // keys of our own
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature
}

// mac512 is the HMAC of HS512
func mac512(secret []byte, input string) []byte {
	mac := hmac.New(sha512.New, secret)
	mac.Write([]byte(input))
	return mac.Sum(nil)
}

// rsaRows are of RS256
func rsaRows() []Row {
	const cite = "RFC 8017 §8.2.2"
	how := func(h rsaHow) func(*Scene) string {
		return resigned(func(s *Scene, input string, _ []byte) []byte { return signRSA(s.Trust.Key, input, h) })
	}
	return []Row{
		{Name: "empty", Cites: cite, Algorithm: mint.RS256, Make: bytesOf(func([]byte) []byte { return nil })},
		{Name: "zero", Cites: cite, Algorithm: mint.RS256,
			Make: bytesOf(func(b []byte) []byte { return make([]byte, len(b)) })},
		{Name: "one", Cites: cite, Algorithm: mint.RS256,
			Make: bytesOf(func(b []byte) []byte { return append(make([]byte, len(b)-1), 1) })},
		{Name: "with SHA-1", Cites: "RFC 7518 §3.3, RFC 8725 §3.2", Algorithm: mint.RS256, Make: how(rsaSHA1)},
		{Name: "with SHA-512", Cites: "RFC 7518 §3.3", Algorithm: mint.RS256, Make: how(rsaSHA512)},
		{Name: "PSS", Cites: "RFC 7518 §3.3", Algorithm: mint.RS256, Make: how(rsaPSS)},
		{Name: "a zero byte before", Cites: cite, Algorithm: mint.RS256,
			Make: bytesOf(func(b []byte) []byte { return append([]byte{0}, b...) })},
		{Name: "a byte after", Cites: cite, Algorithm: mint.RS256,
			Make: bytesOf(func(b []byte) []byte { return append(b, 0) })},
		{Name: "plus the modulus", Cites: cite, Algorithm: mint.RS256, Make: plusModulus},
	}
}

// plusModulus is a good token whose signature was raised by the modulus, which an unchecked
// verifier reduces away
func plusModulus(s *Scene) string {
	n := s.Trust.Key.Public().(*rsa.PublicKey).N
	var input string
	raised := new(big.Int)
	for range 50 { // until the sum is no longer than the modulus; a token in three is
		input, _ = cutSignature(s.Sign(s.Header(), s.Claims()))
		raised.Add(raised.SetBytes(s.Trust.Key.Sign([]byte(input))), n)
		if raised.BitLen() <= n.BitLen() {
			break
		}
	}
	return input + "." + mint.Encode(string(raised.Bytes()))
}

// hmacRows are of HS256
func hmacRows() []Row {
	const cite = "RFC 7518 §3.2"
	return []Row{
		{Name: "the first half", Cites: cite, Algorithm: mint.HS256,
			Make: bytesOf(func(b []byte) []byte { return b[:16] })},
		{Name: "one byte", Cites: cite, Algorithm: mint.HS256, Make: bytesOf(func(b []byte) []byte { return b[:1] })},
		{Name: "a byte too many", Cites: cite, Algorithm: mint.HS256,
			Make: bytesOf(func(b []byte) []byte { return append(b, 0) })},
		{Name: "all zero", Cites: cite, Algorithm: mint.HS256,
			Make: bytesOf(func(b []byte) []byte { return bytes.Repeat([]byte{0}, len(b)) })},
		{Name: "under another secret", Cites: cite, Algorithm: mint.HS256,
			Make: func(s *Scene) string { return s.Forge(s.Header(), s.Claims()) }},
		{Name: "without a secret", Cites: cite, Algorithm: mint.HS256,
			Make: resigned(func(_ *Scene, input string, _ []byte) []byte {
				return mint.MAC(nil, []byte(input))
			})},
	}
}

// sizeClasses cost more than they are worth
func sizeClasses() []Class {
	const cite, open = "CVE-2025-30204, CVE-2025-27144", "no standard sets a limit"
	padded := func(n int) func(*Scene) string {
		return func(s *Scene) string {
			return s.Sign(s.Header(), s.Claims().With("x", mint.Quote(strings.Repeat("x", n))))
		}
	}
	return []Class{{"Size", "Work that a stranger can ask for.", []Row{
		{Name: "1 MiB of dots", Cites: cite, Make: func(*Scene) string { return strings.Repeat(".", 1<<20) }},
		{Name: "1 MiB of letters", Cites: cite, Make: func(*Scene) string { return strings.Repeat("A", 1<<20) }},
		{Name: "a good token, 12 KiB", Cites: cite, LeftOpen: open, Make: padded(9 << 10)},
		{Name: "a good token, 1 MiB", Cites: cite, LeftOpen: open, Make: padded(768 << 10)},
		{Name: "a good token with a header of 64 KiB", Cites: cite, LeftOpen: open, Make: func(s *Scene) string {
			return s.Sign(s.Header().With("x", mint.Quote(strings.Repeat("x", 48<<10))), s.Claims())
		}},
		{Name: "a signature of 64 KiB", Cites: cite,
			Make: bytesOf(func([]byte) []byte { return make([]byte, 48<<10) })},
		{Name: "10,000 audiences, ours the last", Cites: cite, LeftOpen: open,
			Make: claim("aud", "["+strings.Repeat(`"x",`, 9999)+mint.Quote(mint.Audience)+"]")},
	}}}
}
