package jose_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// Parts of the examples of RFC 7515 §A.2, §A.3 and RFC 7520 §4.
const (
	claims7515    = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	signature7515 = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	payload7520   = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250by" +
		"B0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0" +
		"IGJlIHN3ZXB0IG9mZiB0by4"
)

// TestRFCExamplesRefused shows what RFCs print and a strict verifier does not take to every key of
// the other examples, some of which the signature is good under.
func TestRFCExamplesRefused(t *testing.T) {
	header := func(text string) string { return jose.EncodeBase64([]byte(text)) }
	for _, test := range []struct{ name, token, why string }{
		{"RFC 7515 §A.4 ES512", "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaR" +
			"I1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNr" +
			"mxYbSW9ERBXukOXolLzeO_Jn", `for "ES512"`},
		{"RFC 7515 §A.5, RFC 7519 §6.1 unsecured", "eyJhbGciOiJub25lIn0." + claims7515 + ".", `for "none"`},
		{"RFC 7515 §A.6 general JSON", `{"payload":"` + claims7515 + `","signatures":[{"protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"` + signature7515 + `"}]}`, "three parts"},
		{"RFC 7515 §A.7 flattened JSON", `{"payload":"` + claims7515 + `","protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"` + signature7515 + `"}`, "three parts"},
		{"RFC 7515 §E crit", "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0d" +
			"HA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.", "must be understood"},
		{"RFC 7520 §4.2 PS384",
			header(`{"alg":"PS384","kid":"bilbo.baggins@hobbiton.example"}`) + "." + payload7520 +
				".cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDI" +
				"tllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8V" +
				"dz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7" +
				"xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw", `for "PS384"`},
		{"RFC 7520 §4.3 ES512",
			header(`{"alg":"ES512","kid":"bilbo.baggins@hobbiton.example"}`) + "." + payload7520 +
				".AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_" +
				"u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2", `for "ES512"`},
		{"RFC 7520 §4.6 some headers protected", `{"payload":"` + payload7520 + `","protected":"eyJhbGciOiJIUzI1NiJ9","header":{"kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"},"signature":"bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20"}`, "three parts"},
		{"RFC 7520 §4.7 no header protected", `{"payload":"` + payload7520 + `","header":{"alg":"HS256","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"},"signature":"xuLifqLGiblpv9zBpuZczWhNj1gARaLV3UxvxhJxZuk"}`, "three parts"},
		{"RFC 7797 §4.2 an unencoded payload",
			header(`{"alg":"HS256","b64":false,"crit":["b64"]}`) + "..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY",
			"must be understood"},
		{"RFC 7516 §3.3 an encrypted token", "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AA.48V1_ALb6US04U3b." +
			"5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji.XFBoMYUZodetZdvTiFvSkQ", "three parts"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, example := range rfcExamples {
				key := exampleKey(t, example.jwk, example.secret)
				err := verifyToken(test.token, func(string) *jose.Key { return key })
				if err == nil || !strings.Contains(err.Error(), test.why) {
					t.Errorf("verify with the key of %s = %v, want something of %q", example.name, err, test.why)
				}
			}
		})
	}
}

// TestRFCDetached refuses RFC 7520 §4.5, whose payload goes another way, and takes it once that is
// put in.
func TestRFCDetached(t *testing.T) {
	const head, signature = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
		"s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"
	key := exampleKey(t, "", "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg")
	find := func(string) *jose.Key { return key }
	if err := verifyToken(head+".."+signature, find); err == nil {
		t.Error("verify without the payload: no error, want one")
	}
	if err := verifyToken(head+"."+payload7520+"."+signature, find); err != nil {
		t.Errorf("verify with the payload = %v, want no error", err)
	}
}

// TestRFCKeySets reads the key sets that RFCs print, most of which are examples of something else
// than keys that verify.
func TestRFCKeySets(t *testing.T) {
	const encryption = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}`
	const public = `"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"`
	for _, test := range []struct {
		name, keys string
		want       string   // the kids that are kept
		skipped    []string // why the others are not
	}{
		{"RFC 7517 §A.1 public keys", encryption + `,{` + public + `}`, "2011-04-29", []string{"verifying"}},
		{"RFC 7517 §A.2 private keys", `{"kty":"EC","crv":"P-256","kid":"1","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"},{` + public + `,"p":"83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWU"}`, "", []string{`"d"`, `"p"`}},
		{"RFC 7517 §A.3 symmetric keys", `{"kty":"oct","alg":"A128KW","k":"GawgguFyGrWKav7AX4VKUg"},{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow","kid":"HMACkeyusedinJWSspecAppendixA.1example"}`, "", []string{`"k"`, `"k"`}},
		{"RFC 7520 §3.1 P-521", `{"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521","x":"AHKZ","y":"Adym"}`, "", []string{"algorithm"}},
		{"RFC 8037 §A.1 a private key", `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, "", []string{`"d"`}},
		{"RFC 8037 §A.2 a public key without kid", `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, "", []string{"key id"}},
		{"RFC 8037 §A.6 X25519", `{"kty":"OKP","crv":"X25519","kid":"Bob","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}`, "", []string{"algorithm"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, skipped, err := jose.ParseKeySet([]byte(`{"keys":[` + test.keys + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			var kids []string
			for _, key := range set.Keys() {
				kids = append(kids, key.ID())
			}
			if got := strings.Join(kids, " "); got != test.want || len(skipped) != len(test.skipped) {
				t.Fatalf(
					"ParseKeySet keeps %q and skips %v, want %q and %d skipped",
					got,
					skipped,
					test.want,
					len(test.skipped),
				)
			}
			for i, why := range test.skipped {
				if !strings.Contains(skipped[i].Error(), why) {
					t.Errorf("skipped because %q, want something of %q", skipped[i], why)
				}
			}
		})
	}
}
