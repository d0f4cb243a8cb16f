package verification

import (
	"fmt"
	"math"
	"runtime"
	"strings"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/page"
	"github.com/handstamp/handstamp/bench/peers"
)

// names are the rows of every comparison
func names() []string {
	list := []string{Raw}
	for _, p := range peers.All() {
		list = append(list, p.Name)
	}
	return list
}

// columns are the algorithms as headings
func columns(first string) []string {
	head := []string{first}
	for _, alg := range mint.Algorithms {
		head = append(head, string(alg))
	}
	return head
}

// Place is where the section stands in docs/performance.md.
var Place = page.Section{Name: "verification", Program: "bench/cmd/verifybench"}

// Section is the part of docs/performance.md that is about verification.
func (r Results) Section(p Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Verifying a token\n\n")
	fmt.Fprintf(
		&b,
		"Measured by `make bench` on %s, %s, GOMAXPROCS %d: %d rounds in which every case takes its turn, %v each. ",
		page.Processor(),
		runtime.Version(),
		runtime.GOMAXPROCS(0),
		p.Rounds,
		p.Slice,
	)
	b.WriteString(
		"A figure is the median of the rounds, with the lowest and the highest in brackets; a ratio is taken " +
			"within each round. The token is the one that the server mints (docs/protocol.md §2): 601 bytes under " +
			"ES256. What every library is set up to check, and at which version, is in " +
			"[attacks.md](attacks.md#set-up); all check the same issuer, audience, expiry and algorithm.\n\n",
	)
	b.WriteString(
		"A token that was seen before is not verified again: it is looked up by its whole text, and asked about " +
			"what may have changed. So what a repeat costs is what a cache hit costs, and the libraries that it " +
			"stands beside keep nothing and check the signature each time.\n\n",
	)
	r.headline(&b)
	b.WriteString(
		"### What a check costs a request\n\nWhole requests over one connection on loopback, one after the " +
			"other, with an ES256 token; Redis, PostgreSQL and the server that is asked are on the same machine, " +
			"with one connection each, and have one session. Microseconds for each request, client and server " +
			"together, and what it takes beyond the bare handler in the same round.\n\n",
	)
	r.requests(&b)
	b.WriteString(
		"### What remembering costs\n\n30,000 tokens, each of another session. The processor's time is that of a " +
			"full collection of garbage, beyond one without them.\n\n",
	)
	r.remembering(&b)
	b.WriteString(
		"### A token seen before\n\nThe same token again and again, each time as a copy. Nanoseconds: of a cache " +
			"hit in our row, of a verification in all others.\n\n",
	)
	r.times(&b, Repeated)
	b.WriteString(
		"### A token never seen before\n\nAnother token every time, and a verifier that is new in every round. " +
			"How many times as long as the bare signature check: one hash and one call of the standard library, on a " +
			"token that was cut and decoded before.\n\n",
	)
	r.compare(&b, FirstSeen, Raw)
	r.byItself(&b, p)
	return b.String()
}

// byItself writes what is taken of memory, and what ours takes without others beside it
func (r Results) byItself(b *strings.Builder, p Plan) {
	b.WriteString("### Memory\n\nAllocations, and bytes, for each token; one goroutine.\n\n")
	r.memory(b)
	b.WriteString(
		"### Ours by itself\n\nES256, with 1,000,000 ended sessions and 100,000 users' cut-offs loaded, some of " +
			"them of the users whose tokens are shown. Nanoseconds for each token.\n\n",
	)
	r.alone(b, Ours)
	often := p.often()
	fmt.Fprintf(
		b,
		"### Our middleware\n\nOne hot token, and a handler that does nothing. Nanoseconds for each request, in "+
			"%s rounds of %v each: so short that most are free of garbage collection, which comes on top, in "+
			"proportion to the bytes.\n\n",
		page.Grouped(often.Rounds),
		often.Slice,
	)
	r.alone(b, Middleware)
}

