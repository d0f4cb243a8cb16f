package feed

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/page"
)

// Place is where the section stands.
var Place = page.Section{Name: "feed", Program: "bench/cmd/feedbench"}

// Section writes down how soon endings are known, and what a feed takes.
func (p Plan) Section(outcomes []Outcome, s Streams, e Endings) string {
	var b strings.Builder
	p.latencies(&b, outcomes)
	b.WriteString("\n### What a feed takes\n\n")
	fmt.Fprintf(&b,
		"A node with %s streams open, all of which receive %d endings: its resident memory before the first "+
			"stream, and the most with them. "+
			"And a verifier that follows a feed on which %s sessions have ended: the memory that these take, and "+
			"what they add to the check of a token that was seen before, one of %s.\n\n",
		page.Grouped(s.Count), endingsSent, page.Grouped(e.Count), page.Grouped(shown),
	)
	page.Table(&b, []string{"figure", "target", "measured"}, [][]string{
		{"a node before its first stream, MB", "", page.Figure(s.Before)},
		{"the same with " + page.Grouped(s.Count) + " streams, MB", "", page.Figure(s.With)},
		{"what the streams add, MB", "at most 60", page.Figure(s.With - s.Before)},
		{page.Grouped(e.Count) + " endings at a verifier, MB", "below 64", page.Figure(e.Memory)},
		{"a token seen before, without a feed, ns", "", e.Without.String()},
		{"the same with that feed, ns", "", e.With.String()},
		{"what the feed adds, ns", "below 100", e.Added.String()},
		{"allocations", "0", page.Figure(e.Allocs)},
	})
	return b.String()
}

// latencies writes how soon endings are known.
func (p Plan) latencies(b *strings.Builder, outcomes []Outcome) {
	fmt.Fprintf(b,
		"## How soon an ending is known everywhere\n\nMeasured by `%s` on %s, %s, GOMAXPROCS %d, with everything "+
			"on this one machine: %d server programs on one PostgreSQL, %d verifiers that each follow the feed of any "+
			"node, %s sessions ended at random times within %v, and %s requests a second meanwhile, at random "+
			"verifiers with random tokens. ",
		p.Command, page.Processor(), runtime.Version(), runtime.GOMAXPROCS(0), p.Nodes, p.Verifiers,
		page.Grouped(p.Endings), p.During, page.Grouped(p.Rate),
	)
	b.WriteString(
		"The time runs from the answer “ended” to the moment at which a verifier refuses the session's token.\n\n",
	)
	head := []string{"milliseconds, to the last verifier", "p50", "p99", "p99.9", "max", "to any one: p50", "max"}
	var rows, counts [][]string
	for _, o := range outcomes {
		slices.Sort(o.Last)
		slices.Sort(o.Each)
		rows = append(
			rows,
			[]string{
				string(o.Conditions), at(o.Last, 0.5), at(o.Last, 0.99), at(o.Last, 0.999), at(o.Last, 1),
				at(o.Each, 0.5), at(o.Each, 1),
			},
		)
		counts = append(
			counts,
			[]string{
				string(o.Conditions), page.Grouped(o.Requests), fmt.Sprint(o.Late), fmt.Sprint(o.Wrong),
				fmt.Sprint(o.Refused), fmt.Sprint(o.Retried), fmt.Sprint(o.Reconnects), fmt.Sprint(o.Gaps),
			},
		)
	}
	page.Table(b, head, rows)
	page.Table(
		b,
		[]string{
			"", "requests", "wrongly accepted after the bound", "wrongly refused", "503, while disconnected",
			"endings retried", "streams reopened", "gaps noticed",
		},
		counts,
	)
	fmt.Fprintf(b,
		"Failures: %s. The silenced verifier is left out of the times while it receives nothing; what it accepts "+
			"counts as "+
			"wrong %v after an ending.\n\n",
		failures, bound+staleness,
	)
	fmt.Fprintf(b,
		"Targets: p99.9 under 100 ms and max under 1 s where nothing fails; nothing wrongly accepted, nothing "+
			"wrongly refused. The bound is %v.\n",
		bound,
	)
}

// at is a quantile of sorted times, in milliseconds.
func at(sorted []time.Duration, q float64) string {
	if len(sorted) == 0 {
		return "n.a."
	}
	i := min(int(q*float64(len(sorted))), len(sorted)-1)
	return page.Figure(sorted[i].Seconds() * 1000)
}
