package records_test

import (
	"slices"
	"testing"

	"github.com/handstamp/handstamp/internal/store/records"
)

// TestTables holds descriptors to be whole: a row has a field for each column, and what belongs to
// a user goes with the user.
func TestTables(t *testing.T) {
	for _, table := range records.Tables {
		row := table.New()
		if row.Table() != table.Name {
			t.Errorf("a row of %s says that it is of %s", table.Name, row.Table())
		}
		if got, want := len(row.Fields()), len(table.Columns); got != want {
			t.Errorf("a row of %s has %d fields, want one for each of %d columns", table.Name, got, want)
		}
		if table.Initial == "" && !slices.Contains(table.Columns, table.Order) {
			t.Errorf("%s is ordered by %s, which is no column", table.Name, table.Order)
		}
		if slices.Contains(table.Columns, "user_id") && table.Owner != "user_id" {
			t.Errorf("%s has a user_id, and is not told to forget the user's rows", table.Name)
		}
		for _, column := range []string{table.Owner, table.Expires} {
			if column != "" && !slices.Contains(table.Columns, column) {
				t.Errorf("%s has no column %s", table.Name, column)
			}
		}
	}
}

// TestTableOf knows no row of nothing.
func TestTableOf(t *testing.T) {
	if _, err := records.TableOf(nil); err == nil {
		t.Error("TableOf(nil) = a table, want an error")
	}
	if table, err := records.TableOf(&records.MetadataRow{}); err != nil || table.Name != "metadata" {
		t.Errorf("TableOf(MetadataRow) = %s, %v, want metadata", table.Name, err)
	}
}
