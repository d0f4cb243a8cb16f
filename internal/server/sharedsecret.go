package server

import (
	"bytes"
	_ "embed"
	"errors"
	"math"
	"strings"
)

// wordsText is what people make secrets of: some 900 words, one a line.
//
//go:embed words.txt
var wordsText string

// The rule of docs/decisions/0019: how surely a secret is made of words before it is refused, in
// bits. A random one gets there less than once in 2^31.
const tooSure = 31

// checkSharedSecret refuses a shared secret that people made up: whoever has seen one token can try
// words until one of them fits. Random characters pass, in whatever alphabet: of 10^9 secrets it
// refuses less than one. Length is checked where the key is made.
func checkSharedSecret(secret []byte) error {
	switch {
	case len(secret) == 0:
		return errors.New("shared secret: it is empty: is the variable set that it comes from?")
	case isPhrase(secret) || madeOfWords(secret) >= tooSure:
		return errors.New("shared secret: it is made of words, and can be guessed: use 32 random bytes, " +
			"such as those of openssl rand -base64 32")
	}
	return nil
}

// isPhrase reports whether a text is nothing but letters in groups of unequal length, with spaces
// between them, or hyphens and the like where all letters are small. It knows no language.
func isPhrase(text []byte) bool {
	groups := bytes.FieldsFunc(text, isSeparator)
	if len(groups) < 4 {
		return false
	}
	lower, unequal := true, false
	for i, group := range groups {
		for _, b := range group {
			if !isLower(b) && !isUpper(b) {
				return false
			}
			lower = lower && isLower(b)
		}
		unequal = unequal || i < len(groups)-1 && len(group) != len(groups[0])
	}
	return unequal && (lower || bytes.Count(text, []byte(" ")) >= len(groups)-1)
}

// The chances by which madeOfWords weighs a text, in bits. Those of what may come next at one place
// add up to no more than one: so a random text of n characters from k weighs b bits with a chance
// of no more than 1 in 2^b.
var (
	freshWord    = 3.0                // a word, at the beginning and after other characters: 1 in 8
	freshOther   = -math.Log2(7. / 8) // another character there
	nextWord     = -math.Log2(3. / 4) // a word after a word
	nextOther    = 2.0                // another character there: 1 in 4
	inSmall      = 1.0                // the word in small letters: 1 in 2
	withCapitals = 2.0                // with a capital in front, or in capitals: 1 in 4 each
	separated    = 1.0                // with a space or the like behind it, or without: 1 in 2 each
)

// madeOfWords weighs how much better a text is explained by words than by chance, in bits.
func madeOfWords(text []byte) float64 {
	words := strings.Fields(wordsText)
	which := math.Log2(float64(len(words))) // of the words
	letter := math.Log2(float64(alphabet(text)))
	known, longest := map[string]bool{}, 0
	for _, word := range words {
		known[word] = true
		longest = max(longest, len(word))
	}
	// The best weight of what comes before a place, where a word ends there, and where none does.
	afterWord, afterOther := make([]float64, len(text)+2), make([]float64, len(text)+2)
	for i := range afterWord {
		afterWord[i], afterOther[i] = math.Inf(-1), math.Inf(-1)
	}
	afterOther[0] = 0
	for at := range text {
		afterOther[at+1] = max(afterOther[at+1], afterOther[at]-freshOther, afterWord[at]-nextOther)
		before := max(afterOther[at]-freshWord, afterWord[at]-nextWord)
		for n := 2; n <= longest && at+n <= len(text); n++ {
			form := spelling(text[at : at+n])
			if form == 0 || !known[strings.ToLower(string(text[at:at+n]))] {
				continue
			}
			end := at + n
			weight := before + float64(n)*letter - which - form - separated
			afterWord[end] = max(afterWord[end], weight)
			if end < len(text) && isSeparator(rune(text[end])) {
				afterWord[end+1] = max(afterWord[end+1], weight)
			}
		}
	}
	return max(afterWord[len(text)], afterOther[len(text)])
}

// spelling returns the bits for the capitals of a word, or 0 where no word is written so.
func spelling(word []byte) float64 {
	rest := word[1:]
	switch {
	case isLower(word[0]) && all(rest, isLower):
		return inSmall
	case isUpper(word[0]) && (all(rest, isLower) || all(rest, isUpper)):
		return withCapitals
	}
	return 0
}

// alphabet returns how many characters there were to choose from, at least: what random bytes are
// written with, in hexadecimal, base32, base58, base64 and by generators of passwords, whoever
// wrote the text.
func alphabet(text []byte) int {
	small, capital, digit, hex := false, false, false, true
	others := map[byte]bool{}
	for _, b := range text {
		isDigit := b >= '0' && b <= '9'
		switch {
		case b < ' ' || b > '~':
			return 256
		case !isLower(b) && !isUpper(b) && !isDigit:
			others[b] = true
			continue
		}
		small, capital, digit = small || isLower(b), capital || isUpper(b), digit || isDigit
		hex = hex && (isDigit || b|0x20 >= 'a' && b|0x20 <= 'f')
	}
	switch {
	case hex && !(small && capital):
		return 16 + len(others)
	case small && capital && digit:
		return 58 + len(others)
	case small && capital:
		return 52 + len(others)
	case digit:
		return 32 + len(others)
	}
	return 26 + len(others)
}

// all reports whether all bytes of a text are of a kind.
func all(text []byte, is func(byte) bool) bool {
	for _, b := range text {
		if !is(b) {
			return false
		}
	}
	return true
}

// isLower reports whether b is a small letter.
func isLower(b byte) bool { return b >= 'a' && b <= 'z' }

// isUpper reports whether b is a capital letter.
func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }

// isSeparator reports whether people write r between words.
func isSeparator(r rune) bool { return r == ' ' || r == '-' || r == '_' || r == '.' }
