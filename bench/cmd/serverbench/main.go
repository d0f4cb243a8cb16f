// Command serverbench measures our server beside floors, on both engines.
//
//	go run ./cmd/serverbench                                       # all, in five minutes
//	go run ./cmd/serverbench -rounds 2 -slice 50ms -flood 2s       # does it work?
//	go run ./cmd/serverbench -cases refresh -flood 0 -profile /tmp # where the time goes
//	go run ./cmd/serverbench -write ../docs/performance.md         # renews the section of that page
//	go run ./cmd/serverbench -grow -during 10m                     # what grows with the sessions
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
	"time"

	"github.com/handstamp/handstamp/bench/page"
	"github.com/handstamp/handstamp/bench/server"
)

// options is what the flags say.
type options struct {
	plan      server.Plan
	selection server.Selection
	flood     server.FloodPlan
	grow      bool
	growth    server.Growth
	write     string
}

// main measures, and says what went wrong.
func main() {
	server.Child()
	log.SetFlags(0)
	log.SetPrefix("serverbench: ")
	a := read()
	if err := server.Pin(); err != nil {
		log.Fatal(err)
	}
	place, section, err := a.measure(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	if a.write == "" {
		fmt.Print(section)
		return
	}
	if err := place.Write(a.write, section); err != nil {
		log.Fatal(err)
	}
}

// read reads the flags.
func read() (a options) {
	a.plan.Report = func(s string) { fmt.Fprintln(os.Stderr, s) }
	flag.IntVar(&a.plan.Rounds, "rounds", 11, "how many times every case takes its turn")
	flag.DurationVar(&a.plan.Slice, "slice", 400*time.Millisecond, "how long a turn is")
	flag.IntVar(
		&a.selection.SignOuts, "sessions", 30_000, "how many sessions there are to sign out of, for each engine",
	)
	flag.StringVar(
		&a.selection.Profile, "profile", "",
		"folder that gets a profile of the processor for each engine; empty: none is made",
	)
	cases := flag.String("cases", "", "which cases are measured, as a regular expression of group and name; empty: all")
	flag.DurationVar(&a.flood.During, "flood", 15*time.Second, "how long the flood of sign-ins lasts; 0: there is none")
	flag.BoolVar(&a.grow, "grow", false, "measure what grows with the number of sessions, and nothing else")
	flag.IntVar(&a.growth.Many, "many", 1_000_000, "sessions of the large database")
	flag.DurationVar(&a.growth.During, "during", 10*time.Minute, "how long memory is watched under load")
	flag.StringVar(&a.write, "write", "", "page whose section is renewed; empty: it is printed")
	flag.Parse()
	a.selection.Cases = regexp.MustCompile(*cases)
	a.flood.SignIns, a.flood.Before = 200, a.flood.During/3
	a.growth.Few, a.growth.Live, a.growth.Starts, a.growth.Plan = 1000, min(100_000, a.growth.Many), 11, a.plan
	return a
}

// measure returns a section, and where it stands.
func (a options) measure(ctx context.Context) (page.Section, string, error) {
	if a.grow {
		grown, err := server.Grow(ctx, a.growth)
		if err != nil {
			return page.Section{}, "", err
		}
		return server.ScalePlace, grown.Section(), nil
	}
	results, err := a.plan.Run(ctx, a.selection)
	if err != nil || a.flood.During == 0 {
		return page.Section{}, results.Print(), err
	}
	flooded, err := server.Flood(ctx, a.flood)
	if err != nil {
		return page.Section{}, "", err
	}
	return server.Place, results.Section(a.plan, flooded), nil
}
