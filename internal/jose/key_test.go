package jose_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
)

// mustGenerate makes a key.
func mustGenerate(t testing.TB, alg jose.Algorithm) *jose.PrivateKey {
	t.Helper()
	key, err := jose.Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// mustPKCS8 is any private key in the form that ParsePrivateKey reads.
func mustPKCS8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestPrivateKeyRoundTrip keeps a key of each algorithm and reads it back.
func TestPrivateKeyRoundTrip(t *testing.T) {
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		t.Run(string(alg), func(t *testing.T) {
			key := mustGenerate(t, alg)
			if len(key.ID()) != 16 || key.Algorithm() != alg || key.Public().ID() != key.ID() {
				t.Errorf("key %q for %q, want 16 characters and %q", key.ID(), key.Algorithm(), alg)
			}
			der, err := key.MarshalPKCS8()
			if err != nil {
				t.Fatal(err)
			}
			again, err := jose.ParsePrivateKey(alg, key.ID(), der)
			if err != nil {
				t.Fatal(err)
			}
			input := []byte("input")
			signature, err := again.Sign(input)
			if err != nil {
				t.Fatal(err)
			}
			if err := key.Public().Verify(input, signature); err != nil {
				t.Errorf("Verify = %v, want no error", err)
			}
			if err := mustGenerate(t, alg).Public().Verify(input, signature); err == nil {
				t.Error("Verify with another key: no error, want one")
			}
		})
	}
}

// TestGenerateRefuses makes no key for what is not to be published.
func TestGenerateRefuses(t *testing.T) {
	for _, alg := range []jose.Algorithm{"", "none", jose.HS256, "es256", "PS256"} {
		if _, err := jose.Generate(alg); err == nil {
			t.Errorf("Generate(%q): no error, want one", alg)
		}
	}
}

// TestGenerateID makes ids that can stand behind a command: one in 64 would begin with a dash
// by chance.
func TestGenerateID(t *testing.T) {
	for range 3000 {
		key, err := jose.Generate(jose.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		if id := key.ID(); id[0] == '-' || len(id) != 16 {
			t.Fatalf("Generate: id %q, want 16 characters and no dash before them", id)
		}
	}
}

// TestParsePrivateKeyRefuses lists keys that must not sign.
func TestParsePrivateKeyRefuses(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := mustPKCS8(t, p256)
	for _, test := range []struct {
		name string
		alg  jose.Algorithm
		id   string
		der  []byte
	}{
		{"nothing", jose.ES256, "k", nil},
		{"garbage", jose.ES256, "k", []byte("garbage")},
		{"another algorithm", jose.EdDSA, "k", good},
		{"an algorithm unknown", "ES384", "k", good},
		{"another curve", jose.ES256, "k", mustPKCS8(t, p384)},
		{"a weak RSA key", jose.RS256, "k", mustPKCS8(t, weak)},
		{"no id", jose.ES256, "", good},
		{"an id with a line end", jose.ES256, "a\nb", good},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := jose.ParsePrivateKey(test.alg, test.id, test.der); err == nil {
				t.Error("ParsePrivateKey: no error, want one")
			}
		})
	}
	if _, err := jose.ParsePrivateKey(jose.ES256, "k", good); err != nil {
		t.Errorf("ParsePrivateKey of a good key = %v, want no error", err)
	}
}

