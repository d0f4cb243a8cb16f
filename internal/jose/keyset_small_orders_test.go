package jose_test

import (
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// TestSmallOrders computes the points of small order anew: their eightfold is the neutral point.
func TestSmallOrders(t *testing.T) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	found := map[string]bool{}
	// From any point, ℓ times it has an order that divides 8. Try points with small y until all are
	// met.
	order, _ := new(
		big.Int,
	).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	for y := int64(0); len(found) < 5 && y < 200; y++ {
		q, ok := pointWithY(big.NewInt(y), p)
		if !ok {
			continue
		}
		if y < 2 { // ℓ times 0 and 1 are themselves or their negatives
			found[encodeY(q[1])] = true
			continue
		}
		found[encodeY(multiply(q, order, p)[1])] = true
	}
	if len(found) != len(jose.SmallOrders) {
		t.Errorf("found %d encodings of small order, want %d", len(found), len(jose.SmallOrders))
	}
	for _, small := range jose.SmallOrders {
		if !found[hex.EncodeToString(small)] {
			t.Errorf("%x is no point of small order", small)
		}
	}
}

// edwardsPoint is affine x and y on edwards25519
type edwardsPoint [2]*big.Int

// pointWithY finds a point by RFC 8032 §5.1.3
func pointWithY(y, p *big.Int) (edwardsPoint, bool) {
	d := edwardsD(p)
	yy := new(big.Int).Mul(y, y)
	over := new(big.Int).Sub(yy, big.NewInt(1))
	under := new(big.Int).Add(new(big.Int).Mul(yy, d), big.NewInt(1))
	xx := over.Mul(over, under.ModInverse(under.Mod(under, p), p))
	x := new(big.Int).ModSqrt(xx.Mod(xx, p), p)
	return edwardsPoint{x, y}, x != nil
}

// edwardsD is the curve's constant
func edwardsD(p *big.Int) *big.Int {
	inverse := new(big.Int).ModInverse(big.NewInt(121666), p)
	d := new(big.Int).Mul(big.NewInt(-121665), inverse)
	return d.Mod(d, p)
}

// multiply is n times q, by the addition law of RFC 8032 §5.1.4 in affine form
func multiply(q edwardsPoint, n, p *big.Int) edwardsPoint {
	sum := edwardsPoint{big.NewInt(0), big.NewInt(1)}
	for i := n.BitLen() - 1; i >= 0; i-- {
		sum = add(sum, sum, p)
		if n.Bit(i) == 1 {
			sum = add(sum, q, p)
		}
	}
	return sum
}

// add is the sum of two points
func add(a, b edwardsPoint, p *big.Int) edwardsPoint {
	mul := func(x, y *big.Int) *big.Int { z := new(big.Int).Mul(x, y); return z.Mod(z, p) }
	cross := mul(edwardsD(p), mul(mul(a[0], b[0]), mul(a[1], b[1])))
	one := big.NewInt(1)
	divide := func(over, under *big.Int) *big.Int {
		return mul(over, new(big.Int).ModInverse(under.Mod(under, p), p))
	}
	x := divide(new(big.Int).Add(mul(a[0], b[1]), mul(a[1], b[0])), new(big.Int).Add(one, cross))
	y := divide(new(big.Int).Add(mul(a[1], b[1]), mul(a[0], b[0])), new(big.Int).Sub(one, cross))
	return edwardsPoint{x, y}
}

// encodeY is y in 32 bytes, little-endian, in hexadecimal
func encodeY(y *big.Int) string {
	b := y.FillBytes(make([]byte, 32))
	for i := range 16 {
		b[i], b[31-i] = b[31-i], b[i]
	}
	return hex.EncodeToString(b)
}

// FuzzParseKeySet proves that every key that is kept can be listed again and is the same, and that
// nothing listed is a secret.
func FuzzParseKeySet(f *testing.F) {
	for _, seed := range []string{
		`{"keys":[` + good + `]}`,
		`{"keys":[{"kid":"b","alg":"EdDSA",` + okpMembers + `}]}`,
		`{"keys":[{"kid":"c","alg":"RS256","key_ops":["verify"],` + rsaMembers + `}]}`,
		`{"keys":[{"kid":"d","alg":"ES256","d":"AA",` + ecMembers + `}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, _, err := jose.ParseKeySet(data)
		if err != nil {
			return
		}
		listed := set.JSON()
		back, skipped, err := jose.ParseKeySet(listed)
		if err != nil || len(skipped) > 0 || string(back.JSON()) != string(listed) {
			t.Errorf("keys of %q, listed again as %q: %v, %v", data, listed, skipped, err)
		}
	})
}

// TestKeySetAfter keeps what stays the same, by pointer, and takes a new key of an old name for a
// new key.
func TestKeySetAfter(t *testing.T) {
	parse := func(keys ...string) *jose.KeySet {
		t.Helper()
		set, skipped, err := jose.ParseKeySet([]byte(`{"keys":[` + strings.Join(keys, ",") + `]}`))
		if err != nil || len(skipped) > 0 {
			t.Fatal(err, skipped)
		}
		return set
	}
	ec, okp := `{"kid":"k","alg":"ES256",`+ecMembers+`}`, `{"kid":"o","alg":"EdDSA",`+okpMembers+`}`
	rsa, renamed := `{"kid":"k","alg":"RS256",`+rsaMembers+`}`, `{"kid":"r","alg":"RS256",`+rsaMembers+`}`
	old := parse(ec, okp)
	for _, test := range []struct {
		name string
		next *jose.KeySet
		same bool   // the very set
		kept string // the kid whose key is the very key
		new  string // the kid whose key is not
	}{
		{"the same keys", parse(ec, okp), true, "k", ""},
		{"in another order", parse(okp, ec), false, "o", ""},
		{"one more", parse(ec, okp, renamed), false, "k", "r"},
		{"one less", parse(okp), false, "o", "k"},
		{"another key of the same name", parse(rsa, okp), false, "o", "k"},
		{"nothing left", parse(), false, "", "k"},
	} {
		got := test.next.After(old)
		if got.Len() != test.next.Len() || (got == old) != test.same {
			t.Errorf(
				"%s: %d keys, the old set: %v, want %d and %v",
				test.name,
				got.Len(),
				got == old,
				test.next.Len(),
				test.same,
			)
		}
		if test.kept != "" && got.Lookup(test.kept) != old.Lookup(test.kept) {
			t.Errorf("%s: %q is another key, want the old one", test.name, test.kept)
		}
		if test.new != "" && got.Lookup(test.new) != test.next.Lookup(test.new) {
			t.Errorf("%s: %q is not the new key", test.name, test.new)
		}
	}
	if empty := parse(); parse().After(empty) != empty || parse(ec).After(empty).Len() != 1 {
		t.Error("After an empty set: want itself, or the new keys")
	}
}
