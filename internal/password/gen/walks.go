package main

import "strings"

// keyboards are the rows of the keys, top to bottom. The rows slant, so that the nth keys of
// all rows make a column.
var keyboards = [][]string{
	{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"},
	{"1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"},
	{"1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"},
}

// The lengths of walks that are added: all there are within these.
const (
	maxWalk = 40
	minPart = 3 // keys taken from one row, when several rows follow one another
)

// addWalks adds what fingers do on a keyboard, and counting with doubled keys.
func addWalks(add func(string)) {
	for _, rows := range keyboards {
		for _, part := range rowWalks(rows) {
			add(part)
		}
		for _, whole := range longWalks(rows) {
			addPrefixes(whole, add)
			addPrefixes(reverse(whole), add)
		}
	}
	for _, counted := range []string{"1234567890", "0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz"} {
		for times := 2; times <= 4; times++ {
			addPrefixes(stretch(counted, times), add)
		}
	}
}

// rowWalks returns the beginnings of two rows in a row, each forwards or backwards, of any two
// lengths; and the same number of keys from three and from all four rows, in any order.
func rowWalks(rows []string) []string {
	var starts [][]string // by row: its beginnings, forwards and backwards
	for _, row := range rows {
		var of []string
		for n := minPart; n <= len(row); n++ {
			of = append(of, row[:n], reverse(row[:n]))
		}
		starts = append(starts, of)
	}
	var walks []string
	for a := range starts {
		for b := range starts {
			for _, first := range starts[a] {
				for _, second := range starts[b] {
					walks = append(walks, first+second)
				}
			}
		}
	}
	return append(walks, evenWalks(rows)...)
}

// evenWalks returns the same number of keys from three and from all four rows, in any order.
func evenWalks(rows []string) []string {
	var walks []string
	for n := minPart; n <= len(rows[3]); n++ {
		for _, order := range permutations(len(rows)) {
			walk := ""
			for i, row := range order {
				walk += rows[row][:n]
				if i >= 2 {
					walks = append(walks, walk)
				}
			}
		}
	}
	return walks
}

// longWalks returns walks over the whole keyboard; people stop anywhere on them.
func longWalks(rows []string) []string {
	var columns, rising strings.Builder // 1qaz2wsx…, zaq1xsw2…
	var zigzag, zagzig strings.Builder  // 1q2w3e…, q1w2e3…
	var lower strings.Builder           // qazwsxedc…
	for n := range len(rows[0]) {
		for _, row := range rows {
			columns.WriteString(at(row, n))
		}
		rising.WriteString(at(rows[3], n) + at(rows[2], n) + at(rows[1], n) + at(rows[0], n))
		zigzag.WriteString(at(rows[0], n) + at(rows[1], n))
		zagzig.WriteString(at(rows[1], n) + at(rows[0], n))
		lower.WriteString(at(rows[1], n) + at(rows[2], n) + at(rows[3], n))
	}
	walks := []string{columns.String(), rising.String(), zigzag.String(), zagzig.String(), lower.String(), snake(rows)}
	for _, order := range permutations(len(rows)) {
		walk := ""
		for _, row := range order {
			walk += rows[row]
		}
		walks = append(walks, walk)
	}
	return walks
}

// snake goes down the columns and up again: 1qazxsw23edc….
func snake(rows []string) string {
	var walk strings.Builder
	for n := range len(rows[0]) {
		for i := range rows {
			if n%2 == 1 {
				i = len(rows) - 1 - i
			}
			walk.WriteString(at(rows[i], n))
		}
	}
	return walk.String()
}

// addPrefixes adds every beginning of walk, alone and with the usual tails, up to maxWalk.
func addPrefixes(walk string, add func(string)) {
	for n := minLength; n <= min(len(walk), maxWalk); n++ {
		for _, tail := range []string{"", "1", "!"} {
			add(walk[:n] + tail)
		}
	}
}

// stretch repeats each character.
func stretch(text string, times int) string {
	var out strings.Builder
	for _, r := range text {
		out.WriteString(strings.Repeat(string(r), times))
	}
	return out.String()
}

// at returns the nth key of a row, or nothing beyond its end.
func at(row string, n int) string {
	if n >= len(row) {
		return ""
	}
	return row[n : n+1]
}

// reverse turns ASCII text around.
func reverse(text string) string {
	out := make([]byte, len(text))
	for i := range len(text) {
		out[len(text)-1-i] = text[i]
	}
	return string(out)
}

// permutations returns every order of 0 to n-1, always in the same sequence.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for place := 0; place <= len(shorter); place++ {
			order := append(append(append([]int{}, shorter[:place]...), n-1), shorter[place:]...)
			all = append(all, order)
		}
	}
	return all
}
