package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// vulnerability is a function with a known vulnerability that a module calls.
type vulnerability struct {
	id      string
	summary string
	module  string // the folder of the module that calls it
	in      string // the module that has it; "stdlib" is the standard library
	fixed   string // the version of in that has it no more; "": none yet
	caller  string // our function at the end of the shortest trace, and its place
}

// scanner runs govulncheck.
type scanner struct {
	program  string
	database string // a URL
}

// newScanner builds the govulncheck that this module names.
func newScanner(folder string) (*scanner, error) {
	path, err := output("", "go", "tool", "-n", "govulncheck")
	if err != nil {
		return nil, err
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	return &scanner{strings.TrimSpace(string(path)), "file://" + filepath.ToSlash(folder)}, nil
}

// modulesBelow returns the folders below root that have a go.mod.
func modulesBelow(root string) (folders []string, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		base := filepath.Base(name)
		hidden := strings.HasPrefix(base, ".") && name != root
		switch {
		case err != nil:
			return err
		case d.IsDir() && (hidden || base == "testdata" || base == "node_modules"):
			return fs.SkipDir
		case base == "go.mod":
			folder, err := filepath.Rel(root, filepath.Dir(name))
			folders = append(folders, filepath.ToSlash(folder))
			return err
		}
		return nil
	})
	return folders, err
}

// toolLine finds out whether a go.mod names tools.
var toolLine = regexp.MustCompile(`(?m)^tool\b`)

// scan returns what a module calls, its tests included. Whether a vulnerable package is imported
// is known in a second; only if one is does the slow search for calls follow.
func (s *scanner) scan(root, module string) ([]vulnerability, error) {
	folder := filepath.Join(root, module)
	mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return nil, err
	}
	selected := [][]string{{"-test", "./..."}}
	if toolLine.Match(mod) {
		selected = append(selected, []string{"tool"}) // without their tests, whose modules go.sum does not list
	}
	byID := map[string]vulnerability{}
	for _, patterns := range selected {
		imported, err := s.govulncheck(folder, "package", patterns)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(imported.findings, finding.imported) {
			continue
		}
		called, err := s.govulncheck(folder, "symbol", patterns)
		if err != nil {
			return nil, err
		}
		called.collect(module, byID)
	}
	var found []vulnerability
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		found = append(found, byID[id])
	}
	return found, nil
}

// report is what govulncheck says of some packages.
type report struct {
	summaries map[string]string // ID → what the vulnerability is
	findings  []finding
}

// finding is a vulnerable module, package or function that was reached.
type finding struct {
	OSV   string  `json:"osv"`
	Fixed string  `json:"fixed_version"`
	Trace []frame // from the vulnerable function to ours
}

// frame is one step of a trace.
type frame struct {
	Module   string
	Package  string // "" where only the module is known
	Function string // "" where only the package is known
	Receiver string
	Position struct {
		Filename string
		Line     int
	}
}

// imported reports whether the finding is of a package that is imported.
func (f finding) imported() bool { return len(f.Trace) > 0 && f.Trace[0].Package != "" }

// called reports whether the finding is of a function that is called.
func (f finding) called() bool { return len(f.Trace) > 0 && f.Trace[0].Function != "" }

// govulncheck runs the program in a folder.
func (s *scanner) govulncheck(folder, level string, patterns []string) (report, error) {
	arguments := append([]string{"-db", s.database, "-format", "json", "-scan", level}, patterns...)
	out, err := output(folder, s.program, arguments...)
	if err != nil {
		return report{}, err
	}
	r := report{summaries: map[string]string{}}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var message struct {
			OSV     *struct{ ID, Summary string }
			Finding *finding
		}
		switch err := d.Decode(&message); {
		case errors.Is(err, io.EOF):
			return r, nil
		case err != nil:
			return report{}, fmt.Errorf("govulncheck's report: %w", err)
		case message.OSV != nil:
			r.summaries[message.OSV.ID] = message.OSV.Summary
		case message.Finding != nil:
			r.findings = append(r.findings, *message.Finding)
		}
	}
}

// collect adds the vulnerabilities that are called, each with its shortest trace.
func (r report) collect(module string, byID map[string]vulnerability) {
	shortest := map[string]int{} // ID → length of its trace
	for _, f := range r.findings {
		if best, known := shortest[f.OSV]; !f.called() || known && best <= len(f.Trace) {
			continue
		}
		shortest[f.OSV] = len(f.Trace)
		ours := f.Trace[len(f.Trace)-1]
		if generated := !strings.HasSuffix(ours.Position.Filename, ".go"); generated && len(f.Trace) > 1 {
			ours = f.Trace[len(f.Trace)-2] // what the main function of a test calls
		}
		byID[f.OSV] = vulnerability{
			id: f.OSV, summary: r.summaries[f.OSV], module: module, in: f.Trace[0].Module, fixed: f.Fixed,
			caller: fmt.Sprintf(
				"%s.%s, %s:%d",
				ours.Package,
				ours.Function,
				ours.Position.Filename,
				ours.Position.Line,
			),
		}
	}
}
