package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
)

// maxSize is what the list may add to the program, in bytes.
const maxSize = 1_000_000

// TestListIsMadeFromThisFolder builds the list again and compares.
func TestListIsMadeFromThisFolder(t *testing.T) {
	want, err := build(leaked)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "common.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("common.bin is not what this folder makes: run go run ./internal/password/gen")
	}
	if entries := len(got) / entrySize; len(got) > maxSize || entries < 100_000 {
		t.Errorf("the list has %d entries in %d bytes, want at least 100000 in at most %d", entries, len(got), maxSize)
	}
}

// TestServerKnowsTheList holds the two sides to one way of writing an entry: what is put in
// here is found there.
func TestServerKnowsTheList(t *testing.T) {
	lines, err := unpack(leaked)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	refused := func(text string) {
		if len(text) < minLength {
			return
		}
		asked++
		policy := password.Policy{MinLength: minLength}
		if got := policy.Judge(secret.New(text), password.About{}); len(got) != 1 || got[0].Code != password.TooCommon {
			t.Errorf("Judge(%q) = %v, want too_common", text, got)
		}
	}
	for _, line := range lines[:5000] {
		refused(line)
	}
	addWalks(refused)
	addPhrases(refused)
	if asked < 10_000 {
		t.Errorf("asked about %d passwords, want more than 10000", asked)
	}
}

// TestImportRefusesAnotherPackage refuses a package that npm does not list.
func TestImportRefusesAnotherPackage(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, seclists.tarball), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := importLeaked(folder); err == nil {
		t.Error("importLeaked(another package) = nil, want an error")
	}
}
