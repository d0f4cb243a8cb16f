package jose_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// The vectors of Project Wycheproof, pinned by what they say and not by name alone.
const (
	wycheproofModule  = "github.com/c2sp/wycheproof"
	wycheproofVersion = "v0.0.0-20260902155932-3fa63dd0344a"
	wycheproofSum     = "h1:pNbL2nztRsWfW/ispAwsvcDFxs9Id38uIsR2/Up5G2c="
)

// wycheproofDir brings the vectors into the module cache, without a requirement in anybody's
// go.mod.
var wycheproofDir = sync.OnceValues(func() (string, error) {
	const module = wycheproofModule + "@" + wycheproofVersion
	dir, err := os.MkdirTemp("", "wycheproof") // no module is there that could be changed
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	bring := exec.Command("go", "mod", "download", "-json", module)
	bring.Dir = dir
	bring.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := bring.Output()
	var got struct{ Dir, Sum, Error string }
	if unread := json.Unmarshal(out, &got); unread != nil {
		err = errors.Join(err, unread)
	}
	switch {
	case err != nil || got.Error != "":
		return "", fmt.Errorf(
			"the Wycheproof vectors cannot be had (%v %s): run `go mod download %s` once, where the network or a "+
				"module proxy can be reached",
			err,
			got.Error,
			module,
		)
	case got.Sum != wycheproofSum:
		return "", fmt.Errorf("%s is %s, want %s: somebody changed the vectors", module, got.Sum, wycheproofSum)
	}
	return got.Dir, nil
})

// mustVectors reads one file of vectors.
func mustVectors[Group any](t *testing.T, name string) (groups []Group, count int) {
	t.Helper()
	dir, err := wycheproofDir()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "testvectors_v1", name+"_test.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		NumberOfTests int
		TestGroups    []Group
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.TestGroups, file.NumberOfTests
}

// vector is what all vectors have.
type vector struct {
	TcID    int
	Comment string
	Result  string // valid, invalid, or acceptable: which a strict verifier refuses
}

// departure is why we judge some vectors otherwise than their labels.
type departure struct {
	why string
	ids []int // tcId
}

// tally holds what becomes of each vector to its label, or to the departure that names it.
type tally struct {
	t    *testing.T
	why  map[int]string // tcId → why we depart
	done map[int]bool   // tcId → it was run
}

// newTally expects these departures and no others.
func newTally(t *testing.T, departures []departure) *tally {
	y := &tally{t, map[int]string{}, map[int]bool{}}
	for _, d := range departures {
		for _, id := range d.ids {
			if y.why[id] != "" || d.why == "" {
				t.Errorf("tcId %d is listed twice, or without a reason", id)
			}
			y.why[id] = d.why
		}
	}
	return y
}

// judge takes our answer to one vector.
func (y *tally) judge(v vector, err error) {
	y.t.Helper()
	if y.done[v.TcID] {
		y.t.Errorf("tcId %d stands twice in the file", v.TcID)
	}
	y.done[v.TcID] = true
	departs := (err == nil) != (v.Result == "valid")
	switch why := y.why[v.TcID]; {
	case departs && why == "":
		y.t.Errorf("tcId %d (%s) is %s, and our answer is %v", v.TcID, v.Comment, v.Result, err)
	case !departs && why != "":
		y.t.Errorf(
			"tcId %d (%s) is %s, and our answer %v agrees; it is listed as a departure: %s",
			v.TcID,
			v.Comment,
			v.Result,
			err,
			why,
		)
	}
}

// close finds vectors that were not run, and departures that there are no vectors for.
func (y *tally) close(count int) {
	y.t.Helper()
	if len(y.done) != count || count == 0 {
		y.t.Errorf("%d vectors were run, want all %d", len(y.done), count)
	}
	for id, why := range y.why {
		if !y.done[id] {
			y.t.Errorf("tcId %d is listed as a departure (%s), and not there", id, why)
		}
	}
	y.t.Logf("%d vectors, of which we judge %d in our own way", count, len(y.why))
}

// jwsGroup is vectors of one key, or of one set of keys.
type jwsGroup struct {
	Public, Private json.RawMessage // a JWK or a set; Public where there is one
	Tests           []struct {
		vector
		JWS json.RawMessage // a string in compact serialization, an object in another
	}
}

// key is the text of the group's JWK or set.
func (g jwsGroup) key() string {
	if g.Public != nil {
		return string(g.Public)
	}
	return string(g.Private)
}

// verifyJWS checks a vector's token. One in JSON serialization is shown as it is.
func verifyJWS(text json.RawMessage, find func(kid string) *jose.Key) error {
	token := string(text)
	if text[0] == '"' {
		if err := json.Unmarshal(text, &token); err != nil {
			return err
		}
	}
	return verifyToken(token, find)
}

// verifyToken checks a token as docs/protocol.md §3 has it, short of what makes a JWS an access
// token: typ and claims.
func verifyToken(token string, find func(kid string) *jose.Key) error {
	parts, err := jose.SplitCompact(token)
	if err != nil {
		return err
	}
	header, errHeader := jose.DecodeBase64(parts.Header())
	_, errPayload := jose.DecodeBase64(parts.Payload())
	signature, errSignature := jose.DecodeBase64(parts.Signature())
	if err := errors.Join(errHeader, errPayload, errSignature); err != nil {
		return err
	}
	var alg, kid string
	r := jose.NewReader(string(header))
	for name := range r.Object() {
		switch name {
		case "alg":
			alg = r.String()
		case "kid":
			kid = r.String()
		case "crit", "b64":
			r.Fail("a header parameter that must be understood")
		}
	}
	if err := r.Close(); err != nil {
		return err
	}
	key := find(kid)
	if key == nil || string(key.Algorithm()) != alg {
		return fmt.Errorf("no key %q for %q", kid, alg)
	}
	return key.Verify([]byte(parts.SigningInput()), signature)
}

