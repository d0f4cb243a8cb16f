package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// TestNothingStale has transactions that refuse tokens stop between their locks and their commit,
// while somebody else reads the same rows. The reader gets the rows as they are after the commit,
// or nothing. A token from the rows as they were before could have an iat that the transaction
// does not cover. protocol.md R6
func TestNothingStale(t *testing.T) {
	first := store.Presented{Session: store.SessionID{1}, Generation: 1, Nonce: store.Nonce{1}}
	second := store.Presented{Session: store.SessionID{1}, Generation: 2, Parent: store.Nonce{1}, Nonce: store.Nonce{2}}
	window := store.Window{Grace: 10 * time.Second}
	refresh := func(p store.Presented) func(db *postgres.DB) (store.User, bool, error) {
		p.Window = window
		return func(db *postgres.DB) (store.User, bool, error) {
			o, err := db.Rotate(background, p, now)
			return o.Standing.User, o.Case != store.Ended, err
		}
	}
	visitors := []struct {
		name string
		call func(*postgres.DB) (u store.User, in bool, err error)
	}{
		{"rotate", refresh(second)},
		{"repeat", refresh(first)},
		{"begin", func(db *postgres.DB) (store.User, bool, error) {
			u, err := db.Begin(background, store.Beginning{Session: newSession(2)}, now)
			return u, err == nil, nil // who is disabled by then is turned away
		}},
	}
	refusals := []struct {
		name string
		call func(*postgres.DB, store.Clock) error
	}{
		{"roles", func(db *postgres.DB, clock store.Clock) error {
			_, err := db.SetRoles(background, ada.ID, []string{"new"}, clock)
			return err
		}},
		{"disable", func(db *postgres.DB, clock store.Clock) error {
			_, err := db.DisableUser(background, ada.ID, "", clock)
			return err
		}},
		{"delete", func(db *postgres.DB, clock store.Clock) error {
			return db.DeleteUser(background, ada.ID, clock)
		}},
		{"everything", func(db *postgres.DB, clock store.Clock) error {
			_, err := db.EndEverything(background, store.Ending{Reason: store.EndedByAdmin}, clock)
			return err
		}},
	}
	for _, refusal := range refusals {
		for _, visitor := range visitors {
			t.Run(refusal.name+" and "+visitor.name, func(t *testing.T) {
				t.Parallel()
				database := postgrestest.Shared(t).Database(t)
				db := mustOpen(t, database)
				must(t, db.CreateUser(background, ada))
				mustBegin(t, db, 1)
				mustRotate(t, db, first, store.Rotated)

				came := make(chan bool)
				must(t, refusal.call(db, func() time.Time { // the locks are held
					go func() {
						defer close(came)
						u, in, err := visitor.call(db)
						if err != nil {
							t.Error(err)
						}
						if !in {
							return
						}
						if u.NotBefore != now.Unix()+1 ||
							refusal.name == "roles" && !slices.Equal(u.Roles, []string{"new"}) {
							t.Errorf("let in as %+v, which was before", u)
						}
						switch {
						case refusal.name == "disable", refusal.name == "delete",
							refusal.name == "everything" && visitor.name != "begin":
							t.Error("let in, though out")
						}
					}()
					awaitLocks(t, database, 1)
					return now
				}))
				<-came
			})
		}
	}
}

// TestNewUserAfterEverything has somebody sign up while everything is being ended: the new user
// begins with the cut-off.
func TestNewUserAfterEverything(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	db := mustOpen(t, database)
	came := make(chan error, 1)
	_, err := db.EndEverything(background, store.Ending{Reason: store.EndedByAdmin}, func() time.Time {
		go func() { came <- db.CreateUser(background, ada) }()
		awaitLocks(t, database, 1)
		return now
	})
	must(t, err)
	must(t, <-came)
	if u, err := db.User(background, ada.ID); err != nil || u.NotBefore != now.Unix()+1 {
		t.Errorf("User = %+v, %v, want the cut-off %d", u, err, now.Unix()+1)
	}
}
