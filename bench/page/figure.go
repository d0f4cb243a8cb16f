package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Spread is a median and the extremes around it.
type Spread struct{ Median, Min, Max float64 }

// SpreadOf sorts values; of none there is no spread, which prints as n.a.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{math.NaN(), math.NaN(), math.NaN()}
	}
	s := slices.Sorted(slices.Values(values))
	return Spread{(s[(len(s)-1)/2] + s[len(s)/2]) / 2, s[0], s[len(s)-1]}
}

// String is the median, and the extremes in brackets.
func (s Spread) String() string {
	if math.IsNaN(s.Median) {
		return "n.a."
	}
	return fmt.Sprintf("%s (%s–%s)", Figure(s.Median), Figure(s.Min), Figure(s.Max))
}

// Figure is x with three digits, or all those before the point.
func Figure(x float64) string {
	switch {
	case x >= 1000:
		return Grouped(int(math.Round(x)))
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// Grouped is n with a comma after each thousand.
func Grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Table writes a Markdown table.
func Table(b *strings.Builder, head []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|---|%s\n", strings.Join(head, " | "), strings.Repeat("---:|", len(head)-1))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteByte('\n')
}
