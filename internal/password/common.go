package password

import (
	"crypto/sha256"
	_ "embed" // for common.bin
	"sort"
)

// common is the list of common passwords: the first entrySize bytes of the SHA-256 of each,
// in lower case and NFC, sorted, end to end. gen makes it. Nothing is read at start: a
// look-up is a search in the program's own image.
//
//go:embed common.bin
var common string

// entrySize is how much of a digest is kept. With 10^5 entries a password that is not listed
// is taken for one that is once in 10^9 times.
const entrySize = 6

// listed reports whether a password, in lower case and NFC, is a common one.
func listed(folded string) bool {
	sum := sha256.Sum256([]byte(folded))
	want := string(sum[:entrySize])
	entry := func(i int) string { return common[i*entrySize : (i+1)*entrySize] }
	n := len(common) / entrySize
	i := sort.Search(n, func(i int) bool { return entry(i) >= want })
	return i < n && entry(i) == want
}
