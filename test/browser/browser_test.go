// Package browser_test uses the pages as people do, with Chromium: by mouse and by keyboard,
// with scripts and without, in both themes and on the narrowest screen. Everything that the
// browser complains of, or asks anybody else for, fails a test. It is a module of its own,
// so that what drives the browser does not enter the product's graph.
package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// chromium is the running browser, in which every profile is one of its own.
var chromium context.Context

// screens is the folder that screenshots are put into, to be looked at afterwards.
var screens string

// driver is what the driver itself could not make sense of.
var driver complaints

// TestMain starts the browser once.
func TestMain(m *testing.M) { os.Exit(runAll(m)) }

// runAll starts the browser, runs the tests and stops it.
func runAll(m *testing.M) int {
	program, err := findChromium()
	if err == nil {
		screens, err = os.MkdirTemp("", "handstamp-screens-")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer fmt.Println("screenshots:", screens)
	allocator, release := chromedp.NewExecAllocator(
		context.Background(),
		flags(program)...) // makes a profile folder and removes it
	defer release()
	started, stop := chromedp.NewContext(allocator, chromedp.WithErrorf(driver.add), chromedp.WithDebugf(watches.read))
	defer stop()
	if err := chromedp.Do(started); err != nil {
		fmt.Fprintf(os.Stderr, "start %s: %v\n", program, err)
		return 1
	}
	chromium = started
	return max(m.Run(), judgeDriver())
}

// judgeDriver prints what the driver did not understand, and returns 1 if there is any: it may hide
// what the tests are about.
func judgeDriver() (code int) {
	for _, line := range driver.take() {
		fmt.Fprintln(os.Stderr, "the driver did not understand the browser:", line)
		code = 1
	}
	return code
}

// findChromium returns the browser's program.
func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf(`
=================================================================
 These tests need Chromium, and there is none on this machine.
 On Debian: apt-get install chromium
=================================================================`)
}

// flags returns those of a browser that has no profile and makes no requests of its own.
func flags(program string) []chromedp.ExecAllocatorOption {
	all := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.WindowSize(1000, 900)}
	for _, name := range strings.Fields(`headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking
		disable-component-update disable-sync disable-dev-shm-usage mute-audio no-default-browser-check hide-scrollbars
		disable-background-timer-throttling disable-backgrounding-occluded-windows disable-renderer-backgrounding`) {
		all = append(all, chromedp.Flag(name, true))
	}
	return all
}

// complaints are lines that come from several places at once.
type complaints struct {
	mu    sync.Mutex // guards lines
	lines []string
}

// add notes one.
func (c *complaints) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

// take returns those since the last call.
func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := c.lines
	c.lines = nil
	return lines
}
