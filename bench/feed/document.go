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

// Section writes outcomes down.
func (p Plan) Section(outcomes []Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## How soon an ending is known everywhere\n\nMeasured by `go run ./cmd/feedbench -endings %d -during %v` in bench/ (`make bench-feed` is with 1000 and 1m0s) on %s, %s, GOMAXPROCS %d, with everything on this one machine: %d server programs on one PostgreSQL, %d verifiers that each follow the feed of any node, %s sessions ended at random times within %v, and %s requests a second meanwhile, at random verifiers with random tokens. ",
		p.Endings, p.During, page.Processor(), runtime.Version(), runtime.GOMAXPROCS(0), p.Nodes, p.Verifiers, page.Grouped(p.Endings), p.During, page.Grouped(p.Rate))
	b.WriteString("The time runs from the answer “ended” to the moment at which a verifier refuses the session's token.\n\n")
	head := []string{"milliseconds, to the last verifier", "p50", "p99", "p99.9", "max", "to any one: p50", "max"}
	var rows, counts [][]string
	for _, o := range outcomes {
		slices.Sort(o.Last)
		slices.Sort(o.Each)
		rows = append(rows, []string{o.Name, at(o.Last, 0.5), at(o.Last, 0.99), at(o.Last, 0.999), at(o.Last, 1), at(o.Each, 0.5), at(o.Each, 1)})
		counts = append(counts, []string{o.Name, page.Grouped(o.Requests), fmt.Sprint(o.Late), fmt.Sprint(o.Wrong), fmt.Sprint(o.Held), fmt.Sprint(o.Retried), fmt.Sprint(o.Reconnects), fmt.Sprint(o.Gaps)})
	}
	page.Table(&b, head, rows)
	b.WriteString("\n")
	page.Table(&b, []string{"", "requests", "wrongly accepted after the bound", "wrongly refused", "503, being cut off", "endings asked for again", "streams opened anew", "gaps noticed"}, counts)
	for _, o := range outcomes {
		if o.Trouble != "" {
			fmt.Fprintf(&b, "\nTrouble is: %s. The silenced verifier is left out of the times while it hears nothing; what it accepts counts as wrong %v after an ending.\n", o.Trouble, bound+staleness)
		}
	}
	fmt.Fprintf(&b, "\nTargets: p99.9 under 100 ms and max under 1 s in calm; nothing wrongly accepted, nothing wrongly refused. The bound is %v.\n", bound)
	return b.String()
}

// at is a quantile of sorted times, in milliseconds.
func at(sorted []time.Duration, q float64) string {
	if len(sorted) == 0 {
		return "n.a."
	}
	i := min(int(q*float64(len(sorted))), len(sorted)-1)
	return page.Figure(sorted[i].Seconds() * 1000)
}
