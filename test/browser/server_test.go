package browser_test

import (
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// Agents of two devices.
const (
	laptop = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
	phone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/18.0 Mobile/15E148 Safari/604.1"
)

// start runs a server until the test ends.
func start(t *testing.T) *handstamptest.Server {
	t.Helper()
	return handstamptest.Start(t, handstamptest.Options{})
}