// TestWycheproofJWS runs json_web_signature.
func TestWycheproofJWS(t *testing.T) {
	groups, count := mustVectors[jwsGroup](t, "json_web_signature")
	y := newTally(t, jwsDepartures)
	texts := map[int]string{}
	for _, g := range groups {
		var secret struct{ Kid, K, Alg string }
		if err := json.Unmarshal([]byte(g.key()), &secret); err != nil {
			t.Fatal(err)
		}
		var keys *jose.KeySet
		if secret.K != "" { // NewHMAC would refuse some of these as guessed
			keys = jose.NewKeySet(jose.UncheckedHMAC(secret.Kid, mustDecode(t, secret.K)).Public())
		} else {
			keys = mustKeys(t, `{"keys":[`+g.key()+`]}`)
		}
		for _, v := range g.Tests {
			texts[v.TcID] = string(v.JWS)
			y.judge(v.vector, verifyJWS(v.JWS, keys.Lookup))
		}
	}
	y.close(count)
	if texts[367] != texts[357] || texts[370] != texts[357] {
		t.Error("tcIds 367 and 370 are no longer the text of 357: their departure has lost its reason")
	}
}

// mustKeys is what a verifier keeps of a key set.
func mustKeys(t *testing.T, text string) *jose.KeySet {
	t.Helper()
	keys, _, err := jose.ParseKeySet([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestWycheproofJWK runs json_web_key: sets of keys that must or must not be used.
func TestWycheproofJWK(t *testing.T) {
	groups, count := mustVectors[jwsGroup](t, "json_web_key")
	y := newTally(t, jwkDepartures)
	for _, g := range groups {
		set := g.key()
		if !strings.Contains(set, `"keys"`) {
			set = `{"keys":[` + set + `]}`
		}
		keys := mustKeys(t, set)
		for _, v := range g.Tests {
			y.judge(v.vector, verifyJWS(v.JWS, keys.Lookup))
		}
	}
	y.close(count)
}

// keyGroup is vectors of one public key.
type keyGroup struct {
	PublicKey struct{ Wx, Wy, Pk, Modulus, PublicExponent string } // hexadecimal, with zeros in front
	Tests     []signatureVector
}

// signatureVector is a signature by itself.
type signatureVector struct {
	vector
	Msg, Sig string // hexadecimal
}

// verify checks the signature, unless keys has none.
func (v signatureVector) verify(keys *jose.KeySet) error {
	key := keys.Lookup("k")
	if key == nil {
		return errors.New("the key is not used")
	}
	return key.Verify(mustHex(v.Msg), mustHex(v.Sig))
}

// mustHex is the bytes of a vector.
func mustHex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

// integer is a number of a vector as a JWK writes it: in n bytes, or in as few as it needs where n
// is 0.
func integer(text string, n int) string {
	b := mustHex(text)
	for len(b) > max(n, 1) && b[0] == 0 {
		b = b[1:]
	}
	return jose.EncodeBase64(append(make([]byte, max(n-len(b), 0)), b...))
}

// TestWycheproofKeys runs signatures under keys of each algorithm, which are read from a key set.
func TestWycheproofKeys(t *testing.T) {
	for _, test := range []struct {
		file       string
		jwk        func(g keyGroup) string
		departures []departure
	}{
		{"ecdsa_secp256r1_sha256_p1363", func(g keyGroup) string {
			return fmt.Sprintf(`"alg":"ES256","kty":"EC","crv":"P-256","x":%q,"y":%q`, integer(g.PublicKey.Wx, 32), integer(g.PublicKey.Wy, 32))
		}, nil},
		{"ed25519", func(g keyGroup) string {
			return fmt.Sprintf(`"alg":"EdDSA","kty":"OKP","crv":"Ed25519","x":%q`, jose.EncodeBase64(mustHex(g.PublicKey.Pk)))
		}, nil},
		{"rsa_signature_2048_sha256", func(g keyGroup) string {
			return fmt.Sprintf(`"alg":"RS256","kty":"RSA","n":%q,"e":%q`, integer(g.PublicKey.Modulus, 0), integer(g.PublicKey.PublicExponent, 0))
		}, rsaDepartures},
	} {
		t.Run(test.file, func(t *testing.T) {
			groups, count := mustVectors[keyGroup](t, test.file)
			y := newTally(t, test.departures)
			for _, g := range groups {
				keys := mustKeys(t, `{"keys":[{"kid":"k",`+test.jwk(g)+`}]}`)
				for _, v := range g.Tests {
					y.judge(v.vector, v.verify(keys))
				}
			}
			y.close(count)
		})
	}
}

// macGroup is HMACs of one length.
type macGroup struct {
	Tests []struct {
		vector
		Key, Msg, Tag string // hexadecimal
	}
}

// TestWycheproofHMAC runs hmac_sha256.
func TestWycheproofHMAC(t *testing.T) {
	groups, count := mustVectors[macGroup](t, "hmac_sha256")
	y := newTally(t, hmacDepartures)
	for _, g := range groups {
		for _, v := range g.Tests {
			key := jose.UncheckedHMAC("k", mustHex(v.Key)).Public()
			y.judge(v.vector, key.Verify(mustHex(v.Msg), mustHex(v.Tag)))
		}
	}
	y.close(count)
}
