package revocation_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/revocation"
)

// TestParsePlace reads what String returns, and nothing that only looks like it.
func TestParsePlace(t *testing.T) {
	for _, p := range []revocation.Place{{}, place(0), place(7), {Epoch: 1<<63 - 1, Seq: 1<<63 - 1}} {
		if got, err := revocation.ParsePlace(p.String()); got != p || err != nil {
			t.Errorf("ParsePlace(%s) = %v, %v", p, got, err)
		}
	}
	bad := []string{
		"", ".", "1", "1.", ".1", "1.2.3", "-1.2", "1.-2", "+1.2", "01.2", "1.02", " 1.2", "1.2 ", "1,2", "0x1.2",
		"9223372036854775808.1", "1.9223372036854775808", "١.٢", "1e3.1",
	}
	for _, text := range bad {
		if got, err := revocation.ParsePlace(text); err == nil || got != (revocation.Place{}) {
			t.Errorf("ParsePlace(%q) = %v, %v, want it refused", text, got, err)
		}
	}
}
