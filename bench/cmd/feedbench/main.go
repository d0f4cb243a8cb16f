// Command feedbench measures how soon the end of a session is known to every verifier.
//
//	go run ./cmd/feedbench                                 # all, three minutes on two processors
//	go run ./cmd/feedbench -endings 50 -during 5s          # does it work?
//	go run ./cmd/feedbench -write ../docs/performance.md   # renews the section of that page
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/handstamp/handstamp/bench/feed"
	"github.com/handstamp/handstamp/bench/verification"
)

// main measures, and says what went wrong.
func main() {
	log.SetFlags(0)
	log.SetPrefix("feedbench: ")
	plan := feed.Plan{Nodes: 3, Report: func(s string) { fmt.Fprintln(os.Stderr, s) }, Command: "make bench-feed"}
	flag.IntVar(&plan.Verifiers, "verifiers", 200, "how many verifiers follow the feed")
	flag.IntVar(&plan.Endings, "endings", 1000, "how many sessions are ended in each trial")
	flag.IntVar(&plan.Rate, "rate", 1000, "requests a second")
	flag.DurationVar(&plan.During, "during", time.Minute, "time in which the sessions are ended")
	write := flag.String("write", "", "page whose section is renewed; empty: it is printed")
	flag.Parse()
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "write" {
			plan.Command = fmt.Sprintf(
				"go run ./cmd/feedbench -verifiers %d -endings %d -rate %d -during %v", plan.Verifiers,
				plan.Endings, plan.Rate, plan.During,
			)
		}
	})
	section, err := measure(context.Background(), plan)
	if err != nil {
		log.Fatal(err)
	}
	if *write == "" {
		fmt.Print(section)
		return
	}
	if err := feed.Place.Write(*write, section); err != nil {
		log.Fatal(err)
	}
}

// measure returns the section.
func measure(ctx context.Context, plan feed.Plan) (string, error) {
	var outcomes []feed.Outcome
	for _, under := range []feed.Conditions{feed.Undisturbed, feed.WithFailures} {
		o, err := plan.Run(ctx, under)
		if err != nil {
			return "", err
		}
		outcomes = append(outcomes, o)
	}
	plan.Report("what it takes")
	streams, err := feed.MeasureStreams(ctx, 1000)
	if err != nil {
		return "", err
	}
	endings, err := feed.MeasureEndings(ctx, 1_000_000, verification.Plan{Rounds: 21, Slice: 40 * time.Millisecond})
	if err != nil {
		return "", err
	}
	return plan.Section(outcomes, streams, endings), nil
}
