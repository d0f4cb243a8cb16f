package interop_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// update rewrites the document instead of comparing with it.
var update = flag.Bool("update", false, "rewrite "+documentPath)

// documentPath is where readers find the outcome.
const documentPath = "../../docs/interop.md"

// preamble is the document up to its tables; ' stands for a back quote.
const preamble = `<!-- Made by test/interop; to make it again: cd test/interop && go test ./... -update -->
# Tokens in other libraries

A service in Go checks access tokens with our 'verify'; any other can take a library for JSON Web Tokens. These were put before running
servers. Where the table says yes, a library accepts a good token, and refuses one with a flipped bit in its signature, of another issuer,
for another audience, of another type, or expired. All the while the key set held keys of all three algorithms, as it may while keys rotate.

Tell your library:

- the issuer, which is the setting 'public_url', and the key set, '/.well-known/jwks.json' below it
- the audience, which is the setting 'audience' or, when that is not set, 'public_url'
- the one algorithm that the server signs with, the setting 'signing_alg'; never let the token choose
- the type 'at+jwt'; where there is no option for it, compare 'typ' in the header yourself (RFC 9068 §4)
- a leeway of 30 seconds; without one, some refuse a token that was issued a moment ahead of their clock

None of them hears of a session that ended early: to them its access token is good until it expires ('access_ttl').
`

// document puts the outcome into words. It is called when every library did as its entry says.
func document(all []library) string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(preamble, "'", "`"))

	b.WriteString("\n## What each can\n\n")
	b.WriteString("| library | version | " + strings.Join(algorithms, " | ") + " | `typ` | remarks |\n")
	b.WriteString(strings.Repeat("|---", len(algorithms)+4) + "|\n")
	for _, l := range all {
		fmt.Fprintf(&b, "| %s (%s) | %s |", l.name, l.language, l.packagesAndVersions())
		for _, a := range algorithms {
			fmt.Fprintf(&b, " %s |", knows(l.lacks[a]))
		}
		fmt.Fprintf(&b, " %s | %s |\n", comparesType(l.says[otherType]), l.remark)
	}

	faults := []fault{badSignature, otherIssuer, otherAudience, expired, clockBehind}
	b.WriteString("\n## What each says when it refuses\n\n| library |")
	for _, f := range faults {
		fmt.Fprintf(&b, " %s |", f)
	}
	b.WriteString("\n" + strings.Repeat("|---", len(faults)+1) + "|\n")
	for _, l := range all {
		fmt.Fprintf(&b, "| %s |", l.name)
		for _, f := range faults {
			fmt.Fprintf(&b, " %s |", says(l.says[f]))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// packagesAndVersions is a cell with what was installed.
func (l library) packagesAndVersions() string {
	var cells []string
	for _, p := range l.packages {
		cells = append(cells, "`"+p+"` "+l.versions[p])
	}
	return strings.Join(cells, ", ")
}

// knows is a cell about an algorithm, from the refusal of a library that lacks it.
func knows(refusal string) string {
	if refusal == "" {
		return "yes"
	}
	return "no: `" + refusal + "`"
}

// comparesType is a cell about who compares typ, from the refusal of another.
func comparesType(refusal string) string {
	if refusal == typByHand {
		return "by hand"
	}
	return "option"
}

// says is a cell with a refusal; there is none where a library accepts.
func says(refusal string) string {
	if refusal == "" {
		return "accepts"
	}
	return "`" + refusal + "`"
}

// compareDocument holds the committed document to the outcome.
func compareDocument(t *testing.T, want string) {
	t.Helper()
	t.Log("\n" + want)
	if *update {
		if err := os.WriteFile(documentPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/interop.md differs (-want +got); after a look at why: go test ./... -update\n%s", diff)
	}
}
