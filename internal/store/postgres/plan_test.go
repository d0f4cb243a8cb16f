package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/postgrestest"
	"github.com/handstamp/handstamp/internal/store/postgres"
)

// TestBatchesInOrder looks at how PostgreSQL does a batch, on tables that it knows nothing of: row by row in the order in which they
// are given, each found by its id. Batches that lock rows in other orders wait for each other until one is given up.
func TestBatchesInOrder(t *testing.T) {
	db := mustOpen(t, postgrestest.Shared(t).Database(t))
	for _, batch := range []struct {
		name, statement string
		parameters      int
		steps           []string // of its plan, from the outermost to the innermost
	}{
		{"refreshes", postgres.RotateSQL, 7, []string{"Update on sessions", "Function Scan on g", "Index Scan using sessions_pkey on sessions", "Index Scan using users_pkey on users"}},
		{"sign-outs", postgres.PartSQL, 5, []string{"Update on sessions", "Function Scan on g", "Index Scan using sessions_pkey on sessions"}},
	} {
		t.Run(batch.name, func(t *testing.T) {
			conn, err := db.TestingOnlyConn(background)
			must(t, err)
			defer conn.Release()
			_, err = conn.Exec(background, `PREPARE batch AS `+batch.statement)
			must(t, err)
			rows, err := conn.Query(background, `EXPLAIN EXECUTE batch (`+strings.TrimSuffix(strings.Repeat("'{}', ", batch.parameters), ", ")+`)`)
			must(t, err)
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			must(t, err)
			_, err = conn.Exec(background, `DEALLOCATE batch`)
			must(t, err)
			plan := strings.Join(lines, "\n")
			rest := plan
			for _, step := range batch.steps {
				var found bool
				if _, rest, found = strings.Cut(rest, step); !found {
					t.Fatalf("no %q in its place in\n%s", step, plan)
				}
			}
			for _, other := range []string{"Seq Scan", "Hash", "Merge", "Materialize", "Sort"} {
				if strings.Contains(plan, other) {
					t.Errorf("%q in\n%s", other, plan)
				}
			}
		})
	}
}
