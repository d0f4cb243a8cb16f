package postgres_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/migration"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// TestOpenAtOnce has several nodes start at once on a new database: each step is done once, and all
// of them serve.
func TestOpenAtOnce(t *testing.T) {
	for range 5 {
		database := postgrestest.Shared(t).Database(t)
		gate := make(chan struct{})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				<-gate
				db, err := patient.Open(background, database)
				if err == nil {
					_, _, err = db.Head(background)
					err = errors.Join(err, db.Close())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(gate)
		all.Wait()
		steps, err := filepath.Glob("migrations/*.sql")
		must(t, err)
		var done int
		must(t, mustConnect(t, database).QueryRow(background, `SELECT count(*) FROM migrations`).Scan(&done))
		if done != len(steps) {
			t.Errorf("%d migrations are noted, want %d", done, len(steps))
		}
	}
}

// TestOpenTriesAgain does not give up at once where something has a name that it needs: another
// node may be making it, and PostgreSQL shows a table's type before the table.
func TestOpenTriesAgain(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	mustExec(t, database, `CREATE TYPE migrations AS ENUM ('half made')`)
	began := time.Now()
	db, err := patient.Open(background, database)
	if took := time.Since(began); err == nil || took < 2*time.Second {
		t.Errorf("Open = %v after %v, want it tried for longer", err, took)
	}
	if err == nil {
		must(t, db.Close())
	}
	mustExec(t, database, `DROP TYPE migrations`)
	mustOpen(t, database)
}

// firstSchemaSum is that of migration 1, frozen: databases in the field began with it, and refuse
// another.
const firstSchemaSum = "4beed2166d9f7d16710d8106be4bca5305875f945bbbd0e1ef7d7d074045fea5"

// TestFirstSchema holds the first migration to what it was.
func TestFirstSchema(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("migrations", "0001_begin.sql"))
	must(t, err)
	if sum := fmt.Sprintf("%x", sha256.Sum256(text)); sum != firstSchemaSum {
		t.Errorf(
			"0001_begin.sql has changed: its SHA-256 is %s. Released migrations never change; write a new one",
			sum,
		)
	}
}

// TestUpgrade brings a database of the first schema up to date, without losing a row. The program
// from before runs on only if the newest step says so.
func TestUpgrade(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	older := patient.WithSteps()
	db, err := older.Open(background, database)
	must(t, err)
	must(t, db.CreateUser(background, ada))
	p := mustBegin(t, db, 1)
	must(t, db.Close())
	additive := "-- oldest: 1\nCREATE TABLE later (id TEXT NOT NULL PRIMARY KEY)"
	mustOpenWith(t, database, patient.WithSteps(additive))
	mustOpenWith(t, database, older)
	db = mustOpenWith(t, database, patient.WithSteps(additive, `ALTER TABLE users ADD COLUMN nickname TEXT`))
	mustRotate(t, db, p, store.Rotated)
	standing, err := db.Session(background, p.Session)
	must(t, err)
	if diff := cmp.Diff(ada, standing.User); diff != "" {
		t.Errorf("user after the upgrade, got +, want -:\n%s", diff)
	}
	if _, err := older.Open(background, database); !errors.Is(err, migration.ErrSchema) {
		t.Errorf("Open by the older program = %v, want it refused", err)
	}
}

// TestBehindPooler does without prepared statements, as some poolers want it.
func TestBehindPooler(t *testing.T) {
	db := mustOpen(t, postgrestest.Shared(t).Database(t)+"?default_query_exec_mode=cache_describe")
	u := ada
	u.Roles = []string{"admin", "staff"}
	must(t, db.CreateUser(background, u))
	p := mustBegin(t, db, 1)
	mustRotate(t, db, p, store.Rotated)
	p.Window.Grace = time.Second
	mustRotate(t, db, p, store.Repeated)
	n, err := db.EndOtherSessions(background, store.Ending{Owner: ada.ID, Reason: store.EndedByAdmin}, now)
	if n != 1 || err != nil {
		t.Errorf("EndOtherSessions = %d, %v, want 1", n, err)
	}
	if got, err := db.User(background, ada.ID); err != nil || len(got.Roles) != 2 {
		t.Errorf("User = %+v, %v, want both roles", got, err)
	}
	if entries, err := db.RevocationsSince(background, 0, 9); len(entries) != 1 || err != nil {
		t.Errorf("RevocationsSince = %v, %v, want the one", entries, err)
	}
}

// TestReopen finds everything again.
func TestReopen(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	db, err := patient.Open(background, database)
	must(t, err)
	must(t, db.CreateUser(background, ada))
	p := mustBegin(t, db, 1)
	epoch, _, err := db.Head(background)
	must(t, errors.Join(err, db.Close()))
	db = mustOpen(t, database)
	mustRotate(t, db, p, store.Rotated)
	if again, seq, err := db.Head(background); again != epoch || seq != 0 || err != nil {
		t.Errorf("Head = %d, %d, %v, want %d, 0", again, seq, err, epoch)
	}
}

