package server

import "errors"

// checkSharedSecret refuses a shared secret that people made up: whoever has seen one token can try
// words until one of them fits. It returns nil for what looks random, in any spelling. Length is
// checked where the key is made.
func checkSharedSecret(secret []byte) error {
	if len(secret) == 0 {
		return errors.New("shared secret: it is empty: is the variable set that it comes from?")
	}
	inWords, digits, run, spaces := 0, 0, 0, 0
	for i, b := range secret {
		switch {
		case b >= '0' && b <= '9':
			digits++
		case b == ' ' && i > 0 && i < len(secret)-1 && isLower(secret[i-1]) && isLower(secret[i+1]):
			spaces++
		}
		if isLower(b) {
			run++
		}
		if last := i == len(secret)-1; !isLower(b) || last {
			if run >= wordLength {
				inWords += run
			}
			run = 0
		}
	}
	if spaces > 2 || 2*inWords > len(secret) && 10*digits < len(secret) {
		return errors.New("shared secret: it is made of words, and can be guessed: use 32 random bytes, " +
			"such as those of openssl rand -base64 32")
	}
	return nil
}

// wordLength is how many small letters in a row are taken for a word. Of 43 random characters of
// base64, three or four are in such a row; of words, nearly all.
const wordLength = 4

// isLower reports whether b is a small letter.
func isLower(b byte) bool { return b >= 'a' && b <= 'z' }
