// Package differential shows the same tokens to our verifier and to golang-jwt, go-jose and jwx,
// and looks for answers that need explaining: what we take and all of them refuse without a known
// excuse, what only we refuse without one of the reasons of docs/protocol.md §3, and what we take
// although there is such a reason.
//
//	go test -run - -fuzz FuzzSigned -fuzztime 2m -fuzzminimizetime 10x ./differential
//	go test -run - -fuzz FuzzMember -fuzztime 2m -fuzzminimizetime 10x ./differential
//	go test -run - -fuzz FuzzToken -fuzztime 2m -fuzzminimizetime 10x ./differential
//	go test -run - -fuzz FuzzSignature -fuzztime 2m -fuzzminimizetime 10x ./differential
package differential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/peers"
)

// asked are the libraries beside ours
var asked = []string{"golang-jwt", "go-jose", "jwx"}

// World is an issuer and everyone who trusts it.
type World struct {
	Trust  *mint.Trust
	ours   peers.Verifier
	others map[string]peers.Verifier // name → verifier
}

// NewWorld makes a world around fixed keys, so that what a fuzzer kept is still signed in the next
// run. They protect nothing.
func NewWorld(alg mint.Algorithm) (*World, error) {
	w := &World{
		Trust:  &mint.Trust{Algorithm: alg, Key: fixedKey(alg, 1), Next: fixedKey(alg, 2)},
		others: map[string]peers.Verifier{},
	}
	var err error
	if w.ours, err = peers.Ours().New(*w.Trust); err != nil {
		return nil, err
	}
	for _, p := range peers.Others() {
		for _, name := range asked {
			if p.Name != name {
				continue
			}
			if w.others[name], err = p.New(*w.Trust); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if len(w.others) != len(asked) {
		return nil, fmt.Errorf("%d libraries to compare with, want %d", len(w.others), len(asked))
	}
	return w, nil
}

// fixedKey is the key with this number
func fixedKey(alg mint.Algorithm, number byte) *mint.Key {
	seed := bytes.Repeat([]byte{number}, 32)
	k := &mint.Key{Algorithm: alg, ID: fmt.Sprintf("fixed-key-%d", number)}
	switch alg {
	case mint.ES256:
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
		if err != nil {
			panic(err) // a number below the order
		}
		k.Signer = key
	case mint.EdDSA:
		k.Signer = ed25519.NewKeyFromSeed(seed)
	default:
		panic("differential: no fixed key for " + string(alg))
	}
	return k
}

// Good are claims that stay good, for whoever reads a fuzzer's find a year later.
func Good() mint.Object {
	return mint.Claims(time.Unix(1_700_000_000, 0)).
		With("exp", "4102444800").
		With("jti", `"j"`).
		With("sid", `"s"`).
		With("sub", `"ada"`)
}

// Answers is what everyone said to a token.
type Answers struct {
	Ours    error
	Others  map[string]error // name → answer
	Reasons []string         // to refuse it by docs/protocol.md §3, short of the signature
}

// Ask shows a token to everyone.
func (w *World) Ask(token string) Answers {
	a := Answers{
		Ours:    w.ours.Verify(token),
		Others:  map[string]error{},
		Reasons: Reasons(token, w.Trust.Algorithm, time.Now()),
	}
	for name, v := range w.others {
		a.Others[name] = v.Verify(token)
	}
	return a
}

// Finding says what needs explaining about the answers, or is empty.
func (a Answers) Finding() string {
	refused := 0
	for _, err := range a.Others {
		if err != nil {
			refused++
		}
	}
	switch {
	case a.Ours == nil && refused == len(a.Others):
		return "only we accept it: " + a.String()
	case a.Ours == nil && len(a.Reasons) > 0:
		return "we accept what we should not: " + a.String()
	case a.Ours != nil && refused == 0 && len(a.Reasons) == 0:
		return "only we refuse it, and for no known reason: " + a.String()
	}
	return ""
}

// String is what everyone said.
func (a Answers) String() string {
	said := []string{fmt.Sprintf("ours: %v", a.Ours)}
	for _, name := range asked {
		said = append(said, fmt.Sprintf("%s: %v", name, a.Others[name]))
	}
	return strings.Join(append(said, fmt.Sprintf("reasons: %q", a.Reasons)), "; ")
}
