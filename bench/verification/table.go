package verification

import "github.com/handstamp/handstamp/bench/page"

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
func (r Results) Ratio(s, base *Series) page.Spread {
	if s == nil || base == nil {
		return page.SpreadOf(nil)
	}
	var ratios []float64
	for i := range s.Samples {
		ratios = append(ratios, s.Samples[i].Nanos/base.Samples[i].Nanos)
	}
	return page.SpreadOf(ratios)
}

// over is the spread of one figure of a series
func (s *Series) over(figure func(Sample) float64) page.Spread {
	if s == nil {
		return page.SpreadOf(nil)
	}
	var values []float64
	for _, sample := range s.Samples {
		values = append(values, figure(sample))
	}
	return page.SpreadOf(values)
}

// nanos is the time of a sample
func nanos(s Sample) float64 { return s.Nanos }

// allocs is the allocations of a sample
func allocs(s Sample) float64 { return s.Allocs }

// bytes is the memory of a sample
func bytes(s Sample) float64 { return s.Bytes }
