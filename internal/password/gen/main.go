// Command gen makes common.bin, the list of common passwords that the server refuses.
//
//	go run ./internal/password/gen                 # make common.bin again; needs no network
//	go run ./internal/password/gen -import FOLDER  # make leaked.txt.gz first, from the two packages
//
// Everything that goes into the list is in this folder: leaked.txt.gz holds what was found in
// leaks, the Go files build what a guesser makes of it. The same tree always makes the same
// bytes. README.md names the sources and their licences.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // for leaked.txt.gz
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The shape of common.bin, as internal/password reads it.
const (
	entrySize = 6 // bytes of the SHA-256 that are kept
	minLength = 8 // code points; no policy takes less, so shorter ones need no entry
)

// leaked is leaked.txt.gz: one password a line, the most used first.
//
//go:embed leaked.txt.gz
var leaked []byte

// main runs and says what went wrong.
func main() {
	folder := flag.String("import", "", "make leaked.txt.gz again from the packages in this folder")
	flag.Parse()
	if err := run(*folder); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes common.bin, and before it leaked.txt.gz when folder is not empty. It is called
// from the root of the tree.
func run(folder string) error {
	home := filepath.Join("internal", "password")
	if folder != "" {
		packed, err := importLeaked(folder)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(home, "gen", "leaked.txt.gz"), packed, 0o644); err != nil {
			return err
		}
		leaked = packed
	}
	list, err := build(leaked)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, "common.bin"), list, 0o644)
}

// build makes the list from packed and from what the other files of this folder expect.
func build(packed []byte) ([]byte, error) {
	lines, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	digests := map[[entrySize]byte]bool{}
	add := func(password string) {
		folded := strings.ToLower(norm.NFC.String(password))
		if utf8.RuneCountInString(folded) >= minLength {
			sum := sha256.Sum256([]byte(folded))
			digests[[entrySize]byte(sum[:entrySize])] = true
		}
	}
	for _, line := range lines {
		add(line)
	}
	addForms(baseWords(lines, moreWords), add)
	addPairs(baseWords(lines, nil), add)
	addWalks(add)
	addPhrases(add)
	return pack(digests), nil
}

// pack sorts the digests and puts them end to end.
func pack(digests map[[entrySize]byte]bool) []byte {
	all := make([][entrySize]byte, 0, len(digests))
	for digest := range digests {
		all = append(all, digest)
	}
	slices.SortFunc(all, func(a, b [entrySize]byte) int { return bytes.Compare(a[:], b[:]) })
	packed := make([]byte, 0, len(all)*entrySize)
	for _, digest := range all {
		packed = append(packed, digest[:]...)
	}
	return packed
}

// unpack returns the lines of a gzip file.
func unpack(packed []byte) ([]string, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var lines []string
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	return lines, scanner.Err()
}
