package verify_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestStandardLibraryOnly proves that a service which verifies our tokens links nothing else of
// ours or anyone's, and that these tests need nothing else either.
func TestStandardLibraryOnly(t *testing.T) {
	const module = "github.com/handstamp/handstamp/"
	allowed := map[string]bool{
		module + "verify": true, module + "verify/verifytest": true,
		module + "verify/internal/cache": true, module + "verify/internal/clock": true,
		module + "verify/internal/feed": true, module + "verify/internal/keyset": true,
		module + "verify/internal/throttle": true,
		module + "internal/jose":            true, module + "internal/revocation/revoked": true,
		module + "internal/origin":       true,
		module + "internal/test/logtest": true, // of the tests alone: repo.TestConfined
	}
	out, err := exec.Command(
		"go",
		"list",
		"-deps",
		"-test",
		"-f",
		"{{if not .Standard}}{{.ImportPath}}{{end}}",
		module+"verify/...",
		module+"internal/jose",
		module+"internal/origin",
		module+"internal/revocation/revoked",
		module+"internal/test/logtest",
	).Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		path, _, _ := strings.Cut(strings.TrimSpace(line), " ") // "x [x.test]" is x built for a test
		path = strings.TrimSuffix(strings.TrimSuffix(path, ".test"), "_test")
		if path == "" {
			continue
		}
		seen++
		if !allowed[path] {
			t.Errorf("%s is among the dependencies, want the standard library alone", path)
		}
	}
	if seen < len(allowed) {
		t.Errorf("go list named %d packages, want at least %d", seen, len(allowed))
	}
	// html/template keeps every method of every type in the binary.
	std, err := exec.Command("go", "list", "-deps", module+"verify").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, heavy := range []string{"text/template", "html/template", "testing", "expvar"} {
		for line := range strings.Lines(string(std)) {
			if strings.TrimSpace(line) == heavy {
				t.Errorf("verify links %s, want it without", heavy)
			}
		}
	}
}
