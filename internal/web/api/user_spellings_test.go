package api_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// TestAddressSpellings lets a user in by every spelling of the address, as the pages do.
func TestAddressSpellings(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("bea@bücher.example")
	for _, email := range []string{" bea@bücher.example ", "BEA@BÜCHER.EXAMPLE", "bea@xn--bcher-kva.example"} {
		s.Program(phone).SignIn(email)
	}
}

// TestNameUnseen keeps a name without the marks that nobody sees.
func TestNameUnseen(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("bea@example.com")
	bea := s.Program(phone)
	bea.SignIn("bea@example.com")
	got := bea.Do("PATCH", "/v1/user", `{"name":"\u202bBea\u202e\u200e"}`)
	if name := got.Text("name"); got.Status != 200 || name != "Bea" {
		t.Errorf("PATCH /v1/user = %d, name %q, want Bea: %s", got.Status, name, got.Body)
	}
}
