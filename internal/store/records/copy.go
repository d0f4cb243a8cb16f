package records

import (
	"errors"
	"iter"
	"strings"

	"github.com/handstamp/handstamp/internal/store"
)

// errEnough ends a copy whose reader wants no more of it.
var errEnough = errors.New("enough")

// Rows returns the rows that copy passes on, and then its error.
func Rows(copy func(pass func(store.Row) error) error) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		err := copy(func(row store.Row) error {
			if !yield(row, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// CopyOut passes every row of every table on.
func CopyOut(r Reader, pass func(store.Row) error) error {
	for _, t := range Tables {
		err := r.Each(func(s Scanner) error {
			row := t.New()
			if err := s.Scan(row.Fields()...); err != nil {
				return err
			}
			return pass(row)
		}, t.Select())
		if err != nil {
			return err
		}
	}
	return nil
}

// keptSQL finds out whether anything is kept. What the schema begins with is nothing.
var keptSQL = func() string {
	var any []string
	for _, t := range Tables {
		condition := ""
		if t.Initial != "" {
			condition = ` WHERE NOT (` + t.Initial + `)`
		}
		any = append(any, `EXISTS (SELECT 1 FROM `+t.Name+condition+`)`)
	}
	return `SELECT ` + strings.Join(any, ` OR `)
}()

// CheckEmpty returns store.ErrNotEmpty if anything is kept. Nobody else may write until the
// transaction is over.
func CheckEmpty(tx Tx) error {
	var kept bool
	if _, err := one(tx, []any{&kept}, keptSQL); err != nil {
		return err
	}
	if kept {
		return store.ErrNotEmpty
	}
	return nil
}
