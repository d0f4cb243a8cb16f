package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
)

// TestFrom finds a fault under wrapping, and hides everything else.
func TestFrom(t *testing.T) {
	wrapped := fmt.Errorf("sign up: %w", fault.New(fault.EmailTaken).Because(io.EOF))
	if got := fault.From(wrapped); got.Code != fault.EmailTaken || got.Kind != fault.Conflict {
		t.Errorf("From(wrapped) = %v, want email_taken", got)
	}
	if !errors.Is(wrapped, io.EOF) {
		t.Error("the cause is lost")
	}
	if got := fault.From(io.EOF); got.Kind != fault.Internal || !errors.Is(got, io.EOF) {
		t.Errorf("From(plain) = %v, want internal, with its cause", got)
	}
}

// TestCatalogue holds every code to a sentence and an advice.
func TestCatalogue(t *testing.T) {
	for _, e := range fault.Catalogue() {
		if e.Say == "" || e.Do == "" {
			t.Errorf("%s: says %q, advises %q, want both", e.Code, e.Say, e.Do)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("New(unlisted) did not panic")
		}
	}()
	fault.New("unlisted")
}
