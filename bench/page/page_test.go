package page_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/bench/verification"
)

// TestReplace proves that other sections of the page stay as they are.
func TestReplace(t *testing.T) {
	text, err := verification.Place.Replace("", "one\n")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "# Performance\n", "# Performance\n\n## Another section\n", 1) + "\n## The end\n"
	again, err := verification.Place.Replace(text, "two\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(text, "one\n", "two\n", 1); again != want {
		t.Errorf("Replace = %s, want %s", again, want)
	}
	if _, err := verification.Place.Replace("# A page without markers\n", "x"); err == nil {
		t.Error("Replace on a page without markers: no error, want one")
	}
}
