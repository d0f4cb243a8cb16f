package verification

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
)

// Pool is tokens of one issuer that nobody has seen.
type Pool struct {
	Trust  *mint.Trust
	Tokens []string
	Warm   string // one more, to wake a verifier up with
	splits []split
}

// split is what a bare signature check begins with: a token cut and decoded, so that nothing is
// left but the check
type split struct{ input, signature []byte }

// life is how long the tokens are good: as long as a verifier that hears of endings lets them be,
// and longer than any run
const life = 15 * time.Minute

// NewPool makes n tokens, every one of another session.
func NewPool(alg mint.Algorithm, n int) (*Pool, error) {
	trust, err := mint.NewTrust(alg)
	if err != nil {
		return nil, err
	}
	p := &Pool{Trust: trust, Tokens: make([]string, n), splits: make([]split, n)}
	p.Warm = p.token()
	each(n, func(i int) {
		p.Tokens[i] = p.token()
		p.splits[i] = p.split(p.Tokens[i])
	})
	return p, nil
}

// token makes a good token
func (p *Pool) token() string {
	now := time.Now()
	return p.Trust.Key.Token(mint.Claims(now).With("exp", fmt.Sprint(now.Add(life).Unix())))
}

// each calls f with every number below n, on all processors
func each(n int, f func(int)) {
	var all sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		all.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	all.Wait()
}

// split cuts a token of our own
func (p *Pool) split(token string) split {
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		panic(err) // made by mint
	}
	if p.Trust.Algorithm == mint.ES256 { // what crypto/ecdsa takes
		signature, err = asn1.Marshal(
			[]*big.Int{new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])},
		)
		if err != nil {
			panic(err) // two integers
		}
	}
	return split{[]byte(token[:dot]), signature}
}

// errRaw is a bare check that failed, which none should
var errRaw = errors.New("the bare signature check failed")

// check is the bare signature check: one hash, one call of the standard library
func (p *Pool) check(s split) error {
	good := false
	switch key := p.Trust.Key.Public().(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(s.input)
		good = ecdsa.VerifyASN1(key, digest[:], s.signature)
	case ed25519.PublicKey:
		good = ed25519.Verify(key, s.input, s.signature)
	case *rsa.PublicKey:
		digest := sha256.Sum256(s.input)
		good = rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], s.signature) == nil
	case []byte:
		good = hmac.Equal(mint.MAC(key, s.input), s.signature)
	}
	if !good {
		return errRaw
	}
	return nil
}
