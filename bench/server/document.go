package server

import (
	_ "embed"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/handstamp/handstamp/bench/page"
)

// The places of the sections in docs/performance.md.
var (
	Place      = page.Section{Name: "server", Program: "bench/cmd/serverbench"}
	ScalePlace = page.Section{Name: "server, at scale", Program: "bench/cmd/serverbench -grow"}
)

// profile is what profiles showed, and what was done about it.
//
//go:embed profile.md
var profile string

// Section is the part of docs/performance.md about the server.
func (r Results) Section(p Plan, f *FloodResult) string {
	var b strings.Builder
	fmt.Fprintf(&b,
		"## The server\n\nMeasured by `make bench-server` on %s, %s: %d rounds in which the cases take turns of "+
			"about %v each. ",
		page.Processor(), runtime.Version(), p.Rounds, p.Slice,
	)
	fmt.Fprintf(&b,
		"A load generator of our own keeps %d connections busy, with one request at a time on each. A server has "+
			"one core, the generator has the other, and "+
			"PostgreSQL runs on both. A figure is the median of the rounds, with the lowest and the highest in "+
			"brackets; a ratio is taken within each round. "+
			"Processor time is what the kernel counts for the whole process, and writes are flushed before they "+
			"are answered; databases are in %s. "+
			"Passwords are hashed at the least cost that there is (8 KiB), so that the cost of our own code "+
			"shows; the log is written as usual, to /dev/null.\n\n",
		connections, os.TempDir(),
	)
	r.headline(&b)
	b.WriteString(
		"Floors, which no server of this kind can beat: a bare handler that answers a text as long as our answer " +
			"to `GET /v1/session`; one that signs an ES256 token and answers with it; one that does a single " +
			"`UPDATE … RETURNING` of a row like a session's through pgx; and one that does this and signs, which " +
			"is the least that a refresh comes to.\n\n",
	)
	r.table(&b)
	f.table(&b)
	b.WriteString(profile)
	return b.String()
}

// headline writes the figures that the project set itself.
func (r Results) headline(b *strings.Builder) {
	lite, post := embedded, shared
	figure := func(group, name string, of func(sample) float64) string { return r.find(group, name).over(of).String() }
	page.Table(b, []string{"figure", "target", "measured"}, [][]string{
		{"refresh, SQLite: server, µs", "at most 130", figure(refresh, lite, serverCPU)},
		{"refresh, PostgreSQL: server, µs", "at most 110", figure(refresh, post, serverCPU)},
		{"refresh, PostgreSQL: database, µs", "at most 40", figure(refresh, post, databaseCPU)},
		{
			"refresh, PostgreSQL: rate against one `UPDATE` a request", "at least 1",
			ratio(r.find(refresh, post), r.find(floor, updates), rate).String(),
		},
		{
			"refresh, PostgreSQL: rate against one `UPDATE` and a signature a request", "",
			ratio(r.find(refresh, post), r.find(floor, updatesAndSigns), rate).String(),
		},
		{"refresh, SQLite: p99, ms", "below 5", figure(refresh, lite, p99)},
		{"refresh, PostgreSQL: p99, ms", "below 5", figure(refresh, post, p99)},
		{
			"session read: rate against the bare handler", "at least 0.6",
			ratio(r.find(sessionRead, lite), r.find(floor, bare), rate).String(),
		},
		{"sign-in, SQLite: server, µs", "at most 300", figure(signIn, lite, serverCPU)},
		{"sign-in, PostgreSQL: server, µs", "at most 300", figure(signIn, post, serverCPU)},
		{"sign-out, SQLite: a second", "at least 5,000", figure(signOut, lite, rate)},
		{"sign-out, PostgreSQL: a second", "at least 5,000", figure(signOut, post, rate)},
		{
			"refresh, SQLite: server, against a handler that only signs", "",
			ratio(r.find(refresh, lite), r.find(floor, signs), serverCPU).String(),
		},
	})
}
