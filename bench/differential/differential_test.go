package differential_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/bench/attacks"
	"github.com/handstamp/handstamp/bench/differential"
	"github.com/handstamp/handstamp/bench/mint"
)

// FuzzSigned signs any header and any claims with the good key, so that what is compared is how
// they are understood.
func FuzzSigned(f *testing.F) {
	w := mustWorld(f, mint.ES256)
	f.Add(w.Trust.Key.Header().String(), differential.Good().String())
	for _, h := range hostile(f, w) {
		parts := strings.Split(h.token, ".")
		if len(parts) != 3 || len(h.token) > 16<<10 {
			continue
		}
		header, errHeader := base64.RawURLEncoding.DecodeString(parts[0])
		claims, errClaims := base64.RawURLEncoding.DecodeString(parts[1])
		if errHeader == nil && errClaims == nil {
			f.Add(string(header), string(claims))
		}
	}
	f.Fuzz(func(t *testing.T, header, claims string) {
		token := w.Trust.Key.Compact(mint.Text(header), mint.Text(claims))
		if finding := w.Ask(token).Finding(); finding != "" {
			t.Errorf("header %s, claims %s: %s", header, claims, finding)
		}
	})
}

// FuzzMember puts one member into a good header or among good claims: in the place of one of that
// name, or beside it, before or behind.
func FuzzMember(f *testing.F) {
	w := mustWorld(f, mint.ES256)
	names := []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time",
		"scope", "roles", "cnf", "alg", "kid", "typ", "crit", "b64", "jwk", "EXP", `\u0073ub`, "x",
	}
	values := []string{
		`""`, `"ada"`, `null`, `true`, `0`, `-1`, `-0`, `1700000000`, `1700000000.5`, `17e8`,
		`4102444800`, `1e308`, `1e-5`, `9223372036854775808`, `[]`, `{}`, `[null]`,
		mint.Quote(mint.Issuer), mint.Quote(mint.Audience), "[" + mint.Quote(mint.Audience) + `,"x"]`,
		`"ES256"`, `"at+jwt"`, `"Application/AT+JWT"`, `"fixed-key-1"`, `"fixed-key-2"`,
		`"\ud83d\ude00"`, `"\ud800"`, "\"\xff\"", `{"y":{"z":[1,2,{"a":"b"}]}}`, `[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]`,
	}
	for i, name := range names {
		for j, value := range values {
			f.Add(byte(i+j), name, value)
		}
	}
	f.Fuzz(func(t *testing.T, how byte, name, value string) {
		header, claims := w.Trust.Key.Header(), differential.Good()
		changed := &claims
		if how&1 == 0 {
			changed = &header
		}
		switch how >> 1 % 3 {
		case 0:
			*changed = changed.With(name, value)
		case 1:
			*changed = changed.Also(name, value)
		case 2:
			*changed = changed.Before(name, value)
		}
		if finding := w.Ask(w.Trust.Key.Compact(header, claims)).Finding(); finding != "" {
			t.Errorf("header %s, claims %s: %s", header, claims, finding)
		}
	})
}

// FuzzToken takes any text for a token, in a world of each algorithm.
func FuzzToken(f *testing.F) {
	worlds := []*differential.World{mustWorld(f, mint.ES256), mustWorld(f, mint.EdDSA)}
	for _, w := range worlds {
		good := w.Trust.Key.Token(differential.Good())
		f.Add(good)
		for _, other := range []string{
			good + "=", good + "\n", good + ".", " " + good, good[:len(good)-1], strings.ToUpper(good),
		} {
			f.Add(other)
		}
		for _, h := range hostile(f, w) {
			if len(h.token) <= 16<<10 {
				f.Add(h.token)
			}
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		for _, w := range worlds {
			if finding := w.Ask(token).Finding(); finding != "" {
				t.Errorf("%s, token %q: %s", w.Trust.Algorithm, token, finding)
			}
		}
	})
}

// FuzzSignature puts any bytes behind a good header and good claims.
func FuzzSignature(f *testing.F) {
	worlds := []*differential.World{mustWorld(f, mint.ES256), mustWorld(f, mint.EdDSA)}
	inputs := make([]string, len(worlds))
	for i, w := range worlds {
		inputs[i] = mint.Encode(w.Trust.Key.Header().String()) + "." + mint.Encode(differential.Good().String())
		f.Add(w.Trust.Key.Sign([]byte(inputs[i])))
		for _, h := range hostile(f, w) {
			last := h.token[strings.LastIndexByte(h.token, '.')+1:]
			if signature, err := base64.RawURLEncoding.DecodeString(last); err == nil && len(signature) < 1<<10 {
				f.Add(signature)
			}
		}
	}
	f.Fuzz(func(t *testing.T, signature []byte) {
		for i, w := range worlds {
			if finding := w.Ask(inputs[i] + "." + mint.Encode(string(signature))).Finding(); finding != "" {
				t.Errorf("%s, signature %x: %s", w.Trust.Algorithm, signature, finding)
			}
		}
	})
}

