package jose

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
)

// edDSAPublic checks Ed25519 signatures
type edDSAPublic ed25519.PublicKey

// verify takes signatures of 64 bytes; crypto/ed25519 refuses an S beyond the order (RFC 8032
// §5.1.7)
func (k edDSAPublic) verify(input, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(ed25519.PublicKey(k), input, signature)
}

// appendJWK writes RFC 8037 §2
func (k edDSAPublic) appendJWK(b []byte) []byte {
	b = append(b, `,"crv":"Ed25519","kty":"OKP","x":"`...)
	b = AppendBase64(b, k)
	return append(b, '"')
}

// parseEdDSA reads the point of a JWK, which must be written in the one way, lie on the
// curve, and not be one of the eight under which anyone's signature passes
func parseEdDSA(m jwk) (publicHalf, error) {
	if m.kty != "OKP" || m.crv != "Ed25519" {
		return nil, errors.New("EdDSA needs kty OKP and crv Ed25519")
	}
	x, err := DecodeBase64(m.x)
	if err != nil || len(x) != ed25519.PublicKeySize {
		return nil, errors.New("x is not 32 bytes")
	}
	if !onEdwards25519(x) {
		return nil, errors.New("the point is not on edwards25519")
	}
	if smallOrder(x) {
		return nil, errors.New("the point has a small order")
	}
	return edDSAPublic(x), nil
}

// The field and the curve constant of edwards25519: p = 2²⁵⁵ − 19, d = −121665/121666 (RFC 8032
// §5.1).
var (
	edwardsP = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	edwardsD = new(big.Int).Mod(new(big.Int).Mul(big.NewInt(-121665),
		new(big.Int).ModInverse(big.NewInt(121666), edwardsP)), edwardsP)
)

// onEdwards25519 reports whether x is the encoding of a point: y below p, and x² = (y²−1)/(dy²+1)
// a square (RFC 8032 §5.1.3)
func onEdwards25519(point []byte) bool {
	be := slices.Clone(point)
	slices.Reverse(be)
	be[0] &= 0x7F
	y := new(big.Int).SetBytes(be)
	if y.Cmp(edwardsP) >= 0 {
		return false
	}
	one := big.NewInt(1)
	yy := new(big.Int).Mul(y, y)
	over := new(big.Int).Sub(yy, one)
	under := new(big.Int).Add(yy.Mul(yy, edwardsD), one)
	under.Mod(under, edwardsP).ModInverse(under, edwardsP)
	xx := over.Mul(over, under)
	return big.Jacobi(xx.Mod(xx, edwardsP), edwardsP) >= 0
}

// smallOrders are the y coordinates of the points of order 1, 2, 4 and 8, little-endian
var smallOrders = [][]byte{
	mustHex("0100000000000000000000000000000000000000000000000000000000000000"), // 1
	mustHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"), // 2
	mustHex("0000000000000000000000000000000000000000000000000000000000000000"), // 4
	mustHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), // 8
	mustHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), // 8
}

// mustHex is the bytes of a constant
func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// smallOrder reports whether eight times the point is nothing: a signature under such a key
// can be made without any secret
func smallOrder(point []byte) bool {
	y := slices.Clone(point)
	y[len(y)-1] &= 0x7F
	for _, small := range smallOrders {
		if bytes.Equal(y, small) {
			return true
		}
	}
	return false
}

// edDSAPrivate makes Ed25519 signatures. It holds a pointer for the reason that hs256 does.
type edDSAPrivate struct{ key *ed25519.PrivateKey }

// generateEdDSA makes a key
func generateEdDSA() (privateHalf, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return edDSAPrivate{&key}, err
}

func (k edDSAPrivate) publicHalf() publicHalf {
	return edDSAPublic(k.key.Public().(ed25519.PublicKey))
}

func (k edDSAPrivate) stored() any { return *k.key }

func (k edDSAPrivate) sign(input []byte) ([]byte, error) {
	return ed25519.Sign(*k.key, input), nil
}
