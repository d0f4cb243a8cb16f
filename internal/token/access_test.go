package token_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/token"
)

// oneKey signs with one key, whatever the time.
type oneKey struct{ key *jose.PrivateKey }

// Active returns the key.
func (k oneKey) Active(time.Time) *jose.PrivateKey { return k.key }

// newMinter makes tokens of ten minutes.
func newMinter(t *testing.T) *token.Minter {
	t.Helper()
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	issue := token.Issue{Issuer: "https://auth.example", Audience: "https://api.example", Life: 10 * time.Minute}
	return token.NewMinter(oneKey{key}, issue)
}

// standing returns a signed-in user at noon.
func standing() store.Standing {
	return store.Standing{
		Session: store.Session{
			ID: store.SessionID{7}, ExpiresAt: noon.Add(time.Hour), AuthTime: noon.Add(-time.Minute),
			AMR: []string{"pwd"}, ACR: "aal1",
		},
		User: store.User{ID: "usr_AAAAAAAAAAAAAAAAAAAAAA", Email: "ada@example.com", Name: "Ada"},
	}
}

// parts decodes a token's header and claims.
func parts(t *testing.T, a token.Access) (header string, claims map[string]any) {
	t.Helper()
	split := strings.Split(a.Text.Reveal(), ".")
	rawHeader, _ := base64.RawURLEncoding.DecodeString(split[0])
	rawClaims, _ := base64.RawURLEncoding.DecodeString(split[1])
	if err := json.Unmarshal(rawClaims, &claims); err != nil {
		t.Fatal(err)
	}
	return string(rawHeader), claims
}

// TestMint says all that RFC 9068 asks for, and nothing about the person.
func TestMint(t *testing.T) {
	access, err := newMinter(t).Mint(standing(), noon)
	if err != nil {
		t.Fatal(err)
	}
	header, claims := parts(t, access)
	if !strings.HasPrefix(header, `{"alg":"ES256","kid":"`) || !strings.HasSuffix(header, `","typ":"at+jwt"}`) {
		t.Errorf("header = %s, want alg, kid, typ", header)
	}
	want := map[string]any{
		"iss": "https://auth.example", "aud": "https://api.example", "sub": "usr_AAAAAAAAAAAAAAAAAAAAAA",
		"client_id": "first-party", "iat": float64(noon.Unix()), "exp": float64(noon.Unix() + 600),
		"auth_time": float64(noon.Unix() - 60), "acr": "aal1",
	}
	for name, value := range want {
		if claims[name] != value {
			t.Errorf("%s = %v, want %v", name, claims[name], value)
		}
	}
	for _, absent := range []string{"email", "name", "scope", "roles"} {
		if _, there := claims[absent]; there {
			t.Errorf("%s is there, want it absent", absent)
		}
	}
	if len(claims["jti"].(string)) != 22 || len(claims["sid"].(string)) != 22 || access.ExpiresIn != 10*time.Minute {
		t.Errorf("jti %v, sid %v, expires in %v", claims["jti"], claims["sid"], access.ExpiresIn)
	}
}

// TestMintTimes moves iat past a NotBefore of the same second, and exp before the session's end.
func TestMintTimes(t *testing.T) {
	m, s := newMinter(t), standing()
	s.User.NotBefore = noon.Unix() + 1
	access, err := m.Mint(s, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, claims := parts(t, access); claims["iat"] != float64(noon.Unix()+2) {
		t.Errorf("iat = %v, want one second after not_before", claims["iat"])
	}
	s = standing()
	s.Session.ExpiresAt = noon.Add(time.Minute)
	if access, _ = m.Mint(s, noon); access.ExpiresIn != time.Minute {
		t.Errorf("ExpiresIn = %v, want the minute that the session has left", access.ExpiresIn)
	}
}

// TestMintTooLarge is an error that names the cause, not a cookie that browsers drop.
func TestMintTooLarge(t *testing.T) {
	s := standing()
	s.User.Roles = []string{strings.Repeat("r", 2000)}
	if _, err := newMinter(t).Mint(s, noon); err == nil || !strings.Contains(err.Error(), "roles") {
		t.Errorf("Mint with 2000 bytes of roles = %v, want an error that says roles", err)
	}
}
