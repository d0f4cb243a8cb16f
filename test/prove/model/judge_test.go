package model_test

import (
	"go/build"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/store"
	. "github.com/handstamp/handstamp/test/prove/model"
)

// now is when the tokens of these tests are presented.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// tick is as fine as storage is, so that each window's very edge is tried.
const tick = time.Millisecond

// span turns ticks into time.
func span(ticks int8) time.Duration {
	if ticks == Always {
		return store.RecoverWhileAlive
	}
	return time.Duration(ticks) * tick
}

// nonce turns a symbol into bytes.
func nonce(t Token) store.Nonce { return store.Nonce{7: byte(t + 1)} }

// place turns a place into a client.
func place(n Net) store.Client {
	return store.NewClient(netip.AddrFrom4([4]byte{192, 0, byte(n), 1}), "agent")
}

// standing turns a row into one of the store's.
func standing(r Row, idle int8) store.Standing {
	s := store.Standing{Session: store.Session{
		Line: store.Line{
			Generation: uint32(r.Generation), Nonce: nonce(r.Nonce), Parent: nonce(r.Parent),
			ParentForked: r.ParentForked, Forks: int(r.Forks), RotatedAt: now.Add(-span(r.Age)),
		},
		LastUsedAt: now.Add(-span(r.Unused)), LastUsedBy: place(r.From),
		IdleLimit: span(idle), ExpiresAt: now.Add(span(r.Left)),
	}}
	if r.Ended {
		s.Session.EndedAt, s.Session.EndReason = now, store.SignedOut
	}
	return s
}

// line turns a row back into what an engine must write.
func line(r Row) store.Line { return standing(r, Always).Session.Line }

// presented turns an input into what the store gets.
func presented(in Input) store.Presented {
	return store.Presented{
		Generation: uint32(in.Presented.Generation), Parent: nonce(in.Presented.Parent),
		Nonce: nonce(in.Presented.Nonce),
		From:  place(in.Presented.From), Window: store.Window{Grace: span(in.Grace), Recovery: span(in.Recovery)},
	}
}

// each calls visit with every value.
func each[T any](values []T, visit func(T)) {
	for _, v := range values {
		visit(v)
	}
}

// rows returns every small row. Its nonce is 0: what the others are called is seen from there.
func rows() (all []Row) {
	plain := Row{From: Home, Left: 1}
	states := []func(*Row){
		func(*Row) {},
		func(r *Row) { r.Ended = true },
		func(r *Row) { r.Left = 0 },
		func(r *Row) { r.Left = -1 },
		func(r *Row) { r.Unused = 2 },
		func(r *Row) { r.Unused = 3 },
		func(r *Row) { r.Unused = -1 },
	}
	each([]int8{0, 1, 2, 3}, func(generation int8) {
		each([]Token{None, 0, 1}, func(parent Token) {
			each([]int8{0, 1}, func(forks int8) {
				each([]bool{false, true}, func(forked bool) {
					each([]int8{-3, -2, -1, 0, 1, 2, 3}, func(age int8) {
						each(states, func(state func(*Row)) {
							r := plain
							r.Generation, r.Parent, r.Age = generation, parent, age
							r.Forks, r.ParentForked = forks, forked
							state(&r)
							all = append(all, r)
						})
					})
				})
			})
		})
	})
	return all
}

// tokens returns every small token, from near and far.
func tokens() (all []Presented) {
	each([]int8{0, 1, 2, 3, 4, 5}, func(generation int8) {
		each([]Token{None, 0, 1, 2}, func(parent Token) {
			each([]Token{0, 1, 2}, func(own Token) {
				all = append(all,
					Presented{generation, parent, own, Home}, Presented{generation, parent, own, Elsewhere})
			})
		})
	})
	return all
}

// TestJudge holds the code's table to the model's: the same line for every small row and
// token, and the same row after a confirmation.
func TestJudge(t *testing.T) {
	cases := map[store.Case]Case{
		store.Ended: Ended, store.Rotated: Rotated, store.Repeated: Repeated, store.Recovered: Recovered,
		store.Late: Late, store.Ahead: Ahead, store.Reused: Reused,
	}
	met := map[Case]int{}
	table := Protocol()
	shown, given := rows(), tokens()
	each([][3]int8{
		{0, 0, 3}, {0, 1, 3}, {0, Always, 3}, {1, 0, 3},
		{1, 2, 3}, {1, 1, Always}, {1, Always, Always}, {2, 1, 3}, {2, 0, Always}, {2, Always, 3},
	}, func(ticks [3]int8) {
		w := Windows{Grace: ticks[0], Recovery: ticks[1], Idle: ticks[2]}
		each(shown, func(r Row) {
			row := standing(r, w.Idle)
			each(given, func(p Presented) {
				in := Input{r, p, w}
				want := table.Decide(in)
				met[want]++
				if got := store.Judge(row, presented(in), now); cases[got] != want {
					t.Fatalf("Judge(%+v) = %v, want %v", in, got, want)
				}
				if want != Rotated && want != Ahead {
					return
				}
				got, wantLine := row.Session.Line.Confirm(presented(in), now), line(table.Write(want, in, r))
				if got != wantLine {
					t.Fatalf("Confirm(%+v), got +, want -:\n%s", in, cmp.Diff(wantLine, got))
				}
			})
		})
	})
	for _, c := range cases {
		if met[c] == 0 {
			t.Errorf("no row and token made %q", c)
		}
	}
	t.Logf("%d rows, %d tokens: %v", len(shown), len(given), met)
}

// TestDisabled holds a disabled user to the line "ended", which the model knows as ended.
func TestDisabled(t *testing.T) {
	for _, p := range tokens() {
		row := standing(Row{From: Home, Left: 1}, Always)
		row.User.DisabledAt = now
		in := Input{Presented: p, Windows: lasting}
		if got := store.Judge(row, presented(in), now); got != store.Ended {
			t.Fatalf("Judge(%+v, disabled) = %v, want ended", p, got)
		}
	}
}

// TestModelIsWrittenAnew holds the model to the document: it knows none of our code.
func TestModelIsWrittenAnew(t *testing.T) {
	p, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range p.Imports {
		if strings.Contains(name, ".") {
			t.Errorf("the model imports %s", name)
		}
	}
	if len(p.Imports) == 0 {
		t.Error("the model imports nothing: is this its folder?")
	}
}
