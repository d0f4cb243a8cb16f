// Command verifybench measures what it costs to verify a token, with our verifier, with every other
// library and with the bare signature check, and prints tables of ratios.
//
//	go run ./cmd/verifybench                                 # all, four minutes on two processors
//	go run ./cmd/verifybench -rounds 3 -slice 10ms -scale 50 # does it work?
//	go run ./cmd/verifybench -write ../docs/performance.md   # renews the section of that page
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/handstamp/handstamp/bench/verification"
)

// main measures, and says what went wrong.
func main() {
	log.SetFlags(0)
	log.SetPrefix("verifybench: ")
	var plan verification.Plan
	flag.IntVar(&plan.Rounds, "rounds", 21, "how many times every case takes its turn")
	flag.DurationVar(&plan.Slice, "slice", 40*time.Millisecond, "how long a turn is")
	scale := flag.Int("scale", 1, "divides the numbers of tokens and ended sessions; 1 is the real thing")
	write := flag.String("write", "", "page whose section is renewed; empty prints it")
	flag.Parse()
	plan.Report = func(s string) { fmt.Fprintln(os.Stderr, s) }
	if err := run(plan, verification.Scale(*scale), *write); err != nil {
		log.Fatal(err)
	}
}

// run measures everything, and prints or writes it.
func run(plan verification.Plan, scale verification.Scale, write string) error {
	results, err := verification.All(plan, scale)
	if err != nil {
		return err
	}
	section := results.Section(plan)
	if write == "" || scale != 1 {
		fmt.Print(section)
		return nil
	}
	return verification.Place.Write(write, section)
}