// headline writes the figures that the project set itself
func (r Results) headline(b *strings.Builder) {
	ours := peers.Ours().Name
	repeated := func(name string) *Series { return r.find(Repeated, name, string(mint.ES256), 1) }
	rows := [][]string{
		{"an ES256 token seen before, nanoseconds", "at most 150", repeated(ours).over(nanos).String()},
		{"allocations on a token seen before", "0", page.Figure(repeated(ours).over(allocs).Median)},
		{
			"bytes for each token that is remembered",
			"at most 1,000",
			r.find(Remembering, ours, "", 1).over(bytes).String(),
		},
	}
	for _, alg := range []mint.Algorithm{mint.ES256, mint.EdDSA, mint.RS256} {
		ratio := r.Ratio(r.find(FirstSeen, ours, string(alg), 1), r.find(FirstSeen, Raw, string(alg), 1))
		rows = append(
			rows,
			[]string{
				string(alg) + ", never seen before, against the bare signature check, times",
				"at most 1.05",
				ratio.String(),
			},
		)
	}
	rows = append(
		rows,
		[]string{
			"`Require` beyond finding the token and `http.Request.WithContext`, nanoseconds",
			"at most 30",
			r.beyond().String(),
		},
	)
	page.Table(b, []string{"figure", "target", "measured"}, rows)
}

// compare writes a table of ratios for each number of goroutines, and one of times
func (r Results) compare(b *strings.Builder, group, base string) {
	for _, goroutines := range []int{1, 2} {
		head := "1 goroutine"
		if goroutines > 1 {
			head = fmt.Sprintf("%d goroutines", goroutines)
		}
		var rows [][]string
		for _, name := range names() {
			row := []string{name}
			for _, alg := range mint.Algorithms {
				ratio := r.Ratio(
					r.find(group, name, string(alg), goroutines),
					r.find(group, base, string(alg), goroutines),
				)
				row = append(row, ratio.String())
			}
			rows = append(rows, row)
		}
		page.Table(b, columns(head), rows)
	}
	r.times(b, group)
}

// times writes what a token takes, with one goroutine
func (r Results) times(b *strings.Builder, group string) {
	var rows [][]string
	for _, name := range names() {
		row := []string{name}
		for _, alg := range mint.Algorithms {
			row = append(row, r.find(group, name, string(alg), 1).over(nanos).String())
		}
		rows = append(rows, row)
	}
	page.Table(b, columns("nanoseconds, 1 goroutine"), rows)
}

// requests writes what a request takes, and what of it is the check
func (r Results) requests(b *strings.Builder) {
	micros := func(s Sample) float64 { return s.Nanos / 1000 }
	base := r.find(Request, requestBare, "", 1)
	var rows [][]string
	for i := range r {
		s := &r[i]
		if s.Group != Request {
			continue
		}
		var beyond []float64
		for round, sample := range s.Samples {
			beyond = append(beyond, (sample.Nanos-base.Samples[round].Nanos)/1000)
		}
		extra := page.SpreadOf(beyond).String()
		if s.Name == requestBare {
			extra = ""
		}
		rows = append(rows, []string{s.Name, s.over(micros).String(), extra})
	}
	page.Table(b, []string{"a request, checked by", "microseconds", "beyond a bare handler"}, rows)
}

// remembering writes what remembered tokens take
func (r Results) remembering(b *strings.Builder) {
	millis := func(s Sample) float64 { return s.Nanos / 1e6 }
	var rows [][]string
	for _, name := range []string{peers.Ours().Name, peers.PlainMap.Name} {
		s := r.find(Remembering, name, "", 1)
		rows = append(rows, []string{name, s.over(bytes).String(), s.over(millis).String()})
	}
	page.Table(b, []string{"remembered by", "bytes for each token", "milliseconds of processor"}, rows)
}

// memory writes what is allocated
func (r Results) memory(b *strings.Builder) {
	for _, group := range []string{Repeated, FirstSeen} {
		var rows [][]string
		for _, name := range names() {
			row := []string{name}
			for _, alg := range mint.Algorithms {
				s := r.find(group, name, string(alg), 1)
				row = append(row, pair(s))
			}
			rows = append(rows, row)
		}
		page.Table(b, columns(group), rows)
	}
}

// pair is allocations and bytes, in whole numbers
func pair(s *Series) string {
	count, size := s.over(allocs).Median, s.over(bytes).Median
	if math.IsNaN(count) {
		return "n.a."
	}
	return fmt.Sprintf("%s, %s B", page.Grouped(int(math.Round(count))), page.Grouped(int(math.Round(size))))
}

// alone writes what ours takes by itself, in a group
func (r Results) alone(b *strings.Builder, group string) {
	var rows [][]string
	for i := range r {
		s := &r[i]
		if s.Group != group {
			continue
		}
		memory := "" // of several goroutines it cannot be told whose it is
		if s.Goroutines == 1 {
			memory = pair(s)
		}
		rows = append(rows, []string{s.Name, fmt.Sprint(s.Goroutines), s.Target, s.over(nanos).String(), memory})
	}
	page.Table(b, []string{"case", "goroutines", "target", "nanoseconds", "allocations, bytes"}, rows)
}
