package simulation

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/store"
)

// planted is a good engine with a mistake in one operation.
type planted struct {
	store.Store
	rotate  func(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) // nil: the engine's
	end     func(ctx context.Context, e store.Ending, now time.Time) error                     // nil: the engine's
	entries func([]revoked.Entry) []revoked.Entry                                              // nil: all of them
}

// Rotate is the engine's, or the mistake.
func (m planted) Rotate(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
	if m.rotate == nil {
		return m.Store.Rotate(ctx, p, now)
	}
	return m.rotate(ctx, p, now)
}

// EndSession is the engine's, or the mistake.
func (m planted) EndSession(ctx context.Context, e store.Ending, now time.Time) error {
	if m.end == nil {
		return m.Store.EndSession(ctx, e, now)
	}
	return m.end(ctx, e, now)
}

// RevocationsSince is the engine's, or the mistake.
func (m planted) RevocationsSince(ctx context.Context, seq int64, limit int) ([]revoked.Entry, error) {
	all, err := m.Store.RevocationsSince(ctx, seq, limit)
	if m.entries != nil {
		all = m.entries(all)
	}
	return all, err
}

// asked changes what is presented before the engine sees it.
func asked(change func(p *store.Presented, row store.Standing)) mistake {
	return func(engine store.Store) store.Store {
		return planted{
			Store: engine,
			rotate: func(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
				if row, err := engine.Session(ctx, p.Session); err == nil {
					change(&p, row)
				}
				return engine.Rotate(ctx, p, now)
			},
		}
	}
}

// instead answers, for what judged is about, by itself and without a write.
func instead(judged func(row store.Standing, p store.Presented, now time.Time) store.Case) mistake {
	return func(engine store.Store) store.Store {
		return planted{
			Store: engine,
			rotate: func(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
				row, err := engine.Session(ctx, p.Session)
				if err == nil {
					if said := judged(row, p, now); said != 0 {
						return store.Outcome{Case: said, Standing: row}, nil
					}
				}
				return engine.Rotate(ctx, p, now)
			},
		}
	}
}

// calling answers one case as another, without its write.
func calling(from, to store.Case) mistake {
	return instead(func(row store.Standing, p store.Presented, now time.Time) store.Case {
		if store.Judge(row, p, now) == from {
			return to
		}
		return 0
	})
}

// mistakes are engines that the simulation must see through, and the promise that each breaks
// where it can break but one.
var mistakes = []struct {
	name   string
	plant  mistake
	breaks string // the beginning of what is said; empty: any promise
}{
	{"reuse is taken for a repeat", calling(store.Reused, store.Repeated), ""},
	{"reuse is tolerated", calling(store.Reused, store.Late), "R2"},
	{"a recovery is not counted", calling(store.Recovered, store.Recovered), ""},
	{"the commit of a rotation is lost", calling(store.Rotated, store.Rotated), ""},
	{"what is past its limits is not ended for good", calling(store.Ended, store.Ended), ""},
	{"what is late is reuse", asked(func(p *store.Presented, row store.Standing) {
		if p.Generation+1 == row.Session.Line.Generation {
			p.Window.Grace = 0
		}
	}), "R1"},
	{
		"siblings are tolerated within grace",
		instead(func(row store.Standing, p store.Presented, now time.Time) store.Case {
			line := row.Session.Line
			if store.Judge(row, p, now) == store.Reused && p.Generation == line.Generation &&
				now.Sub(line.RotatedAt).Abs() <= p.Window.Grace {
				return store.Late
			}
			return 0
		}),
		"R2",
	},
	{"the parent is tolerated for ever", instead(func(row store.Standing, p store.Presented, now time.Time) store.Case {
		if store.Judge(row, p, now) == store.Reused && p.Generation+1 == row.Session.Line.Generation &&
			p.Nonce == row.Session.Line.Parent {
			return store.Late
		}
		return 0
	}), "R2"},
	{
		"grace is a millisecond too long",
		asked(func(p *store.Presented, _ store.Standing) { p.Window.Grace += time.Millisecond }), "",
	},
	{
		"grace is a millisecond too short",
		asked(func(p *store.Presented, _ store.Standing) { p.Window.Grace -= time.Millisecond }), "",
	},
	{
		"nobody looks at the network",
		asked(func(p *store.Presented, row store.Standing) { p.From = row.Session.LastUsedBy }), "",
	},
	{"nothing is ever repeated", asked(func(p *store.Presented, _ store.Standing) { p.Window.Grace = -1 }), ""},
	{"signing out is forgotten", func(engine store.Store) store.Store {
		return planted{Store: engine, end: func(context.Context, store.Ending, time.Time) error { return nil }}
	}, "R4"},
	{"the log is not read", func(engine store.Store) store.Store {
		return planted{Store: engine, entries: func([]revoked.Entry) []revoked.Entry { return nil }}
	}, "§6"},
	{"an error ends the session", endsOnError, "R5"},
}

// endsOnError ends the session when a write fails.
func endsOnError(engine store.Store) store.Store {
	return planted{
		Store: engine,
		rotate: func(ctx context.Context, p store.Presented, now time.Time) (store.Outcome, error) {
			if ctx.Value(answerLost{}) != nil {
				reused := store.Ending{Session: p.Session, Reason: store.ReuseDetected}
				if err := engine.EndSession(ctx, reused, now); err != nil {
					return store.Outcome{}, err
				}
			}
			return engine.Rotate(ctx, p, now)
		},
	}
}

// TestPlanted has engines with mistakes simulated: a simulation that finds nothing proves
// nothing.
func TestPlanted(t *testing.T) {
	const most = 3000 // schedules that each mistake may take
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			synced(t, func(t *testing.T) {
				p := newPlayer(t, onSQLite, m.plant)
				defer p.close()
				for seed := uint64(1); seed <= most; seed++ {
					if r := p.play(seed); strings.HasPrefix(r.wrong, m.breaks) && r.wrong != "" {
						t.Logf("found by seed %d: %s", seed, r.wrong)
						return
					}
				}
				t.Errorf("%d schedules found nothing", most)
			})
		})
	}
}

// TestPlayedAgain plays schedules twice, on servers with other keys and other histories: a seed
// decides the trace.
func TestPlayedAgain(t *testing.T) {
	synced(t, func(t *testing.T) {
		one, other := newPlayer(t, onSQLite, nil), newPlayer(t, onSQLite, nil)
		defer one.close()
		defer other.close()
		other.play(1 << 40)
		for seed := uint64(1); seed <= 40; seed++ {
			if a, b := one.play(seed).report(), other.play(seed).report(); a != b {
				t.Fatalf("two traces of one seed:\n%s\n\n%s", a, b)
			}
		}
	})
}