// TestNewHMACRefuses lists secrets that can be guessed.
func TestNewHMACRefuses(t *testing.T) {
	for _, test := range []struct{ name, secret string }{
		{"nothing", ""},
		{"31 bytes", "0cd11f7a39b54fa2a1ad2f9f0e8b6f6"},
		{"a word", "secret"},
		{"zeros", strings.Repeat("\x00", 32)},
		{"one letter", strings.Repeat("a", 64)},
		{"a pattern", strings.Repeat("0123", 16)},
		{"jwt.io's", "a-string-secret-at-least-256-bits-long"},
		{"Supabase's", "super-secret-jwt-token-with-at-least-32-characters-long"},
		{"a placeholder", "REPLACE_ME_WITH_32_RANDOM_BYTES_PLEASE"},
		{"a keyboard", "Qwertyuiopasdfghjklzxcvbnm1234567890"},
		{"changeme", "ChangeMeChangeMeChangeMeChangeMe!!"},
		{"the alphabet", "abcdefghijklmnopqrstuvwxyz0123456789"},
		{"RFC 7515's", string(mustDecode(t,
			"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))},
		{"RFC 7520's", string(mustDecode(t, "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := jose.NewHMAC("k", []byte(test.secret)); err == nil {
				t.Errorf("NewHMAC(%q): no error, want one", test.secret)
			}
		})
	}
}

// TestNewHMACTakesRandomSecrets, in each form they are kept, and copies them. Chance puts a word
// into one of 400,000 in base64.
func TestNewHMACTakesRandomSecrets(t *testing.T) {
	refused := 0
	for range 1000 {
		secret := make([]byte, 32)
		rand.Read(secret)
		for _, form := range [][]byte{secret, fmt.Appendf(nil, "%x", secret), []byte(jose.EncodeBase64(secret))} {
			key, err := jose.NewHMAC("k", form)
			if err != nil && strings.Contains(err.Error(), "made of words") && refused < 2 {
				refused++
				continue
			}
			if err != nil {
				t.Fatalf("NewHMAC(%q) = %v", form, err)
			}
			signature, err := key.Sign([]byte("input"))
			if err != nil {
				t.Fatal(err)
			}
			form[0]++
			if err := key.Public().Verify([]byte("input"), signature); err != nil {
				t.Error("changing the caller's secret changed the key")
			}
		}
	}
	key, err := jose.NewHMAC("k", []byte("0cd11f7a39b54fa2a1ad2f9f0e8b6f64"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.MarshalPKCS8(); err == nil {
		t.Error("MarshalPKCS8 of an HMAC key: no error, want one")
	}
}

// TestKeysDoNotPrint looks for private bytes in every way to print a key.
func TestKeysDoNotPrint(t *testing.T) {
	const secret = "0cd11f7a39b54fa2a1ad2f9f0e8b6f64"
	hmac, err := jose.NewHMAC("k", []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	seed := []byte("EdDSA seeds are 32 bytes long...")
	eddsa, err := jose.ParsePrivateKey(jose.EdDSA, "k", mustPKCS8(t, ed25519.NewKeyFromSeed(seed)))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		key    *jose.PrivateKey
		secret string
	}{{hmac, secret}, {eddsa, string(seed)}} {
		in := struct {
			private *jose.PrivateKey
			public  *jose.Key
			set     *jose.KeySet
		}{test.key, test.key.Public(), jose.NewKeySet(test.key.Public())}
		numbers := strings.Trim(fmt.Sprint([]byte(test.secret)), "[]")
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			for _, v := range []any{in.private, in.public, in.set, in, &in} {
				got := fmt.Sprintf(verb, v)
				for _, form := range []string{test.secret, fmt.Sprintf("%x", test.secret), numbers} {
					if strings.Contains(got, form) {
						t.Errorf("Sprintf(%q, %T) = %s holds the secret", verb, v, got)
					}
				}
			}
		}
	}
}

// TestSignCompact reads back what it makes, and finds the header to be one constant text.
func TestSignCompact(t *testing.T) {
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA} {
		key := mustGenerate(t, alg)
		const claims = `{"sub":"ada"}`
		token, err := jose.SignCompact(key, "at+jwt", []byte(claims))
		if err != nil {
			t.Fatal(err)
		}
		parts, err := jose.SplitCompact(token)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"alg":"%s","kid":"%s","typ":"at+jwt"}`, alg, key.ID())
		if got := string(mustDecode(t, parts.Header())); got != want {
			t.Errorf("header = %s, want %s", got, want)
		}
		if got := string(mustDecode(t, parts.Payload())); got != claims {
			t.Errorf("payload = %s, want %s", got, claims)
		}
		if err := key.Public().Verify([]byte(parts.SigningInput()), mustDecode(t, parts.Signature())); err != nil {
			t.Errorf("Verify = %v, want no error", err)
		}
	}
}

// TestSplitCompact counts dots.
func TestSplitCompact(t *testing.T) {
	for _, token := range []string{"", ".", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "...", strings.Repeat(".", 1<<20)} {
		if parts, err := jose.SplitCompact(token); err == nil {
			t.Errorf("SplitCompact(%.20q) = %+v, want an error", token, parts)
		}
	}
	got, err := jose.SplitCompact("a.b.c")
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{got.Token, got.Header(), got.Payload(), got.Signature(), got.SigningInput()}
	if want := []string{"a.b.c", "a", "b", "c", "a.b"}; !slices.Equal(parts, want) {
		t.Errorf("SplitCompact = %q, want %q", parts, want)
	}
}
