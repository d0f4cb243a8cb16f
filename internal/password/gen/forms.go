package main

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How many words of the head of leaked.txt.gz forms are built from.
const (
	baseLines  = 2000 // lines looked at
	shortWords = 300  // words whose short forms count too; of the rest only the long ones
	pairWords  = 130  // words that are also put in pairs
	firstYear  = 2015
	beyondYear = 2031
	minBase    = 4  // code points; shorter words are no base
	minLong    = 15 // code points; what the policy for a password alone takes
)

// moreWords are bases that age has not brought to the head of the leaks, or that the people
// who install servers use.
var moreWords = []string{
	"password", "passw0rd", "p@ssword", "p@ssw0rd", "pa$$word", "pa$$w0rd", "passwort", "contraseña", "motdepasse",
	"mypassword", "welcome", "changeme", "letmein", "trustno1", "iloveyou", "secret", "topsecret", "default",
	"example", "testing", "test1234", "admin", "administrator", "superadmin", "sysadmin", "webmaster", "hostmaster",
	"postmaster", "manager", "supervisor", "superuser", "username", "login", "guest", "public", "private", "demo",
	"service", "server", "database", "postgres", "oracle", "sqlserver", "mysql", "docker", "kubernetes", "jenkins",
	"raspberry", "ubuntu", "debian", "centos", "linux", "windows", "microsoft", "google", "facebook", "company",
	"enterprise", "office", "business", "support", "helpdesk", "internet", "network", "wireless", "security",
	"access", "january", "february", "march", "april", "june", "july", "august", "september", "october", "november",
	"december", "spring", "summer", "autumn", "winter", "monday", "tuesday", "wednesday", "thursday", "friday",
	"saturday", "sunday", "football", "baseball", "basketball", "liverpool", "chelsea", "arsenal", "barcelona",
	"realmadrid", "juventus", "bayern", "pokemon", "minecraft", "fortnite", "starwars", "superman", "batman",
	"spiderman", "pikachu", "naruto", "harrypotter", "bitcoin", "ethereum", "covid19", "coronavirus", "netflix",
	"youtube", "instagram", "tiktok", "whatsapp", "samsung", "iphone",
}

// tails are what people put behind a word.
var tails = []string{
	"1", "2", "3", "7", "9", "0", "01", "11", "12", "13", "21", "22", "23", "69", "77", "88", "99", "00", "007",
	"111", "123", "321", "666", "777", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890",
	"12345678901", "123456789012", "0123456789", "987654321", "0987654321", "!", "!!", "!!!", "1!", "12!", "123!",
	"1234!", "12345!", "@1", "@123", "@1234", "#1", "#123", ".", "?", "$", "*", "_123", "-123", "qwerty",
	"qwertyuiop", "abc123", "asdfgh",
}

// shortTails are what people put behind a word that they have already repeated.
var shortTails = []string{"1", "2", "12", "123", "1234", "12345", "123456", "!", "!!", "1!", "123!"}

// baseWords returns more, then the words at the head of the leaks, each once.
func baseWords(lines, more []string) []string {
	var words []string
	seen := map[string]bool{}
	for _, line := range slices.Concat(more, lines[:baseLines]) {
		if runes := []rune(line); len(runes) >= minBase && hasLetter(runes) && !seen[line] {
			seen[line] = true
			words = append(words, line)
		}
	}
	return words
}

// hasLetter reports whether there is a letter.
func hasLetter(runes []rune) bool {
	for _, r := range runes {
		if unicode.IsLetter(r) {
			return true
		}
	}
	return false
}

// addForms adds what people make of one word to meet a rule.
func addForms(words []string, add func(string)) {
	for i, word := range words {
		for _, form := range append(decorated(word), repeated(word)...) {
			if i < shortWords || utf8.RuneCountInString(form) >= minLong {
				add(form)
			}
		}
	}
}

// decorated returns a word with something before or behind it.
func decorated(word string) []string {
	var forms []string
	for _, tail := range tails {
		forms = append(forms, word+tail)
	}
	for _, head := range []string{"1", "123", "1234", "12345", "123456", "my", "the", "i love ", "ilove"} {
		forms = append(forms, head+word)
	}
	for year := firstYear; year < beyondYear; year++ {
		forms = append(forms, word+strconv.Itoa(year), word+strconv.Itoa(year)+"!")
	}
	return forms
}

// repeated returns a word two, three and four times with something behind it. Nothing behind it
// needs no entry: the server refuses every repetition by its shape.
func repeated(word string) []string {
	var forms []string
	for times := 2; times <= 4; times++ {
		for _, tail := range shortTails {
			forms = append(forms, strings.Repeat(word, times)+tail)
		}
		if times*utf8.RuneCountInString(word) >= minLong {
			break
		}
	}
	return forms
}

// addPairs adds two much used words in a row, when they are long together.
func addPairs(words []string, add func(string)) {
	for i, first := range words {
		for j, second := range words {
			if i >= pairWords || j >= pairWords || i == j {
				continue
			}
			if pair := first + second; utf8.RuneCountInString(pair) >= minLong {
				add(pair)
			}
		}
	}
}
