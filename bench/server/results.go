package server

import (
	"strings"

	"github.com/handstamp/handstamp/bench/page"
)

// Results is what was measured.
type Results []*benchmark

// find returns a case, or nil.
func (r Results) find(group, name string) *benchmark {
	for _, b := range r {
		if b.group == group && b.name == name {
			return b
		}
	}
	return nil
}

// over is the spread of one figure of a case.
func (b *benchmark) over(figure func(sample) float64) page.Spread {
	if b == nil {
		return page.SpreadOf(nil)
	}
	var values []float64
	for _, s := range b.samples {
		values = append(values, figure(s))
	}
	return page.SpreadOf(values)
}

// ratio is how many times as high a figure of a case is as that of a floor, round by round.
func ratio(b, floor *benchmark, figure func(sample) float64) page.Spread {
	if b == nil || floor == nil {
		return page.SpreadOf(nil)
	}
	var values []float64
	for i := range b.samples {
		values = append(values, figure(b.samples[i])/figure(floor.samples[i]))
	}
	return page.SpreadOf(values)
}

// rate is answers a second.
func rate(s sample) float64 { return s.rate }

// p50 is the middle latency.
func p50(s sample) float64 { return s.p50 }

// p99 is the latency that one in a hundred exceeds.
func p99(s sample) float64 { return s.p99 }

// serverCPU is the server's processor time an answer.
func serverCPU(s sample) float64 { return s.server }

// databaseCPU is the database's processor time an answer.
func databaseCPU(s sample) float64 { return s.database }

// table writes every case.
func (r Results) table(b *strings.Builder) {
	var rows [][]string
	for _, c := range r {
		database := ""
		if c.engine != 0 {
			database = c.over(databaseCPU).String()
		}
		rows = append(rows, []string{
			c.group + ", " + c.name, c.over(rate).String(), c.over(serverCPU).String(), database,
			c.over(p50).String(), c.over(p99).String(),
		})
	}
	page.Table(b, []string{"case", "answers a second", "server, µs", "database, µs", "p50, ms", "p99, ms"}, rows)
}

// Print returns the table alone.
func (r Results) Print() string {
	var b strings.Builder
	r.table(&b)
	return b.String()
}
