package password

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxDecoration is how many digits and signs around context words do not make a password of
// its own: ada.lovelace1815 is still only a name.
const maxDecoration = 4

// minContextWord is the shortest word that counts, in code points. Shorter ones turn up in
// everything.
const minContextWord = 3

// contextWords returns what a guesser knows of the person and the service: each word by itself,
// and each text run together.
func contextWords(about About, service []string) []string {
	texts := append([]string{about.Email, about.Name}, service...)
	if local, domain, found := strings.Cut(about.Email, "@"); found {
		texts = append(texts, local, domain)
	}
	var words []string
	for _, text := range texts {
		folded := strings.ToLower(norm.NFC.String(text))
		pieces := strings.FieldsFunc(folded, isSeparator)
		for _, word := range append(pieces, strings.Join(pieces, "")) {
			if utf8.RuneCountInString(word) >= minContextWord {
				words = append(words, word)
			}
		}
	}
	return words
}

// isSeparator reports whether a character only stands between words.
func isSeparator(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("@.-_+/:,'", r) }

// madeOf reports whether the whole password is nothing but words, one after the other in any
// order, with separators between them and at most maxDecoration digits and signs.
func madeOf(folded string, words []string) bool {
	joined := strings.Join(strings.FieldsFunc(folded, isSeparator), "")
	words = slices.DeleteFunc(words, func(word string) bool { return !strings.Contains(joined, word) })
	if len(words) == 0 {
		return false
	}
	text := []rune(joined)
	// least[i] is how many digits and signs text[:i] holds at least, when all else is words.
	least := make([]int, len(text)+1)
	for i := range text {
		least[i+1] = least[i] + decoration(text, i)
		for _, word := range words {
			if start := i + 1 - utf8.RuneCountInString(word); start >= 0 && string(text[start:i+1]) == word {
				least[i+1] = min(least[i+1], least[start])
			}
		}
	}
	return least[len(text)] <= maxDecoration
}

// decoration returns what text[i] costs when it is not part of a word. A letter is never
// decoration. Counting on (123456789) and repeating (!!!!!) cost only once.
func decoration(text []rune, i int) int {
	if unicode.IsLetter(text[i]) || unicode.IsMark(text[i]) {
		return MaxLength + maxDecoration
	}
	if i > 0 && !unicode.IsLetter(text[i-1]) {
		if s := step(text[i-1], text[i]); s >= -1 && s <= 1 {
			return 0
		}
	}
	return 1
}
