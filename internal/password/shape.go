package password

// trivial reports whether a password is only a shape: one piece again and again, or straight
// runs such as 123456789, abcdefgh and 1111.
func trivial(folded string) bool {
	runes := []rune(folded)
	return repeats(runes) || straight(runes)
}

// repeats reports whether the whole is one piece, at least twice; the last time may be cut short.
func repeats(runes []rune) bool {
	// The classic prefix table: border[i] is the length of the longest proper prefix of
	// runes[:i+1] that is also its suffix. The whole minus its border is its shortest piece.
	border := make([]int, len(runes))
	for i := 1; i < len(runes); i++ {
		k := border[i-1]
		for k > 0 && runes[i] != runes[k] {
			k = border[k-1]
		}
		if runes[i] == runes[k] {
			k++
		}
		border[i] = k
	}
	n := len(runes)
	return n > 1 && 2*(n-border[n-1]) <= n
}

// straight reports whether the whole falls into straight runs of three characters or more on
// the average.
func straight(runes []rune) bool {
	runs := 0
	for i := 0; i < len(runes); runs++ {
		i += runLength(runes[i:])
	}
	return 3*runs <= len(runes)
}

// runLength returns the length of the straight run that runes begin with: each character the
// one after the last, or each the one before, or each the same.
func runLength(runes []rune) int {
	if len(runes) < 2 {
		return len(runes)
	}
	first := step(runes[0], runes[1])
	if first < -1 || first > 1 {
		return 1
	}
	n := 2
	for n < len(runes) && step(runes[n-1], runes[n]) == first {
		n++
	}
	return n
}

// step returns the distance from a to b. Digits and letters are rings: 0 follows 9, a follows z.
func step(a, b rune) rune {
	switch {
	case a == '9' && b == '0', a == 'z' && b == 'a':
		return 1
	case a == '0' && b == '9', a == 'a' && b == 'z':
		return -1
	}
	return b - a
}
