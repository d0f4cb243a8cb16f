package records

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/handstamp/handstamp/internal/store"
)

// Table is what copying, sweeping, deleting a user and the contract need to know of a table.
type Table struct {
	Name    string
	Columns []string         // that are copied
	Order   string           // the primary key: one column
	New     func() store.Row // an empty row; its Fields are in the order of Columns

	Owner   string // the user's column: with the user go the user's rows. Empty: they are nobody's
	Forget  string // what is set in them instead, where the rows have to stay. Empty: they go
	Expires string // a column: from this time on nobody needs the row. Empty: Sweep has its own rule, or rows stay
	Initial string // the condition of the one row that the schema begins with. Empty: it begins with none
}

// Tables is every table that is copied, in the order in which rows can be written: users before
// their sessions.
var Tables = []Table{head, users, sessions, revocations, signingKeys, services, oneTimeTokens, metadata}

// TableOf returns the table that a row is of.
func TableOf(row store.Row) (Table, error) {
	if row != nil {
		for _, t := range Tables {
			if t.Name == row.Table() {
				return t, nil
			}
		}
	}
	return Table{}, fmt.Errorf("a row of %T is of no table", row)
}

// Select returns the statement that reads every row of the table, in order.
func (t Table) Select() string {
	return `SELECT ` + Columns("", t.Columns) + ` FROM ` + t.Name + ` ORDER BY ` + t.Order
}

// Insert returns the statement that keeps a row's Fields.
func (t Table) Insert() string {
	return `INSERT INTO ` + t.Name + ` (` + Columns("", t.Columns) + `) VALUES (` + Marks(len(t.Columns)) + `)`
}

// Replace returns the statement that keeps a row's Fields in place of the row that the schema
// began with.
func (t Table) Replace() string {
	sets := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		sets[i] = column + ` = $` + strconv.Itoa(i+1)
	}
	return `UPDATE ` + t.Name + ` SET ` + strings.Join(sets, ", ")
}

// Columns lists columns for a statement, each behind the prefix, such as "s.".
func Columns(prefix string, names []string) string {
	return prefix + strings.Join(names, ", "+prefix)
}

// Marks returns the placeholders of n values.
func Marks(n int) string {
	marks := make([]string, n)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	return strings.Join(marks, ", ")
}

// forget drops what is kept of a user in the tables that have an owner.
func forget(tx Tx, id store.UserID) error {
	for _, t := range Tables {
		if t.Owner == "" {
			continue
		}
		statement := `DELETE FROM ` + t.Name
		if t.Forget != "" {
			statement = `UPDATE ` + t.Name + ` SET ` + t.Forget
		}
		if _, err := tx.Exec(statement+` WHERE `+t.Owner+` = $1`, id); err != nil {
			return err
		}
	}
	return nil
}
