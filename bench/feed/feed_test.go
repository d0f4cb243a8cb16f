package feed_test

import (
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/bench/feed"
	"github.com/handstamp/handstamp/bench/verification"
)

// TestRun makes a small trial with failures: every ending reaches every verifier, and no live
// session is refused. How soon that is depends on the machine, and which streams are truncated on
// chance.
func TestRun(t *testing.T) {
	plan := feed.Plan{Nodes: 2, Verifiers: 5, Endings: 20, Rate: 200, During: 4 * time.Second, Report: func(string) {}}
	o, err := plan.Run(t.Context(), feed.WithFailures)
	if err != nil {
		t.Fatal(err)
	}
	if o.Wrong > 0 || len(o.Last) != plan.Endings || o.Requests == 0 {
		t.Errorf(
			"%d refused wrongly, %d of %d endings known everywhere, %d requests", o.Wrong, len(o.Last),
			plan.Endings, o.Requests,
		)
	}
	streams, err := feed.MeasureStreams(t.Context(), 20)
	if err != nil {
		t.Fatal(err)
	}
	endings, err := feed.MeasureEndings(t.Context(), 2000, verification.Plan{Rounds: 2, Slice: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if streams.Before <= 0 || streams.With <= 0 || endings.With.Median <= 0 {
		t.Errorf("%+v, %+v, want figures", streams, endings)
	}
	section := plan.Section([]feed.Outcome{o}, streams, endings)
	if strings.Contains(section, "n.a.") || strings.Contains(section, "NaN") {
		t.Errorf("the section lacks figures:\n%s", section)
	}
	if _, err := feed.Place.Replace("", section); err != nil {
		t.Error(err)
	}
}
