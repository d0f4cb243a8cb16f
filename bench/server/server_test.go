package server_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/bench/server"
)

// TestMain is also every server that is measured.
func TestMain(m *testing.M) {
	server.Child()
	os.Exit(m.Run())
}

// trial is a plan that takes no time.
var trial = server.Plan{Rounds: 2, Slice: time.Millisecond, Report: func(string) {}}

// TestRun measures everything for a moment: every answer is the one that was asked for, on both
// engines, or this fails. Of a flood of sign-ins some are let in, and all others are told to come
// again, and when.
func TestRun(t *testing.T) {
	results, err := trial.Run(t.Context(), server.Selection{SignOuts: 16 * 55})
	if err != nil {
		t.Fatal(err)
	}
	flooded, err := server.Flood(
		t.Context(),
		server.FloodPlan{SignIns: 200, Before: 50 * time.Millisecond, During: 300 * time.Millisecond},
	)
	if err != nil {
		t.Fatal(err)
	}
	in, refused, unsaid := flooded.SignIns()
	if in == 0 || refused == 0 || unsaid > 0 {
		t.Errorf(
			"of 200 sign-ins at once %d were let in and %d refused, %d of them without Retry-After; want some of "+
				"both, and none",
			in, refused, unsaid,
		)
	}
	section := results.Section(trial, flooded)
	for _, row := range []string{"sign-up", "sign-in", "session read", "refresh", "sign-out", "page"} {
		for _, engine := range []string{"SQLite", "PostgreSQL"} {
			if !strings.Contains(section, "\n| "+row+", "+engine+" |") {
				t.Errorf("%s on %s has no row in the section", row, engine)
			}
		}
	}
	if strings.Contains(section, "n.a.") || strings.Contains(section, "NaN") {
		t.Errorf("the section lacks figures:\n%s", section)
	}
	if _, err := server.Place.Replace("", section); err != nil {
		t.Error(err)
	}
}

// TestGrow compares two small databases, and watches one.
func TestGrow(t *testing.T) {
	grown, err := server.Grow(
		t.Context(),
		server.Growth{Few: 64, Many: 640, Live: 640, During: 200 * time.Millisecond, Starts: 1, Plan: trial},
	)
	if err != nil {
		t.Fatal(err)
	}
	section := grown.Section()
	if strings.Contains(section, "n.a.") || strings.Contains(section, "NaN") {
		t.Errorf("the section lacks figures:\n%s", section)
	}
	if _, err := server.ScalePlace.Replace("", section); err != nil {
		t.Error(err)
	}
}
