// Package page keeps docs/performance.md: the sections that programs renew, each between markers of
// its own, and how a figure is written there.
package page

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// fresh is what the page begins as, with the markers of every section.
//
//go:embed performance.md
var fresh string

// Section is a part of the page that one program renews.
type Section struct {
	Name    string // stands in the markers
	Program string // the folder of the program that makes it
}

// markers are what stands around the section.
func (s Section) markers() (begin, end string) {
	begin = fmt.Sprintf("<!-- %s: begin. Made by %s; do not edit -->\n", s.Name, s.Program)
	return begin, fmt.Sprintf("<!-- %s: end -->\n", s.Name)
}

// Replace puts body between the section's markers in text; empty text is a new page.
func (s Section) Replace(text, body string) (string, error) {
	if text == "" {
		text = fresh
	}
	begin, end := s.markers()
	before, rest, found := strings.Cut(text, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", errors.New("the page has no markers for the section " + s.Name)
	}
	return before + begin + body + end + after, nil
}

// Write renews the section in the file at path, which is made if it is not there.
func (s Section) Write(path, body string) error {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	renewed, err := s.Replace(string(text), body)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(renewed), 0o644)
}

// Processor is the model of the processor, as far as the system says.
func Processor() string {
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
