// Command feedbench measures how soon the end of a session is known to every verifier.
//
//	go run ./cmd/feedbench                                 # all, four minutes on two processors
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
)

// main measures, and says what went wrong.
func main() {
	log.SetFlags(0)
	log.SetPrefix("feedbench: ")
	plan := feed.Plan{Nodes: 3, Report: func(s string) { fmt.Fprintln(os.Stderr, s) }}
	flag.IntVar(&plan.Verifiers, "verifiers", 200, "how many verifiers follow the feed")
	flag.IntVar(&plan.Endings, "endings", 1000, "how many sessions are ended in each trial")
	flag.IntVar(&plan.Rate, "rate", 1000, "requests a second")
	flag.DurationVar(&plan.During, "during", time.Minute, "time in which the sessions are ended")
	write := flag.String("write", "", "page whose section is renewed; empty: it is printed")
	flag.Parse()
	var outcomes []feed.Outcome
	for _, troubled := range []bool{false, true} {
		o, err := plan.Run(context.Background(), troubled)
		if err != nil {
			log.Fatal(err)
		}
		outcomes = append(outcomes, o)
	}
	section := plan.Section(outcomes)
	if *write == "" {
		fmt.Print(section)
		return
	}
	if err := feed.Place.Write(*write, section); err != nil {
		log.Fatal(err)
	}
}
