package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOneClock finds no command that asks this machine for the time: what a command writes stands
// beside what servers write by the database's clock, and must not be from the past or the future of
// theirs.
func TestOneClock(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), "time."+"Now") {
			t.Errorf("%s calls time.Now, want Server.Now", file)
		}
	}
}