// TestRefreshTouchesNoIndex holds the schema to the promise that an ordinary refresh changes
// one row and nothing beside it, and looks whether PostgreSQL sees it so (a HOT update).
func TestRefreshTouchesNoIndex(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	db, err := patient.Open(background, database)
	must(t, err)
	_, set, _ := strings.Cut(postgres.RotateSQL, "SET")
	set, _, _ = strings.Cut(set, "FROM")
	written := map[string]bool{} // column → whether a refresh writes it
	for _, m := range regexp.MustCompile(`(\w+) = `).FindAllStringSubmatch(set, -1) {
		written[m[1]] = true
	}
	if len(written) != 9 {
		t.Fatalf("a refresh writes %v, want nine columns", written)
	}
	conn := mustConnect(t, database)
	rows, err := conn.Query(background, `SELECT i.indexrelid::regclass::text, a.attname FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indexrelid WHERE i.indrelid = 'sessions'::regclass`)
	must(t, err)
	var index, column string
	tag, err := pgx.ForEachRow(rows, []any{&index, &column}, func() error {
		if written[column] {
			t.Errorf("index %s is on %s, which every refresh writes", index, column)
		}
		return nil
	})
	must(t, err)
	if tag.RowsAffected() < 3 {
		t.Errorf("sessions have %d indexed columns, want id, user_id and sweep_at", tag.RowsAffected())
	}

	must(t, db.CreateUser(background, ada))
	p := mustBegin(t, db, 1)
	const refreshes = 200
	for range refreshes {
		mustRotate(t, db, p, store.Rotated)
		p.Generation, p.Parent, p.Nonce = p.Generation+1, p.Nonce, store.Nonce{byte(p.Generation), 1}
	}
	must(t, db.Close()) // only then does it tell its numbers
	var all, hot int
	const pause = 10 * time.Millisecond
	for end := time.Now().Add(2 * time.Minute); all < refreshes && time.Now().Before(end); time.Sleep(pause) {
		must(
			t,
			conn.QueryRow(background, `SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'sessions'`).
				Scan(&all, &hot),
		)
	}
	if all < refreshes || hot < all*9/10 {
		t.Errorf("of %d updates %d touched no index, want nearly all of %d", all, hot, refreshes)
	}
}

// TestSweepWaitsForNobody leaves a session that somebody is using, and drops the others at once.
func TestSweepWaitsForNobody(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	db := mustOpen(t, database)
	must(t, db.CreateUser(background, ada))
	for n := range byte(250) {
		mustBegin(t, db, n)
	}
	release := hold(t, database, `SELECT FROM sessions WHERE id LIKE 'AA%' FOR UPDATE`) // the first
	sweep := func(want int) {
		t.Helper()
		n, err := db.Sweep(background, store.Sweeping{Limit: 500}, now.Add(48*time.Hour))
		if n != want || err != nil {
			t.Errorf("Sweep = %d, %v, want %d", n, err, want)
		}
	}
	sweep(249)
	release()
	sweep(1)
}

// TestDocument holds docs/storage.md to name every table and column that there is.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "storage.md"))
	must(t, err)
	database := postgrestest.Shared(t).Database(t)
	mustOpen(t, database)
	rows, err := mustConnect(t, database).Query(background,
		`SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()`)
	must(t, err)
	var table, column string
	tag, err := pgx.ForEachRow(rows, []any{&table, &column}, func() error {
		_, chapter, _ := strings.Cut(string(text), "\n## "+table)
		if table == "revocation_head" {
			_, chapter, _ = strings.Cut(string(text), "`revocation_head` has one row")
		}
		chapter, _, _ = strings.Cut(chapter, "\n## ")
		if column != "one_row" && !strings.Contains(chapter, "`"+column+"`") { // which is what makes it one row
			t.Errorf("docs/storage.md says nothing of %s.%s", table, column)
		}
		return nil
	})
	must(t, err)
	if tag.RowsAffected() < 60 {
		t.Errorf("the schema has %d columns, want all of them", tag.RowsAffected())
	}
}

// TestUnkeepableText finds nobody by a text that no column holds, instead of failing.
func TestUnkeepableText(t *testing.T) {
	db := mustOpen(t, postgrestest.Shared(t).Database(t))
	for _, text := range []string{"a\x00b", "\xff", "usr_\xc3"} {
		_, byID := db.User(background, store.UserID(text))
		_, byEmail := db.UserByEmail(background, text)
		_, service := db.Service(background, store.ServiceID(text))
		_, disabled := db.DisableUser(background, store.UserID(text), "", time.Now)
		_, renamed := db.RenameUser(background, store.UserID(text), "x")
		revoked := db.RevokeService(background, store.ServiceID(text), now)
		for _, err := range []error{byID, byEmail, service, disabled, renamed, revoked} {
			if err == nil || !strings.Contains(err.Error(), "not_found") {
				t.Errorf("looking for %q = %v, want not found", text, err)
			}
		}
		if all, err := db.AllSessions(background, store.UserID(text)); len(all) != 0 || err != nil {
			t.Errorf("AllSessions(%q) = %v, %v, want none", text, all, err)
		}
	}
}

// TestTables holds the schema to have those tables and columns that package records knows.
func TestTables(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	mustOpen(t, database)
	rows, err := mustConnect(t, database).Query(background,
		`SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()`)
	must(t, err)
	var table, column string
	got := map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&table, &column}, func() error {
		got[table+"."+column] = true
		return nil
	})
	must(t, err)
	storetest.WantColumns(t, got, "revocation_head.one_row", "sessions.not_before")
}
