package browser_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// axe returns the source of axe-core, which npm brings as axe/package-lock.json pins it.
var axe = sync.OnceValues(func() (string, error) {
	bring := exec.Command("npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")
	bring.Dir = "axe"
	if out, err := bring.CombinedOutput(); err != nil {
		return "", &npmError{err, string(out)}
	}
	source, err := os.ReadFile(filepath.Join("axe", "node_modules", "axe-core", "axe.min.js"))
	return string(source), err
})

// npmError is npm's, with what to do about it.
type npmError struct {
	err    error
	output string
}

// Error says what to do.
func (e *npmError) Error() string {
	return "npm ci in test/browser/axe: " + e.err.Error() + "\n" + e.output + "These tests need npm. On Debian: " +
		"apt-get install npm"
}

// finding is one that axe reports of a page.
type finding struct {
	ID     string
	Impact string // minor, moderate, serious or critical
	Help   string
	Nodes  []struct{ HTML, FailureSummary string }
}

// String describes it for whoever mends the page.
func (f finding) String() string {
	var out strings.Builder
	out.WriteString(f.Impact + ", " + f.ID + ": " + f.Help)
	for _, n := range f.Nodes {
		out.WriteString("\n  " + n.HTML + "\n  " + strings.ReplaceAll(n.FailureSummary, "\n", "\n  "))
	}
	return out.String()
}

// judge returns what axe finds wrong with the page as it is. The script comes from the
// driver: the page's own policy lets none in.
func (p *profile) judge() []finding {
	p.t.Helper()
	source, err := axe()
	if err != nil {
		p.t.Fatal(err)
	}
	const run = `axe.run(document, {preload: false, resultTypes: ["violations"]}).then(r => r.violations)`
	p.do(script(source))
	return mustRun(p, chromedp.Evaluate[[]finding](run, chromedp.EvalAwaitPromise))
}

// TestAxe has axe find what is wrong with a page that was spoiled.
func TestAxe(t *testing.T) {
	t.Parallel()
	p := newProfile(t, start(t).URL)
	p.visit("/signin")
	p.do(script(`document.querySelector("label").remove(); document.documentElement.removeAttribute("lang")`))
	found := map[string]bool{} // rule → it was broken
	for _, f := range p.judge() {
		found[f.ID] = f.Impact == "serious" || f.Impact == "critical"
	}
	for _, rule := range []string{"label", "html-has-lang"} {
		if !found[rule] {
			t.Errorf("axe does not find that %s is broken: %v", rule, found)
		}
	}
}
