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
