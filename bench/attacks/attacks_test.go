package attacks_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/bench/attacks"
	"github.com/handstamp/handstamp/bench/peers"
)

// update rewrites the document instead of comparing with it.
var update = flag.Bool("update", false, "rewrite docs/attacks.md")

// document is the matrix that readers see.
const document = "../../docs/attacks.md"

// TestMatrix holds our verifier to refusing every hostile token and to taking every good one, and
// the document to what every library answers.
func TestMatrix(t *testing.T) {
	report, err := attacks.Run()
	if err != nil {
		t.Fatal(err)
	}
	ours := 0 // peers.All begins with ours
	if name := peers.All()[ours].Name; name != peers.Ours().Name {
		t.Fatalf("the first library is %s, want ours", name)
	}
	for _, outcome := range report.Attacks {
		for _, result := range outcome.Results {
			if got := result.Verdicts[ours]; got != attacks.Refused {
				t.Errorf(
					"%s: %s: ours says %s, want refused (%s)", outcome.Class.Name, result.Row.Name, got,
					result.Row.Cites,
				)
			}
		}
	}
	for _, result := range report.Controls.Results {
		if got := result.Verdicts[ours]; got != attacks.Accepted {
			t.Errorf("good token %s: ours says %s, want accepted", result.Row.Name, got)
		}
	}
	got := attacks.Document(report)
	if *update {
		if err := os.WriteFile(document, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf(
			"%s differs from what the libraries answer now (go test ./attacks -update rewrites it): %s", document,
			diff,
		)
	}
}

// TestTable holds the table to its size, and every row to naming what it stands for.
func TestTable(t *testing.T) {
	rows := map[string]bool{}
	for _, class := range attacks.Table() {
		if class.About == "" {
			t.Errorf("class %s does not say what it is about", class.Name)
		}
		for _, row := range class.Rows {
			full := class.Name + ": " + row.Name
			if rows[full] || row.Name == "" || row.Cites == "" {
				t.Errorf("%s is there twice, or does not say what it stands for", full)
			}
			rows[full] = true
		}
	}
	if classes := len(attacks.Table()); classes < 20 || len(rows) < 60 {
		t.Errorf("%d rows in %d classes, want at least 60 in 20", len(rows), classes)
	}
}
