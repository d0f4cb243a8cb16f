package handstamp_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/handstamp/handstamp"
	"github.com/handstamp/handstamp/verify"
)

// password is one that the policy takes.
const password = "violet teapots orbit quietly"

// open runs an app with the server inside until the test ends, and returns its address.
func open(t *testing.T, secret []byte) string {
	t.Helper()
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	url := strings.Replace(app.URL, "127.0.0.1", "localhost", 1)
	folder := t.TempDir()
	auth, err := handstamp.Open(t.Context(), handstamp.Config{
		PublicURL:     url + "/auth",
		Database:      "sqlite:" + filepath.Join(folder, "handstamp.db"),
		MasterKeyFile: filepath.Join(folder, "handstamp.key"),
		SharedSecret:  secret,
		Logger:        slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := auth.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	mux.Handle("/auth/", auth)
	mux.Handle("GET /hello", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, verify.FromContext(r.Context()).Subject)
	})))
	return url
}

// call sends a request and returns status and body.
func call(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(read)
}

// TestEmbedded signs up in an app that has the server inside; the app knows the person from
// memory, and refuses as soon as the session has ended.
func TestEmbedded(t *testing.T) {
	random := []byte("\x8f\x1c\x9a\x02\xd4\x77\xe0\x5b\x31\xc6\x6e\xaa\x19\xf3\x40\x8d" +
		"\x52\xbb\x07\x64\xe9\x2f\x95\xd8\x13\x7a\xc1\x4c\xee\x36\x80\xa5")
	for name, secret := range map[string][]byte{"own keys": nil, "shared secret": random} {
		t.Run(name, func(t *testing.T) {
			url := open(t, secret)
			status, body := call(t, "POST", url+"/auth/v1/users", "", `{"email":"ada@example.com","password":"`+password+`"}`)
			if status != http.StatusCreated {
				t.Fatalf("sign up = %d %s, want 201", status, body)
			}
			var grant struct {
				Token string `json:"access_token"`
				User  struct{ ID string }
			}
			if err := json.Unmarshal([]byte(body), &grant, json.MatchCaseInsensitiveNames(true)); err != nil {
				t.Fatal(err)
			}
			status, body = call(t, "GET", url+"/hello", grant.Token, "")
			if status != http.StatusOK || body != grant.User.ID {
				t.Errorf("GET /hello = %d %s, want 200 %s", status, body, grant.User.ID)
			}
			if _, keys := call(t, "GET", url+"/auth/.well-known/jwks.json", "", ""); secret != nil && keys != `{"keys":[]}` {
				t.Errorf("JWKS = %s, want no key: the secret is nobody's to fetch", keys)
			}
			status, body = call(t, "DELETE", url+"/auth/v1/session", grant.Token, "")
			if status != http.StatusNoContent {
				t.Fatalf("sign out = %d %s, want 204", status, body)
			}
			if status, _ := call(t, "GET", url+"/hello", grant.Token, ""); status != http.StatusUnauthorized {
				t.Errorf("GET /hello after signing out = %d, want 401", status)
			}
		})
	}
}

// TestOpenRefuses tells every mistake at once, and refuses what is not safe.
func TestOpenRefuses(t *testing.T) {
	_, err := handstamp.Open(t.Context(), handstamp.Config{PublicURL: "http://example.com", Signup: "sometimes"})
	if err == nil || !strings.Contains(err.Error(), "public_url") || !strings.Contains(err.Error(), "signup") {
		t.Errorf("Open = %v, want both mistakes", err)
	}
	folder := t.TempDir()
	_, err = handstamp.Open(t.Context(), handstamp.Config{
		PublicURL: "http://localhost:1/auth", Database: "sqlite:" + filepath.Join(folder, "a.db"), MasterKeyFile: filepath.Join(folder, "a.key"),
		SharedSecret: []byte("my-32-character-ultra-secure-and-ultra-long-secret"),
	})
	if err == nil {
		t.Error("Open with a secret that stands in tutorials = nil, want a refusal")
	}
}
