package attacks

import (
	"fmt"
	"strings"

	"github.com/handstamp/handstamp/bench/peers"
)

// intro says what the tables are, and what their words mean
const intro = `<!-- Made by bench/attacks. Do not edit: cd bench && go test ./attacks -update -->

# Hostile tokens, library by library

What this project's verifier and the Go libraries that people compare it with do with the same %d hostile tokens in %d classes.
Every row names the CVE or the clause that it stands for. The tokens are made anew for every run, by
` + "`bench/attacks`" + `, and a test holds this page to what the libraries answer.

| word | meaning |
|---|---|
| refused | the library returned an error |
| ACCEPTED | the library returned no error, although the token breaks a requirement of the standard that the row cites, or avoids one of the four checks that were asked for: issuer, audience, expiry, algorithm |
| allowed | the library returned no error, and a standard permits both: the row says which. A program may still want to check it by itself |
| n.a. | the library does not check that algorithm |

Anybody can make these tokens: those without a signature, those signed with a key of the attacker's or with an HMAC keyed with a public key, a good token that is
written differently or in other parts, and those that are encrypted, too large, or have no valid signature. All others bear the issuer's own signature. They do harm only
when the issuer can be brought to sign such a token, or when two programs understand one token differently. The section [Set-up](#set-up) says how each library is
configured; other settings lead to other answers.

`

// Document is docs/attacks.md.
func Document(report Report) string {
	var b strings.Builder
	rows := 0
	for _, outcome := range report.Attacks {
		rows += len(outcome.Results)
	}
	fmt.Fprintf(&b, intro, rows, len(report.Attacks))
	for _, outcome := range report.Attacks {
		writeOutcome(&b, outcome)
	}
	b.WriteString("## Who fetched the attacker's keys\n\n")
	if len(report.Fetched) == 0 {
		b.WriteString(
			"Nobody: the URLs in `jku`, `x5u` and `kid` led to a server that would have answered, and was never " +
				"asked.\n\n",
		)
	}
	for _, row := range report.Fetched {
		fmt.Fprintf(&b, "- %s\n", row)
	}
	writeOutcome(&b, report.Controls)
	writeSetup(&b)
	return b.String()
}

// writeOutcome writes the table of one class
func writeOutcome(b *strings.Builder, outcome Outcome) {
	fmt.Fprintf(b, "## %s\n\n%s\n\n| token | stands for |", outcome.Class.Name, outcome.Class.About)
	for _, p := range peers.All() {
		fmt.Fprintf(b, " %s |", p.Name)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(peers.All())) + "\n")
	for _, result := range outcome.Results {
		cites := result.Row.Cites
		if result.Row.LeftOpen != "" {
			cites += "; left open: " + result.Row.LeftOpen
		}
		fmt.Fprintf(b, "| %s | %s |", cell(result.Row.Name), cell(cites))
		for _, v := range result.Verdicts {
			if outcome.Class.Name == controlsName && v == Accepted {
				v = "accepted"
			}
			fmt.Fprintf(b, " %s |", v)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// cell writes text so that it stays in its column
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// writeSetup says how each library was asked
func writeSetup(b *strings.Builder) {
	b.WriteString(
		"## Set-up\n\nThe issuer publishes two keys of one algorithm, the one that signs and the next one. Every " +
			"library is asked for the same four things: " +
			"the issuer, the audience, an expiry that must be there, and that one algorithm; with 30 s of leeway " +
			"where it has any. The rest is left as it comes. " +
			"“Our line” is a check that the library leaves to its caller, written in " +
			"[bench/peers](../bench/peers).\n\n| library | version | set up as |\n|---|---|---|\n",
	)
	for _, p := range peers.All() {
		fmt.Fprintf(b, "| %s (`%s`) | %s | %s |\n", p.Name, p.Module, p.Version(), cell(p.Setup))
	}
}
