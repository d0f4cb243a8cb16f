package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"math/big"
)

// The sizes of RSA modulus in bits: what is taken (RFC 7518 §3.3 sets the floor), and what is made.
// We make 3072, because 2048 is below the 128 bit security that new keys should have; who must
// have 2048 can bring such a key.
const (
	rsaMinBits = 2048
	rsaMaxBits = 4096
	rsaNewBits = 3072
)

// rs256Public checks RS256 signatures
type rs256Public struct{ key *rsa.PublicKey }

func (k rs256Public) verify(input, signature []byte) bool {
	digest := sha256.Sum256(input)
	return rsa.VerifyPKCS1v15(k.key, crypto.SHA256, digest[:], signature) == nil
}

// appendJWK writes RFC 7518 §6.3.1
func (k rs256Public) appendJWK(b []byte) []byte {
	b = append(b, `,"e":"`...)
	b = AppendBase64(b, big.NewInt(int64(k.key.E)).Bytes())
	b = append(b, `","kty":"RSA","n":"`...)
	b = AppendBase64(b, k.key.N.Bytes())
	return append(b, '"')
}

// parseRS256 reads modulus and exponent of a JWK, without leading zeros (RFC 7518 §6.3.1.1)
func parseRS256(m jwk) (publicHalf, error) {
	if m.kty != "RSA" {
		return nil, errors.New("RS256 needs kty RSA")
	}
	n, errN := DecodeBase64(m.n)
	e, errE := DecodeBase64(m.e)
	if errN != nil || errE != nil || len(n) == 0 || len(e) == 0 || n[0] == 0 || e[0] == 0 {
		return nil, errors.New("n and e are not integers")
	}
	if len(e) > 4 {
		return nil, errors.New("e is too large")
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	if err := checkRSA(key); err != nil {
		return nil, err
	}
	return rs256Public{key}, nil
}

// checkRSA refuses keys that are weak or slow: FIPS 186-5 §5.4 sets the floor of e
func checkRSA(key *rsa.PublicKey) error {
	switch bits := key.N.BitLen(); {
	case bits < rsaMinBits:
		return errors.New("the modulus has fewer than 2048 bits")
	case bits > rsaMaxBits:
		return errors.New("the modulus has more than 4096 bits")
	case key.N.Bit(0) == 0:
		return errors.New("the modulus is even")
	case key.E < 65537 || key.E%2 == 0 || key.E > 1<<31-1:
		return errors.New("e is not an odd number from 65537 up to 2³¹")
	case roca(key.N):
		return errors.New("the modulus was made by a faulty chip (CVE-2017-15361)")
	}
	return nil
}

// rocaPrimes are the small primes under which moduli of the faulty Infineon library are always
// powers of 65537, and one in two hundred million others are
var rocaPrimes = []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}

// roca reports whether n can be factored because of how its primes were drawn (Nemec et al.,
// "The Return of Coppersmith's Attack", §3)
func roca(n *big.Int) bool {
	for _, p := range rocaPrimes {
		left := new(big.Int).Mod(n, big.NewInt(p)).Int64()
		power := int64(1)
		for power != left {
			if power = power * 65537 % p; power == 1 {
				return false
			}
		}
	}
	return true
}

// rs256Private makes RS256 signatures
type rs256Private struct{ key *rsa.PrivateKey }

// generateRS256 makes a key of 3072 bits, which takes a second or so
func generateRS256() (privateHalf, error) {
	key, err := rsa.GenerateKey(rand.Reader, rsaNewBits)
	if err != nil {
		return nil, err
	}
	return newRS256(key)
}

// newRS256 takes a key that is sound and strong enough
func newRS256(key *rsa.PrivateKey) (privateHalf, error) {
	if err := checkRSA(&key.PublicKey); err != nil {
		return nil, err
	}
	if err := key.Validate(); err != nil {
		return nil, err
	}
	return rs256Private{key}, nil
}

func (k rs256Private) publicHalf() publicHalf { return rs256Public{&k.key.PublicKey} }

func (k rs256Private) stored() any { return k.key }

func (k rs256Private) sign(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	return rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, digest[:])
}
