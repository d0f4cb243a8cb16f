package guides

import (
	"strings"
	"testing"
)

// TestServices walks through docs/guide-service-keys.md, on ports of its own.
func TestServices(t *testing.T) {
	t.Parallel() // it waits for most of its time
	server, one, two, folder := freeAddress(t), freeAddress(t), freeAddress(t), t.TempDir()
	w := walk{
		guide: "guide-service-keys.md",
		elsewhere: strings.NewReplacer(
			"http://localhost:8787", local(server), "http://localhost:8081", local(one),
			"http://localhost:8082", local(two),
			"127.0.0.1:8081", one, "127.0.0.1:8082", two, "sleep 1\n", "sleep 10\n", // a machine that tests may be slow
		),
		env:    append(serverEnvironment(server, folder), "ISSUER="+local(server)),
		starts: []string{server, one, two},
		// Go is compiled by internal/repo; a command for production has no production here.
		skip: []string{"go", "sh"},
	}
	if answers := w.run(t); answers != 2 {
		t.Errorf("the guide has %d answers, want 2", answers)
	}
}
