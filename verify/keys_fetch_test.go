package verify_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// TestNotModified keeps the keys young without sending them again.
func TestNotModified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		p.header.Set("ETag", `"one"`)
		c := p.config()
		c.MaxKeyAge = 10 * time.Minute
		v := mustNew(t, c)
		time.Sleep(time.Hour)
		check(t, v, p.token(), "")
		if p.count() < 10 {
			t.Errorf("%d fetches, want one every 5 min", p.count())
		}
	})
}

// TestBadAnswers lists what an issuer, or somebody on the way, may answer. None of it replaces good
// keys.
func TestBadAnswers(t *testing.T) {
	redirect := func(to string) *http.Response {
		return answerOf(http.StatusFound, http.Header{"Location": {to}}, "")
	}
	for _, test := range []struct {
		name   string
		answer *http.Response
	}{
		{"an error", answerOf(500, nil, "")},
		{"not found", answerOf(404, nil, `{"keys":[]}`)},
		{"not modified, though nobody asked", answerOf(304, nil, "")},
		{"a page", answerOf(200, nil, "<html>")},
		{"nothing", answerOf(200, nil, "")},
		{"no set", answerOf(200, nil, `{}`)},
		{"a set with a member twice", answerOf(200, nil, `{"keys":[],"keys":[]}`)},
		{"more than a mebibyte", answerOf(200, nil, `{"keys":[`+strings.Repeat(" ", 1<<20)+`]}`)},
		{"to another host", redirect("https://evil.example/jwks")},
		{"to the same host by http", redirect("http://auth.example.com/jwks")},
		{"to another port", redirect("https://auth.example.com:8443/jwks")},
		{"to itself for ever", redirect("/jwks")},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPublisher(t)
				v := mustNew(t, p.config())
				check(t, v, p.token(), "")
				body, err := io.ReadAll(test.answer.Body)
				if err != nil {
					t.Fatal(err)
				}
				p.change(func() {
					p.answered = func(path string) *http.Response {
						if path != "/jwks" {
							return nil
						}
						return answerOf(test.answer.StatusCode, test.answer.Header, string(body))
					}
				})
				time.Sleep(10 * time.Minute)
				check(t, v, p.token(), "")
				if v.Status().KeysError == nil {
					t.Error("Status says nothing of it")
				}
				p.change(func() { p.answered = nil })
				p.add(t)
				time.Sleep(90 * time.Second)
				check(t, v, p.token(), "")
			})
		})
	}
}

// TestRedirectOnOneHost is followed.
func TestRedirectOnOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		p.metadata = strings.Replace(p.metadata, "/jwks", "/old", 1)
		p.answered = func(path string) *http.Response {
			if path == "/old" {
				return answerOf(http.StatusFound, http.Header{"Location": {"/jwks"}}, "")
			}
			return nil
		}
		check(t, mustNew(t, p.config()), p.token(), "")
	})
}

// TestBadMetadata trusts no metadata that speaks for another issuer, or points to where keys could
// be changed on the way.
func TestBadMetadata(t *testing.T) {
	for _, test := range []struct{ name, metadata string }{
		{"of another issuer", `{"issuer":"https://evil.example","jwks_uri":"https://auth.example.com/jwks"}`},
		{"with a slash more", `{"issuer":"https://auth.example.com/","jwks_uri":"https://auth.example.com/jwks"}`},
		{"without issuer", `{"jwks_uri":"https://auth.example.com/jwks"}`},
		{"with two issuers", `{"issuer":"https://evil.example","issuer":"https://auth.example.com","jwks_uri":"https://auth.example.com/jwks"}`},
		{"without keys", `{"issuer":"https://auth.example.com"}`},
		{"with keys by http", `{"issuer":"https://auth.example.com","jwks_uri":"http://auth.example.com/jwks"}`},
		{"with keys by http from loopback", `{"issuer":"https://auth.example.com","jwks_uri":"http://127.0.0.1/jwks"}`},
		{"with keys from a file", `{"issuer":"https://auth.example.com","jwks_uri":"file:///jwks"}`},
		{"that is no JSON", `<html>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPublisher(t)
				good := p.metadata
				p.metadata = test.metadata
				v := mustNew(t, p.config())
				check(t, v, p.token(), verify.CodeKeysUnavailable)
				p.change(func() { p.metadata = good })
				time.Sleep(90 * time.Second)
				check(t, v, p.token(), "")
			})
		})
	}
}

// TestMovedKeys finds the keys again when the metadata names a new place.
func TestMovedKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		check(t, v, p.token(), "")
		p.add(t)
		p.change(func() {
			p.metadata = strings.Replace(p.metadata, "/jwks", "/moved", 1)
			p.answered = func(path string) *http.Response {
				switch path {
				case "/jwks":
					return answerOf(http.StatusGone, nil, "")
				case "/moved":
					return answerOf(http.StatusOK, nil, string(jose.NewKeySet(p.keys[0].Public()).JSON()))
				}
				return nil
			}
		})
		time.Sleep(10 * time.Minute)
		check(t, v, p.token(), "")
	})
}

// TestJWKSOverTheNetwork fetches from a server on loopback, without metadata.
func TestJWKSOverTheNetwork(t *testing.T) {
	server := httptest.NewServer(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(publicJWKS()) }),
	)
	defer server.Close()
	c := testConfig()
	c.Issuer = server.URL
	c.Keys = verify.JWKS(server.URL + "/anywhere")
	v := mustNew(t, c)
	// A token would wait for two seconds, which may be too short while a machine is busy.
	for s := v.Status(); len(s.KeyIDs) == 0 || s.Feed.On; s = v.Status() {
		time.Sleep(time.Millisecond)
	}
	check(t, v, forge(goodHeader("ES256"), goodClaims().with("iss", quote(server.URL))), "")
}
