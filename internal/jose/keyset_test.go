package jose_test

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// Members of sound public keys, from RFC 7515 §A.2, §A.3 and RFC 8037 §A.2.
const (
	ecMembers  = `"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"`
	okpMembers = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	rsaModulus = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL" +
		"-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQO" +
		"S-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2eth" +
		"FkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
	rsaMembers = `"kty":"RSA","e":"AQAB","n":"` + rsaModulus + `"`
)

// good is a key that stays whatever is wrong with its neighbours.
const good = `{"kid":"good","alg":"ES256","use":"sig",` + ecMembers + `}`

// TestParseKeySetKeeps lists keys that are used, in every form that RFC 7517 gives them.
func TestParseKeySetKeeps(t *testing.T) {
	for _, test := range []struct{ name, jwk string }{
		{"ES256", `{"kid":"k","alg":"ES256","use":"sig",` + ecMembers + `}`},
		{"EdDSA", `{"kid":"k","alg":"EdDSA","use":"sig",` + okpMembers + `}`},
		{"RS256", `{"kid":"k","alg":"RS256","use":"sig",` + rsaMembers + `}`},
		{"key_ops in place of use", `{"kid":"k","alg":"ES256","key_ops":["verify"],` + ecMembers + `}`},
		{"both", `{"kid":"k","alg":"ES256","use":"sig","key_ops":["verify"],` + ecMembers + `}`},
		{"neither", `{"kid":"k","alg":"ES256",` + ecMembers + `}`},
		{"members of no meaning to us", `{"kid":"k","alg":"ES256","x5t":"AA","ext":true,"hint":{"d":1},` + ecMembers + `}`},
		{"a kid of 64 characters", `{"kid":"` + strings.Repeat("k", 64) + `","alg":"ES256",` + ecMembers + `}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, skipped, err := jose.ParseKeySet([]byte(`{"keys":[` + good + `,` + test.jwk + `]}`))
			if err != nil || len(skipped) > 0 || set.Len() != 2 {
				t.Errorf("ParseKeySet = %v, %v, want two keys", skipped, err)
			}
		})
	}
}

// badKey is a key that must not be used, and part of the reason.
type badKey struct{ name, jwk, why string }

// TestParseKeySetSkips leaves bad keys out beside one that stays.
func TestParseKeySetSkips(t *testing.T) {
	for _, test := range slices.Concat(misdescribedKeys(), offCurveKeys(), weakRSAKeys(t)) {
		t.Run(test.name, func(t *testing.T) {
			set, skipped, err := jose.ParseKeySet([]byte(`{"keys":[` + test.jwk + `,` + good + `]}`))
			if err != nil {
				t.Fatalf("ParseKeySet = %v, want one key skipped", err)
			}
			if len(skipped) != 1 || set.Len() != 1 || set.Lookup("good") == nil {
				t.Fatalf("ParseKeySet kept %d, skipped %v, want only the good key kept", set.Len(), skipped)
			}
			if !strings.Contains(skipped[0].Error(), test.why) {
				t.Errorf("skipped because %q, want something of %q", skipped[0], test.why)
			}
		})
	}
}

// misdescribedKeys are named badly, for something else, or private.
func misdescribedKeys() []badKey {
	ec := func(more string) string { return `{"kid":"k","alg":"ES256",` + more + `,` + ecMembers + `}` }
	return []badKey{
		{"no object", `"k"`, "json"},
		{"a list", `[]`, "json"},
		{"no kid", `{"alg":"ES256",` + ecMembers + `}`, "key id"},
		{"kid null", `{"kid":null,"alg":"ES256",` + ecMembers + `}`, "json"},
		{"kid a number", `{"kid":1,"alg":"ES256",` + ecMembers + `}`, "json"},
		{"kid empty", `{"kid":"","alg":"ES256",` + ecMembers + `}`, "key id"},
		{"kid of 65 characters", `{"kid":"` + strings.Repeat("k", 65) + `","alg":"ES256",` + ecMembers + `}`, "key id"},
		{"kid with a line end", `{"kid":"a\nb","alg":"ES256",` + ecMembers + `}`, "key id"},
		{"kid beyond ASCII", `{"kid":"é","alg":"ES256",` + ecMembers + `}`, "key id"},
		{"no alg", `{"kid":"k",` + ecMembers + `}`, "algorithm"},
		{"alg none", `{"kid":"k","alg":"none",` + ecMembers + `}`, "algorithm"},
		{"alg in small letters", `{"kid":"k","alg":"es256",` + ecMembers + `}`, "algorithm"},
		{"alg with the name in capitals", `{"kid":"k","ALG":"ES256",` + ecMembers + `}`, "algorithm"},
		{"alg PS256", `{"kid":"k","alg":"PS256",` + rsaMembers + `}`, "algorithm"},
		{"alg HS256 over a public key", `{"kid":"k","alg":"HS256",` + rsaMembers + `}`, "algorithm"},
		{"a symmetric key", `{"kid":"k","alg":"HS256","kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}`, "secret"},
		{"alg of another key type", `{"kid":"k","alg":"RS256",` + ecMembers + `}`, "kty"},
		{"kty of another", `{"kid":"k","alg":"ES256",` + rsaMembers + `}`, "kty"},
		{"EdDSA over P-256", `{"kid":"k","alg":"EdDSA",` + ecMembers + `}`, "kty"},
		{"for encryption", ec(`"use":"enc"`), "verifying"},
		{"for signing alone", ec(`"key_ops":["sign"]`), "verifying"},
		{"for no operation", ec(`"key_ops":[]`), "verifying"},
		{"use and operation disagree", ec(`"use":"enc","key_ops":["verify"]`), "verifying"},
		{"operations that are none", ec(`"key_ops":"verify"`), "json"},
		{"operations of numbers", ec(`"key_ops":[1]`), "json"},
		{"private EC", ec(`"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"`), "secret"},
		{"private null", ec(`"d":null`), "secret"},
		{"private RSA d", `{"kid":"k","alg":"RS256","d":"AA",` + rsaMembers + `}`, "secret"},
		{"private RSA prime", `{"kid":"k","alg":"RS256","p":"AA",` + rsaMembers + `}`, "secret"},
		{"private RSA others", `{"kid":"k","alg":"RS256","oth":[],` + rsaMembers + `}`, "secret"},
		{"a symmetric member", ec(`"k":"AA"`), "secret"},
	}
}

// offCurveKeys are points that are none, or that anyone can sign for.
func offCurveKeys() []badKey {
	point := func(x, y string) string {
		return fmt.Sprintf(`{"kid":"k","alg":"ES256","kty":"EC","crv":"P-256","x":"%s","y":"%s"}`, x, y)
	}
	okp := func(x string) string { return `{"kid":"k","alg":"EdDSA","kty":"OKP","crv":"Ed25519","x":"` + x + `"}` }
	const x, y = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
	return []badKey{
		{"another curve", `{"kid":"k","alg":"ES256","kty":"EC","crv":"P-384","x":"` + x + `","y":"` + y + `"}`, "crv"},
		{"a point off the curve", point(x, x), "not on P-256"},
		{"the point at zero", point(strings.Repeat("A", 43), strings.Repeat("A", 43)), "not on P-256"},
		{"a short coordinate", point("AQ", y), "32 bytes"},
		{"a coordinate with a zero in front", point("AH_NzidwmsRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF", y), "32 bytes"},
		{"no y", `{"kid":"k","alg":"ES256","kty":"EC","crv":"P-256","x":"` + x + `"}`, "32 bytes"},
		{"a coordinate with padding", point(x+"=", y), "32 bytes"},
		{"a coordinate beyond the field", point("_____wAAAAEAAAAAAAAAAAAAAAD_______________8", y), "not on P-256"},
		{
			"Ed448",
			`{"kid":"k","alg":"EdDSA","kty":"OKP","crv":"Ed448","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"crv",
		},
		{
			"X25519",
			`{"kid":"k","alg":"EdDSA","kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"crv",
		},
		{"Ed25519 of 31 bytes", okp(strings.Repeat("A", 42)), "32 bytes"},
		{"Ed25519 off the curve", okp("AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "not on edwards25519"},
		{
			"Ed25519 not reduced",
			okp(jose.EncodeBase64(append(append([]byte{0xEE}, bytes.Repeat([]byte{0xFF}, 30)...), 0x7F))),
			"not on edwards25519",
		},
		{"Ed25519 of order 1", okp("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "small order"},
		{"Ed25519 of order 4", okp(strings.Repeat("A", 43)), "small order"},
	}
}

// weakRSAKeys can be factored or forged, or cost too much.
func weakRSAKeys(t *testing.T) []badKey {
	t.Helper()
	rsa := func(n, e string) string {
		return fmt.Sprintf(`{"kid":"k","alg":"RS256","kty":"RSA","n":"%s","e":"%s"}`, n, e)
	}
	return []badKey{
		{
			"RSA of 1024 bits",
			rsa(
				"rJBIp6T1YK-RtPyvYqFFlcucqewSAA_IReSFchE8qyiQrbARqRlXWkB2DR8j_pJQnIpYELbQWZC5Cd0PTGAU8rMbar2AW6zpmB"+
					"bi7aQf17lUBdt8XI9M9rq7FPVQ1dDdUXm1SVH_9qqWhvMPR422SbfHBEzCAtzK0ANDRo6qz78",
				"AQAB",
			),
			"2048",
		},
		{"RSA of 2047 bits", rsa("f"+rsaModulus[1:], "AQAB"), "2048"},
		{"RSA beyond 4096 bits", rsa(strings.Repeat("_", 684), "AQAB"), "4096"},
		{"RSA with e of 1", rsa(rsaModulus, "AQ"), "e is not"},
		{"RSA with e of 3", rsa(rsaModulus, "Aw"), "e is not"},
		{"RSA with even e", rsa(rsaModulus, "AQAC"), "e is not"},
		{"RSA with e beyond 31 bits", rsa(rsaModulus, "_____w"), "e is not"},
		{"RSA with e of 5 bytes", rsa(rsaModulus, "AQAAAAE"), "too large"},
		{"RSA with a zero before e", rsa(rsaModulus, "AAEAAQ"), "integers"},
		{"RSA with a zero before n", rsa("AKH4FgrjAAAA", "AQAB"), "integers"},
		{"RSA without n", `{"kid":"k","alg":"RS256","kty":"RSA","e":"AQAB"}`, "integers"},
		{"RSA without e", `{"kid":"k","alg":"RS256","kty":"RSA","n":"` + rsaModulus + `"}`, "integers"},
		{"RSA with an even n", rsa(rsaModulus[:len(rsaModulus)-2]+"oA", "AQAB"), "even"},
		{"RSA of a faulty chip", rsa(faultyModulus(t), "AQAB"), "faulty chip"},
	}
}

// faultyModulus is a power of 65537 modulo every prime that the fingerprint looks at, which is all
// that betrays the chip.
func faultyModulus(t *testing.T) string {
	t.Helper()
	n := new(big.Int).Exp(big.NewInt(65537), big.NewInt(128), nil)
	if n.BitLen() != 2049 {
		t.Fatalf("%d bits", n.BitLen())
	}
	return jose.EncodeBase64(n.Bytes())
}

// TestParseKeySetRefuses lists text that is no set at all.
func TestParseKeySetRefuses(t *testing.T) {
	for _, text := range []string{
		``, `[]`, `null`, `{}`, `{"keys":null}`, `{"keys":{}}`, `{"Keys":[]}`, `{"keys":[]}x`, `{"keys":[],"keys":[]}`,
		`{"keys":[` + good + `,]}`, `{"keys":[{"kid":"a","kid":"b"}]}`, "{\"keys\":[{\"kid\":\"\xff\"}]}",
		`{"keys":[` + nested(16) + `]}`, good,
	} {
		if set, _, err := jose.ParseKeySet([]byte(text)); err == nil {
			t.Errorf("ParseKeySet(%.60q) = %d keys, want an error", text, set.Len())
		}
	}
}

// TestParseKeySetDuplicateKid proves that no token chooses between two keys, even if one of them is
// bad.
func TestParseKeySetDuplicateKid(t *testing.T) {
	other := `{"kid":"twice","alg":"EdDSA",` + okpMembers + `}`
	for _, test := range []struct{ name, first, second string }{
		{"two good", `{"kid":"twice","alg":"ES256",` + ecMembers + `}`, other},
		{"the same key", other, other},
		{"one for encryption", `{"kid":"twice","alg":"ES256","use":"enc",` + ecMembers + `}`, other},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, skipped, err := jose.ParseKeySet(
				[]byte(`{"keys":[` + test.first + `,` + good + `,` + test.second + `]}`),
			)
			if err != nil || len(skipped) != 2 || set.Len() != 1 || set.Lookup("twice") != nil {
				t.Errorf("ParseKeySet = %v, %v, want both skipped", skipped, err)
			}
		})
	}
	key := mustGenerate(t, jose.ES256).Public()
	if set := jose.NewKeySet(key, key); set.Len() != 0 || set.Lookup(key.ID()) != nil {
		t.Errorf("NewKeySet with one kid twice has %d keys, want none", set.Len())
	}
}

// TestKeySetLookup compares names exactly.
func TestKeySetLookup(t *testing.T) {
	set, _, err := jose.ParseKeySet([]byte(`{"keys":[` + good + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, kid := range []string{"", "Good", "goo", "good ", "good\x00"} {
		if set.Lookup(kid) != nil {
			t.Errorf("Lookup(%q) found a key, want none", kid)
		}
	}
	if set.Lookup("good") == nil {
		t.Error(`Lookup("good") = nil, want the key`)
	}
}

// TestKeySetJSON writes what the world may see, and reads it back.
func TestKeySetJSON(t *testing.T) {
	hmac, err := jose.NewHMAC("hmac", []byte("0cd11f7a39b54fa2a1ad2f9f0e8b6f64"))
	if err != nil {
		t.Fatal(err)
	}
	set := jose.NewKeySet(hmac.Public(), exampleKey(t, `{"kid":"a","alg":"ES256",`+ecMembers+`}`, ""),
		exampleKey(t, `{"kid":"b","alg":"EdDSA",`+okpMembers+`}`, ""),
		exampleKey(t, `{"kid":"\"c\\","alg":"RS256",`+rsaMembers+`}`, ""))
	want := `{"keys":[` +
		`{"alg":"ES256","crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"a","use":"sig"},` +
		`{"alg":"EdDSA","crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"b","use":"sig"},` +
		`{"alg":"RS256","e":"AQAB","kty":"RSA","n":"` + rsaModulus + `","kid":"\"c\\","use":"sig"}]}`
	if got := string(set.JSON()); got != want {
		t.Errorf("JSON = %s, want %s", got, want)
	}
	back, skipped, err := jose.ParseKeySet(set.JSON())
	if err != nil || len(skipped) > 0 || back.Len() != 3 {
		t.Errorf("ParseKeySet of our own = %v, %v, want three keys", skipped, err)
	}
	if got, want := string(jose.NewKeySet().JSON()), `{"keys":[]}`; got != want {
		t.Errorf("JSON of no keys = %s, want %s", got, want)
	}
	if got, want := string(jose.NewKeySet(hmac.Public()).JSON()), `{"keys":[]}`; got != want {
		t.Errorf("JSON of a secret = %s, want %s", got, want)
	}
}
