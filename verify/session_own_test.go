package verify_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify"
)

// spoil changes everything that a handler can reach of a session.
func spoil(s *verify.Session) {
	for _, list := range [][]string{s.Audience, s.Roles, s.Scope, s.AMR} {
		_ = append(list, "admin")
		for i := range list {
			list[i] = "admin"
		}
	}
	s.Roles = append(s.Roles, "admin")
	s.Subject, s.ID, s.ClientID, s.ACR = "eve", "eve", "eve", "aal3"
	s.ExpiresAt = s.ExpiresAt.AddDate(1, 0, 0)
}

// asSaid is the part of a session that handlers see.
func asSaid(s *verify.Session) verify.Session {
	return verify.Session{
		Subject: s.Subject, ID: s.ID, Audience: s.Audience, ClientID: s.ClientID, TokenID: s.TokenID, KeyID: s.KeyID,
		Roles: s.Roles, Scope: s.Scope, AMR: s.AMR, ACR: s.ACR,
		AuthTime: s.AuthTime, IssuedAt: s.IssuedAt, ExpiresAt: s.ExpiresAt,
	}
}

// TestSessionIsOwn has handlers change all that they can reach of their session: what the next
// request with the same token gets is what the token says, whichever way it comes (JV-24, JV-33).
func TestSessionIsOwn(t *testing.T) {
	v := mustNew(t, testConfig())
	token := forge(
		goodHeader(jose.ES256),
		goodClaims().with("roles", `["member","billing"]`).with("amr", `["pwd","otp"]`),
	)
	first, err := v.Verify(context.Background(), token)
	if err != nil {
		t.Fatal(err)
	}
	want := asSaid(first)
	for _, list := range []*[]string{&want.Audience, &want.Roles, &want.Scope, &want.AMR} {
		*list = append([]string(nil), *list...)
	}
	look := func(way string, s *verify.Session) {
		t.Helper()
		if got := asSaid(s); !reflect.DeepEqual(got, want) {
			t.Errorf("%s, after others changed theirs: %+v, want %+v", way, got, want)
		}
		spoil(s)
	}
	spoil(first)
	behind := v.RequireFunc(
		func(_ http.ResponseWriter, r *http.Request) { look("Require", verify.FromContext(r.Context())) },
	)
	optional := v.Optional(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		look("Optional", verify.FromContext(r.Context()))
	}))
	for range 3 {
		s, err := v.Verify(context.Background(), token)
		if err != nil {
			t.Fatal(err)
		}
		look("Verify", s)
		r := authorized(token)
		if s, err = v.Authenticate(r); err != nil {
			t.Fatal(err)
		}
		look("Authenticate", s)
		ask(behind, "GET", "/", "Authorization", "Bearer "+token)
		ask(optional, "GET", "/", "Authorization", "Bearer "+token)
	}
}

// authorized is a request that carries a token.
func authorized(token string) *http.Request {
	r, _ := http.NewRequest(http.MethodGet, "https://api.example.com/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// TestRepeatAllocatesNothing shows a token again to a caller that looks at the session and keeps
// nothing of it. One who does keep some of it pays for one piece of memory, the session.
func TestRepeatAllocatesNothing(t *testing.T) {
	v := mustNew(t, testConfig())
	token, ctx := goodToken(), context.Background()
	budget{0, 0}.spend(t, "a token seen before", func() {
		if s, err := v.Verify(ctx, token); err != nil || s.Subject != "ada" || !s.HasScope("read") {
			t.Fatal("not the session")
		}
	})
	var kept *verify.Session
	budget{1, 512}.spend(t, "a token seen before, whose session is kept", func() {
		kept, _ = v.Verify(ctx, token)
	})
	if kept.Subject != "ada" {
		t.Errorf("kept %+v", kept)
	}
}