// TestHostileTokens holds the whole attack table, and every good token, to the same rule.
func TestHostileTokens(t *testing.T) {
	for _, alg := range []mint.Algorithm{mint.ES256, mint.EdDSA} {
		w := mustWorld(t, alg)
		for _, h := range hostile(t, w) {
			if finding := w.Ask(h.token).Finding(); finding != "" {
				t.Errorf("%s: %s", h.name, finding)
			}
		}
	}
}

// TestFinding proves that each kind of finding is one.
func TestFinding(t *testing.T) {
	no := fmt.Errorf("no")
	for _, test := range []struct {
		name           string
		ours           error
		golang, square error
		reasons        []string
		want           string // how it begins
	}{
		{"all accept", nil, nil, nil, nil, ""},
		{"all refuse", no, no, no, []string{"x"}, ""},
		{"only we refuse, with a reason", no, nil, nil, []string{"x"}, ""},
		{"only we refuse, without", no, nil, nil, nil, "only we refuse it"},
		{"one other refuses too", no, no, nil, nil, ""},
		{"only we accept", nil, no, no, nil, "only we accept it"},
		{"we accept in spite of a reason", nil, nil, no, []string{"x"}, "we accept what we should not"},
	} {
		a := differential.Answers{
			Ours:    test.ours,
			Others:  map[string]error{"golang-jwt": test.golang, "go-jose": test.square},
			Reasons: test.reasons,
		}
		if got := a.Finding(); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestReasons proves that the second reading finds nothing wrong with a good token, and something
// with a bad one.
func TestReasons(t *testing.T) {
	w := mustWorld(t, mint.ES256)
	now := time.Now()
	if got := differential.Reasons(w.Trust.Key.Token(differential.Good()), mint.ES256, now); len(got) > 0 {
		t.Errorf("Reasons of a good token = %q, want none", got)
	}
	for name, token := range map[string]string{
		"typ":       w.Trust.Key.Compact(w.Trust.Key.Header().With("typ", `"JWT"`), differential.Good()),
		"twice":     w.Trust.Key.Token(differential.Good().Also("sub", `"root"`)),
		"deep":      w.Trust.Key.Token(differential.Good().With("x", strings.Repeat("[", 16)+strings.Repeat("]", 16))),
		"nbf":       w.Trust.Key.Token(differential.Good().With("nbf", "4102444800")),
		"1e309":     w.Trust.Key.Token(differential.Good().With("x", "1e309")),
		"exp 1e99":  w.Trust.Key.Token(differential.Good().With("exp", "1e99")),
		"line end":  w.Trust.Key.Token(differential.Good()) + "\n",
		"surrogate": w.Trust.Key.Token(differential.Good().With("sub", `"\ud800"`)),
	} {
		if len(differential.Reasons(token, mint.ES256, now)) == 0 {
			t.Errorf("%s: no reasons, want one", name)
		}
	}
}

// named is a token of the attack table.
type named struct{ name, token string }

// hostile is the tokens of the attack table that can be made in w, and good ones.
func hostile(t testing.TB, w *differential.World) []named {
	t.Helper()
	evil, err := mint.NewTrust(w.Trust.Algorithm)
	if err != nil {
		t.Fatal(err)
	}
	scene := &attacks.Scene{Trust: w.Trust, Evil: evil, Canary: "https://evil.example", Now: time.Now()}
	var tokens []named
	for _, class := range append(attacks.Table(), attacks.Controls()) {
		for _, row := range class.Rows {
			if row.Algorithm == w.Trust.Algorithm || row.Algorithm == "" && w.Trust.Algorithm == mint.ES256 {
				tokens = append(tokens, named{class.Name + ": " + row.Name, row.Make(scene)})
			}
		}
	}
	return tokens
}

// mustWorld makes a world.
func mustWorld(t testing.TB, alg mint.Algorithm) *differential.World {
	t.Helper()
	w, err := differential.NewWorld(alg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
