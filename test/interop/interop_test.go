// Package interop_test proves on running servers that our tokens and published keys mean to
// other people's libraries what they mean to verify. It is a module of its own, so that no
// library of a peer enters the product's graph.
package interop_test

import (
	"testing"
	"time"
)

// leeway is what every library that takes one gets: as much as verify has itself
const leeway = 30 * time.Second

// algorithms are those that a server can sign with and publish keys for
var algorithms = []string{"ES256", "EdDSA", "RS256"}

// fault is one thing that may be wrong with a token, or with the clock it is checked by
type fault string

// The faults, in the order of the document. A clock that is behind is none within the leeway.
const (
	badSignature  fault = "signature"
	otherIssuer   fault = "issuer"
	otherAudience fault = "audience"
	otherType     fault = "typ"
	expired       fault = "expired"
	clockBehind   fault = "issued ahead, no leeway"
)

// trial is a demand with at most one thing wrong; fault is empty where a library must accept.
type trial struct {
	name   string
	fault  fault
	change func(*demand, issued)
}

// trials are put to every library, for every algorithm.
var trials = []trial{
	{"as issued", "", func(*demand, issued) {}},
	{"by a clock ten seconds behind", "", func(d *demand, i issued) { d.Now = i.IssuedAt - 10 }},
	{
		"by a clock ten seconds behind, without leeway", clockBehind,
		func(d *demand, i issued) { d.Now, d.Leeway = i.IssuedAt-10, 0 },
	},
	{"with a flipped bit in its signature", badSignature, func(d *demand, i issued) { d.Token = i.flipped() }},
	{"for another issuer", otherIssuer, func(d *demand, _ issued) { d.Issuer += "/other" }},
	{"for another audience", otherAudience, func(d *demand, _ issued) { d.Audience += "/other" }},
	{"for another type", otherType, func(d *demand, _ issued) { d.Type = "secevent+jwt" }},
	{"a minute after it expired", expired, func(d *demand, i issued) { d.Now = i.Expires + 60 }},
}

// TestInterop builds the program once; what follows needs it.
func TestInterop(t *testing.T) {
	program := mustBuild(t)
	t.Run("libraries", func(t *testing.T) { testLibraries(t, program) })
	t.Run("example", func(t *testing.T) { testExample(t, program) })
	t.Run("feed", func(t *testing.T) { testFeed(t, program) })
	t.Run("key set", func(t *testing.T) { testKeySet(t, program) })
}

// testLibraries puts every trial to every library, then holds the document to the outcome.
func testLibraries(t *testing.T, program string) {
	asked := mustOpenLibraries(t)
	for _, algorithm := range algorithms {
		s := mustServe(t, program, algorithm)
		token := s.mustSignUp(t)
		for _, l := range asked {
			for _, trial := range trials {
				d := s.demand(token)
				trial.change(&d, token)
				got := l.check(t.Context(), d)
				if problem := l.judge(algorithm, trial.fault, got, token.Subject); problem != "" {
					t.Errorf("%s, %s: token %s: %s", l.name, algorithm, trial.name, problem)
				}
			}
		}
	}
	if !t.Failed() {
		compareDocument(t, document(asked))
	}
}
