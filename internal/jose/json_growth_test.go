package jose_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// TestReaderLinear reads 64 times as much of the worst texts. That takes 64 times as long or
// somewhat more; where time grows with the square, as when every name is compared with every other,
// it takes 4,096 times as long (JV-16). A machine that is busy with something else does not make
// the one look like the other.
func TestReaderLinear(t *testing.T) {
	names := func(n int) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range n / 8 {
			fmt.Fprintf(&b, `"%d":0,`, i)
		}
		return b.String() + `"x":0}`
	}
	repeated := func(before, piece string) func(n int) string {
		return func(n int) string { return before + strings.Repeat(piece, n/len(piece)) }
	}
	for _, test := range []struct {
		name string
		text func(n int) string
	}{
		{"names", names},
		{"objects", repeated("[", `{"a":1},`)},
		{"escapes", repeated(`"`, `\n`)},
		{"pairs", repeated(`"`, `\ud83d\ude00`)},
		{"depth", repeated("", "[")},
		{"digits", repeated("", "9")},
		{"exponent", repeated("1e", "9")},
		{"blanks", repeated("", " ")},
		{"quotes", repeated("", `"`)},
		{"commas", repeated("[", ",")},
	} {
		small, large := test.text(1<<14), test.text(1<<20)
		grew := math.Inf(1)
		for tries := 0; grew > 1000 && tries < 20; tries++ { // a busy machine spoils some comparisons, but not all
			grew = quickest(large) / quickest(small)
		}
		if grew > 1000 {
			t.Errorf("64 times as many %s take %.0f times as long, want about 64", test.name, grew)
		}
	}
}

// quickest is the least time in which a text was read, in seconds: what else the machine does only
// adds to it.
func quickest(text string) float64 {
	least := time.Hour
	for range 5 {
		start := time.Now()
		_ = readAll(text)
		least = min(least, time.Since(start))
	}
	return max(least, time.Microsecond).Seconds()
}

// TestReaderTakesNoMemory reads claims as a verifier does, on the way of each token that it sees
// for the first time.
func TestReaderTakesNoMemory(t *testing.T) {
	const text = `{"sub":"usr_1","aud":["a","b"],"exp":1700000900,"more":{"x":[1,true,null,"y"]}}`
	read := func() {
		r := jose.NewReader(text)
		for name := range r.Object() {
			switch name {
			case "sub":
				_ = r.String()
			case "aud":
				for range r.Array() {
					_ = r.String()
				}
			case "exp":
				_, _ = r.Number().Time()
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("reading took memory %v times, want never", n)
	}
}
