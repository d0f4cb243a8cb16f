package verify

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// page is what docs/performance.md begins as. Other programs keep sections of their own in it, between
// markers of their own.
//
//go:embed performance.md
var page string

// What stands around the generated section.
const (
	beginMarker = "<!-- verification: begin. Made by bench/cmd/verifybench; do not edit -->\n"
	endMarker   = "<!-- verification: end -->\n"
)

// Replace puts section between the markers of text; empty text is a new page.
func Replace(text, section string) (string, error) {
	if text == "" {
		text = page
	}
	before, rest, found := strings.Cut(text, beginMarker)
	_, after, ended := strings.Cut(rest, endMarker)
	if !found || !ended {
		return "", errors.New("the page has no markers for the section about verification")
	}
	return before + beginMarker + section + endMarker + after, nil
}

// WritePage renews the section in the file at path, which is made if it is not there.
func WritePage(path, section string) error {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	renewed, err := Replace(string(text), section)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(renewed), 0o644)
}

// processor is the model of the processor, as far as the system says
func processor() string {
	name := runtime.GOOS + "/" + runtime.GOARCH
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return name
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value) + ", " + name
		}
	}
	return name
}
