package main

import (
	"strings"
	"testing"
)

// TestRowsArePrintedAsTheyCome prints a long list before it has ended, and keeps its columns
// aligned.
func TestRowsArePrintedAsTheyCome(t *testing.T) {
	var b strings.Builder
	out := output{w: &b}
	out.begin("ID", "NAME")
	most := 0
	for i := range 100_000 {
		printed := b.Len()
		out.row(nil, i, "Jürgen\x1b[2J")
		most = max(most, len(out.columns.waiting))
		if i == 1000 && printed == 0 {
			t.Error("1,000 rows, and nothing is printed")
		}
	}
	if err := out.end(); err != nil || most > columnRows {
		t.Errorf("%d rows waited: %v", most, err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 100_001 || lines[0] != "ID   NAME" || lines[1] != "0    Jürgen?[2J" ||
		lines[100_000] != "99999  Jürgen?[2J" {
		t.Errorf("%d lines: %q, %q … %q", len(lines), lines[0], lines[1], lines[len(lines)-1])
	}
}
