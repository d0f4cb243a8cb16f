package jose_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// The claims that RFC 7515 §A.1 to §A.3 sign, with the line ends of the RFC.
const rfc7515Claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"

// rfcExamples are signatures printed in RFCs, with the public keys printed beside them, to which
// the members that we require are added.
var rfcExamples = []struct {
	name    string
	jwk     string // a public key, or empty for an HMAC
	secret  string // of an HMAC, base64url
	token   string
	payload string
}{
	{
		name:   "RFC 7515 §A.1 HS256",
		secret: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
		token: "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6" +
			"Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		payload: rfc7515Claims,
	},
	{
		name: "RFC 7515 §A.2 RS256",
		jwk:  `{"kty":"RSA","kid":"k","alg":"RS256","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}`,
		token: "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p" +
			"c19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YK" +
			"t_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1" +
			"L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np" +
			"6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
		payload: rfc7515Claims,
	},
	{
		name: "RFC 7515 §A.3 ES256",
		jwk:  `{"kty":"EC","kid":"k","alg":"ES256","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
		token: "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p" +
			"c19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6N" +
			"U1Q",
		payload: rfc7515Claims,
	},
	{
		name: "RFC 7520 §4.1 RS256",
		jwk:  `{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","alg":"RS256","e":"AQAB","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"}`,
		token: "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9." +
			"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm" +
			"9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJl" +
			"IHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx99" +
			"6ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x" +
			"8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3" +
			"F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
		payload: "It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't " +
			"keep your feet, there’s no knowing where you might be swept off to.",
	},
	{
		name:   "RFC 7520 §4.4 HS256",
		secret: "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
		token: "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9." +
			"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm" +
			"9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJl" +
			"IHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
		payload: "It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't " +
			"keep your feet, there’s no knowing where you might be swept off to.",
	},
	{
		name: "RFC 8037 §A.4 EdDSA",
		jwk:  `{"kty":"OKP","kid":"k","alg":"EdDSA","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		token: "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
			"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
		payload: "Example of Ed25519 signing",
	},
}

// TestRFCExamples checks what the RFCs print, and that no other bit would have passed.
func TestRFCExamples(t *testing.T) {
	for _, test := range rfcExamples {
		t.Run(test.name, func(t *testing.T) {
			key := exampleKey(t, test.jwk, test.secret)
			parts, err := jose.SplitCompact(test.token)
			if err != nil {
				t.Fatal(err)
			}
			payload := mustDecode(t, parts.Payload())
			if string(payload) != test.payload {
				t.Errorf("payload = %q, want %q", payload, test.payload)
			}
			signature := mustDecode(t, parts.Signature())
			if err := key.Verify([]byte(parts.SigningInput()), signature); err != nil {
				t.Errorf("Verify = %v, want no error", err)
			}
			for i := range signature {
				signature[i] ^= 1 << (i % 8)
				if key.Verify([]byte(parts.SigningInput()), signature) == nil {
					t.Errorf("Verify with byte %d of the signature changed: no error, want one", i)
				}
				signature[i] ^= 1 << (i % 8)
			}
			for _, other := range []string{"", parts.SigningInput() + ".", parts.SigningInput()[1:]} {
				if key.Verify([]byte(other), signature) == nil {
					t.Errorf("Verify(%.20q): no error, want one", other)
				}
			}
			for _, n := range []int{0, 1, len(signature) - 1} {
				if key.Verify([]byte(parts.SigningInput()), signature[:n]) == nil {
					t.Errorf("Verify with %d bytes of the signature: no error, want one", n)
				}
			}
			if key.Verify([]byte(parts.SigningInput()), append(signature, 0)) == nil {
				t.Error("Verify with a byte more: no error, want one")
			}
		})
	}
}

// TestRFCSigning makes the signature of RFC 8037 §A.4 from the private key of §A.1.
func TestRFCSigning(t *testing.T) {
	seed := mustDecode(t, "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	key, err := jose.ParsePrivateKey(jose.EdDSA, "k", der)
	if err != nil {
		t.Fatal(err)
	}
	got, err := key.Sign([]byte("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	if jose.EncodeBase64(got) != want {
		t.Errorf("Sign = %s, want %s", jose.EncodeBase64(got), want)
	}
}

// exampleKey is the key of an example: public, or an HMAC.
func exampleKey(t *testing.T, jwk, secret string) *jose.Key {
	t.Helper()
	if jwk == "" {
		return jose.UncheckedHMAC("k", mustDecode(t, secret)).Public()
	}
	set, skipped, err := jose.ParseKeySet([]byte(`{"keys":[` + jwk + `]}`))
	if err != nil || len(skipped) > 0 || set.Len() != 1 {
		t.Fatalf("ParseKeySet = %v, %v, want one key", skipped, err)
	}
	return set.Keys()[0]
}

// mustDecode decodes base64url of the test's own.
func mustDecode(t *testing.T, text string) []byte {
	t.Helper()
	b, err := jose.DecodeBase64(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRFC6979 makes the signatures of RFC 6979 §A.2.5, which no random nonce makes.
func TestRFC6979(t *testing.T) {
	key := mustES256(t, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
	for _, test := range []struct{ message, r, s string }{
		{"sample", "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
			"F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"},
		{"test", "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
			"019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"},
	} {
		got, err := key.Sign([]byte(test.message))
		if err != nil {
			t.Fatal(err)
		}
		if want := test.r + test.s; fmt.Sprintf("%X", got) != want {
			t.Errorf("Sign(%q) = %X, want %s", test.message, got, want)
		}
	}
}

// TestES256Length signs what makes r or s short by a byte or two, which must be filled up.
func TestES256Length(t *testing.T) {
	key := mustES256(t, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
	for _, test := range []struct {
		message string
		at      int // where the bytes are missing
		zeros   string
	}{{"281", 0, "\x00"}, {"148885", 0, "\x00\x00"}, {"192", 32, "\x00"}, {"95258", 32, "\x00\x00"}} {
		got, err := key.Sign([]byte(test.message))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 64 || !strings.HasPrefix(string(got[test.at:]), test.zeros) {
			t.Errorf(
				"Sign(%q) = %X, want 64 bytes and %d of them zero from %d",
				test.message,
				got,
				len(test.zeros),
				test.at,
			)
		}
		if err := key.Public().Verify([]byte(test.message), got); err != nil {
			t.Errorf("Verify of what Sign(%q) gave = %v, want no error", test.message, err)
		}
	}
}

// TestParseES256DER reads a signature of crypto/ecdsa, and refuses it cut short, with a byte more,
// and with other tags and lengths.
func TestParseES256DER(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for range 64 { // r and s with and without a zero byte before them
		der, err := ecdsa.SignASN1(rand.Reader, private, make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := jose.ParseES256DER(der); err != nil || len(got) != 64 {
			t.Fatalf("ParseES256DER(%x) = %x, %v", der, got, err)
		}
		bad := [][]byte{append(der[:len(der):len(der)], 0)}
		for n := range der {
			bad = append(bad, der[:n])
		}
		for _, at := range []int{0, 1, 2, 3, 4 + int(der[3]), 5 + int(der[3])} { // tags and lengths
			for value := range 256 {
				if byte(value) != der[at] {
					other := bytes.Clone(der)
					other[at] = byte(value)
					bad = append(bad, other)
				}
			}
		}
		for _, other := range bad {
			if got, err := jose.ParseES256DER(other); err == nil {
				t.Fatalf("ParseES256DER(%x) = %x, want an error", other, got)
			}
		}
	}
}

// mustES256 is the key with this scalar, in hexadecimal.
func mustES256(t *testing.T, scalar string) *jose.PrivateKey {
	t.Helper()
	raw, err := hex.DecodeString(scalar)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		t.Fatal(err)
	}
	private, err := jose.ParsePrivateKey(jose.ES256, "k", mustPKCS8(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return private
}
