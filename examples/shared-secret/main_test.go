package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHandler signs up, and is known by a token that says HS256.
func TestHandler(t *testing.T) {
	secret := make([]byte, 32)
	rand.Read(secret)
	h, err := newHandler(t.TempDir(), "http://localhost:8083", secret)
	if err != nil {
		t.Fatal(err)
	}
	up := httptest.NewRequest("POST", "http://localhost:8083/auth/v1/users",
		strings.NewReader(`{"email":"ada@example.com","password":"violet teapots orbit quietly"}`))
	up.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, up)
	var grant struct {
		AccessToken string `json:"access_token"`
		User        struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &grant); err != nil || w.Code != 201 {
		t.Fatalf("sign up = %d %s, %v, want 201", w.Code, w.Body, err)
	}
	header, _, _ := strings.Cut(grant.AccessToken, ".")
	if text, _ := base64.RawURLEncoding.DecodeString(header); !strings.Contains(string(text), `"alg":"HS256"`) {
		t.Errorf("header = %s, want HS256", text)
	}
	in := httptest.NewRequest("GET", "http://localhost:8083/", nil)
	in.Header.Set("Authorization", "Bearer "+grant.AccessToken)
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, in); w.Body.String() != "hello "+grant.User.ID+"\n" {
		t.Errorf("GET / = %d %s, want hello %s", w.Code, w.Body, grant.User.ID)
	}
	if _, err := newHandler(t.TempDir(), "http://localhost:8083", []byte("changeme")); err == nil {
		t.Error("a short secret is taken, want a refusal")
	}
}
