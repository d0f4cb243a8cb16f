package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// The lengths of a P-256 coordinate and of an ES256 signature (RFC 7518 §3.4, §6.2.1.2).
const (
	p256Len  = 32
	es256Len = 2 * p256Len
)

// es256Public checks ES256 signatures
type es256Public struct{ key *ecdsa.PublicKey }

// verify takes r‖s of exactly 64 bytes: no DER, no other length (RFC 7518 §3.4). Zero and
// values beyond the order are refused by crypto/ecdsa.
func (k es256Public) verify(input, signature []byte) bool {
	if len(signature) != es256Len {
		return false
	}
	digest := sha256.Sum256(input)
	var room [es256DERMax]byte
	return ecdsa.VerifyASN1(k.key, digest[:], appendES256DER(room[:0], signature))
}

// es256DERMax is the longest that DER makes of two 256 bit integers
const es256DERMax = 2 + 2*(2+1+p256Len)

// appendES256DER writes r‖s as the SEQUENCE of INTEGERs that crypto/ecdsa takes
func appendES256DER(b, signature []byte) []byte {
	b = append(b, 0x30, 0)
	for _, n := range [][]byte{signature[:p256Len], signature[p256Len:]} {
		for len(n) > 1 && n[0] == 0 {
			n = n[1:]
		}
		if n[0] >= 0x80 { // a set top bit would make it negative
			b = append(b, 0x02, byte(len(n)+1), 0)
		} else {
			b = append(b, 0x02, byte(len(n)))
		}
		b = append(b, n...)
	}
	b[1] = byte(len(b) - 2)
	return b
}

// appendJWK writes RFC 7518 §6.2.1
func (k es256Public) appendJWK(b []byte) []byte {
	point, err := k.key.Bytes()
	if err != nil {
		return b // not reached: newES256 and parseES256 took only points on the curve
	}
	b = append(b, `,"crv":"P-256","kty":"EC","x":"`...)
	b = AppendBase64(b, point[1:1+p256Len])
	b = append(b, `","y":"`...)
	b = AppendBase64(b, point[1+p256Len:])
	return append(b, '"')
}

// parseES256 reads the point of a JWK, which must have full-length coordinates (RFC 7518
// §6.2.1.2) and lie on the curve (RFC 8725 §3.4)
func parseES256(m jwk) (publicHalf, error) {
	if m.kty != "EC" || m.crv != "P-256" {
		return nil, errors.New("ES256 needs kty EC and crv P-256")
	}
	x, errX := DecodeBase64(m.x)
	y, errY := DecodeBase64(m.y)
	if errX != nil || errY != nil || len(x) != p256Len || len(y) != p256Len {
		return nil, errors.New("x and y are not 32 bytes each")
	}
	point := append(append([]byte{4}, x...), y...) // SEC 1 §2.3.3, uncompressed
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, errors.New("the point is not on P-256")
	}
	return es256Public{key}, nil
}

// es256Private makes ES256 signatures
type es256Private struct{ key *ecdsa.PrivateKey }

// generateES256 makes a key on P-256
func generateES256() (privateHalf, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return newES256(key)
}

// newES256 takes a key that lies on P-256
func newES256(key *ecdsa.PrivateKey) (privateHalf, error) {
	if key.Curve != elliptic.P256() {
		return nil, errors.New("ES256 needs a key on P-256")
	}
	if _, err := key.PublicKey.Bytes(); err != nil {
		return nil, err
	}
	return es256Private{key}, nil
}

func (k es256Private) publicHalf() publicHalf { return es256Public{&k.key.PublicKey} }

func (k es256Private) stored() any { return k.key }

// sign returns r‖s, each filled up to 32 bytes (RFC 7518 §3.4). Its nonce follows from key and
// input (RFC 6979), as RFC 8725 §3.2 asks: where nonces are drawn, bad randomness discloses
// the key.
func (k es256Private) sign(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	der, err := k.key.Sign(nil, digest[:], crypto.SHA256) // no randomness: RFC 6979
	if err != nil {
		return nil, err
	}
	return parseES256DER(der)
}

// parseES256DER reads what appendES256DER writes, and nothing else
func parseES256DER(der []byte) ([]byte, error) {
	signature := make([]byte, es256Len)
	rest := der
	if len(rest) > 2 {
		rest = rest[2:]
	}
	for _, room := range [][]byte{signature[:p256Len], signature[p256Len:]} {
		if len(rest) < 2 || len(rest)-2 < int(rest[1]) {
			break
		}
		n := rest[2 : 2+rest[1]]
		rest = rest[2+len(n):]
		copy(room[max(0, p256Len-len(n)):], n[max(0, len(n)-p256Len):])
	}
	var room [es256DERMax]byte
	if !bytes.Equal(appendES256DER(room[:0], signature), der) { // whatever was wrong with it
		return nil, errors.New("crypto/ecdsa made something other than a DER signature")
	}
	return signature, nil
}
