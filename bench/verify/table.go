package verify

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Spread is a median and the extremes around it.
type Spread struct{ Median, Min, Max float64 }

// spread sorts values
func spread(values []float64) Spread {
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
	return fmt.Sprintf("%s (%s–%s)", figure(s.Median), figure(s.Min), figure(s.Max))
}

// figure is x with three digits, or all those before the point
func figure(x float64) string {
	switch {
	case x >= 1000:
		return grouped(int(math.Round(x)))
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// grouped is n with a comma after each thousand
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Results is what was measured, to be asked.
type Results []Series

// find returns the series of a case, or nil
func (r Results) find(group, name, column string, goroutines int) *Series {
	for i := range r {
		s := &r[i]
		if s.Group == group && s.Name == name && s.Column == column && s.Goroutines == goroutines {
			return s
		}
	}
	return nil
}

// Ratio is how many times as long as base a case took, round by round.
func (r Results) Ratio(s, base *Series) Spread {
	if s == nil || base == nil {
		return spread(nil)
	}
	var ratios []float64
	for i := range s.Samples {
		ratios = append(ratios, s.Samples[i].Nanos/base.Samples[i].Nanos)
	}
	return spread(ratios)
}

// over is the spread of one figure of a series
func (s *Series) over(figure func(Sample) float64) Spread {
	if s == nil {
		return spread(nil)
	}
	var values []float64
	for _, sample := range s.Samples {
		values = append(values, figure(sample))
	}
	return spread(values)
}

// nanos is the time of a sample
func nanos(s Sample) float64 { return s.Nanos }

// allocs is the allocations of a sample
func allocs(s Sample) float64 { return s.Allocs }

// bytes is the memory of a sample
func bytes(s Sample) float64 { return s.Bytes }

// table writes a Markdown table
func table(b *strings.Builder, head []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|---|%s\n", strings.Join(head, " | "), strings.Repeat("---:|", len(head)-1))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteByte('\n')
}
