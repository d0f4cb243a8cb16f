// Package attacks runs one table of hostile tokens over every library, and writes docs/attacks.md
// from what they answer. Each row stands for something that got past a real verifier, or that a
// standard warns of, and is made anew with fresh keys for each run.
package attacks

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/peers"
)

// Class is rows of one kind.
type Class struct {
	Name  string
	About string // one sentence for a reader
	Rows  []Row
}

// Row is one hostile token.
type Row struct {
	Name      string
	Cites     string         // the CVE or the clause it stands for
	Algorithm mint.Algorithm // the verifier's; empty means ES256
	LeftOpen  string         // the passage by which a verifier may take it all the same; empty: there is none
	Make      func(*Scene) string
}

// Scene is what there is to attack, and what the attacker brings. Trust signs what an attack asks
// for too: a careless issuer, or another of its products.
type Scene struct {
	Trust  *mint.Trust
	Evil   *mint.Trust // the attacker's own keys, of the same algorithm
	Canary string      // where the attacker publishes them
	Now    time.Time
}

// NewScene makes keys for both sides.
func NewScene(alg mint.Algorithm) (*Scene, error) {
	s := &Scene{Now: time.Now()}
	var err error
	if s.Trust, err = mint.NewTrust(alg); err != nil {
		return nil, err
	}
	s.Evil, err = mint.NewTrust(alg)
	return s, err
}

// Header is that of a good token.
func (s *Scene) Header() mint.Object { return s.Trust.Key.Header() }

// Claims are those of a good token.
func (s *Scene) Claims() mint.Object { return mint.Claims(s.Now) }

// Sign has the issuer's key sign.
func (s *Scene) Sign(header, claims fmt.Stringer) string { return s.Trust.Key.Compact(header, claims) }

// Forge signs with the attacker's key.
func (s *Scene) Forge(header, claims fmt.Stringer) string { return s.Evil.Key.Compact(header, claims) }

// Table is every class, in the order of the document.
func Table() []Class {
	return slices.Concat(algorithmClasses(), keyClasses(), headerClasses(), formClasses(), jsonClasses(),
		claimClasses(), timeClasses(), signatureClasses(), sizeClasses())
}

// Verdict is what a library said to a token.
type Verdict string

// The verdicts, as they are printed.
const (
	Refused  Verdict = "refused"
	Accepted Verdict = "ACCEPTED"
	Allowed  Verdict = "allowed" // accepted, as a standard allows
	Panicked Verdict = "PANIC"
	None     Verdict = "n.a." // the library has no such algorithm
)

// Result is what every library said to a row, in the order of peers.All.
type Result struct {
	Row      Row
	Verdicts []Verdict
}

// Outcome is the results of a class.
type Outcome struct {
	Class   Class
	Results []Result
}

// Report is all that one run found.
type Report struct {
	Attacks  []Outcome
	Controls Outcome
	Fetched  []string // rows for which some library asked the attacker for keys
}

// Run makes every token once, and shows it to every library.
func Run() (Report, error) {
	var report Report
	st, err := newStage()
	if err != nil {
		return report, err
	}
	defer st.canary.Close()
	for _, class := range Table() {
		report.Attacks = append(report.Attacks, st.run(class))
	}
	report.Controls = st.run(Controls())
	report.Fetched = st.fetched
	return report, nil
}

// stage has a scene and a verifier of every library for each algorithm
type stage struct {
	scenes    map[mint.Algorithm]*Scene
	verifiers map[mint.Algorithm][]peers.Verifier // in the order of peers.All; nil where there is none
	canary    *httptest.Server
	asked     atomic.Int64 // how often the canary was
	fetched   []string     // rows that made somebody ask it
}

// newStage sets everything up
func newStage() (*stage, error) {
	st := &stage{scenes: map[mint.Algorithm]*Scene{}, verifiers: map[mint.Algorithm][]peers.Verifier{}}
	st.canary = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		st.asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(st.scenes[mint.ES256].Evil.JWKS())
	}))
	for _, alg := range mint.Algorithms {
		scene, err := NewScene(alg)
		if err != nil {
			return nil, err
		}
		scene.Canary = st.canary.URL
		st.scenes[alg] = scene
		for _, p := range peers.All() {
			v, err := p.New(*scene.Trust)
			if err != nil && err != peers.ErrUnsupported {
				return nil, fmt.Errorf("set up %s: %w", p.Name, err)
			}
			st.verifiers[alg] = append(st.verifiers[alg], v)
		}
	}
	return st, nil
}

// run plays every row of a class
func (st *stage) run(class Class) Outcome {
	outcome := Outcome{Class: class}
	for _, row := range class.Rows {
		before := st.asked.Load()
		outcome.Results = append(outcome.Results, st.play(row))
		if st.asked.Load() > before {
			st.fetched = append(st.fetched, class.Name+": "+row.Name)
		}
	}
	return outcome
}

// play shows one token to every library
func (st *stage) play(row Row) Result {
	if row.Algorithm == "" {
		row.Algorithm = mint.ES256
	}
	token := row.Make(st.scenes[row.Algorithm])
	result := Result{Row: row}
	for _, v := range st.verifiers[row.Algorithm] {
		result.Verdicts = append(result.Verdicts, judge(v, token, row.LeftOpen))
	}
	return result
}

// judge shows a token to one library
func judge(v peers.Verifier, token, leftOpen string) (verdict Verdict) {
	defer func() {
		if recover() != nil {
			verdict = Panicked
		}
	}()
	switch {
	case v == nil:
		return None
	case v.Verify(token) != nil:
		return Refused
	case leftOpen != "":
		return Allowed
	}
	return Accepted
}

// claim is a row's token: the issuer signs good claims with one of them set to JSON text
func claim(name, value string) func(*Scene) string {
	return func(s *Scene) string { return s.Sign(s.Header(), s.Claims().With(name, value)) }
}

// noClaim is claim for a member that is left out
func noClaim(name string) func(*Scene) string {
	return func(s *Scene) string { return s.Sign(s.Header(), s.Claims().Without(name)) }
}

// parameter is a row's token: the issuer signs under a good header with one parameter set to JSON
// text
func parameter(name, value string) func(*Scene) string {
	return func(s *Scene) string { return s.Sign(s.Header().With(name, value), s.Claims()) }
}

// noParameter is parameter for one that is left out
func noParameter(name string) func(*Scene) string {
	return func(s *Scene) string { return s.Sign(s.Header().Without(name), s.Claims()) }
}
