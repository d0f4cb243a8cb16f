package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/handstamp/handstamp/internal/store/records"
)

// hotWrites are the statements of every sign-up, sign-in, refresh and sign-out that the writer
// runs.
var hotWrites = []string{
	records.InsertUserSQL, records.UserSQL, records.InsertSessionSQL, records.StandingSQL, saveUseSQL,
	records.EndSQL[records.One], records.EndSQL[records.OneOfOwner], moveHeadSQL, insertEntrySQL,
}

// hotReads are those that readers run.
var hotReads = []string{
	records.UserByEmailSQL, records.UserSQL, records.StandingSQL, records.HeadSQL, records.EntriesSQL,
}

// pool is connections, and the statements that are prepared on them: SQLite takes longer to
// read one than to run it.
type pool struct {
	*sql.DB
	hot map[string]*sql.Stmt // SQL → the statement, prepared
}

// newPool returns a pool of at most so many connections. Nothing is prepared yet.
func newPool(db *sql.DB, most int) *pool {
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return &pool{db, map[string]*sql.Stmt{}}
}

// prepare prepares statements, for as long as the pool is open.
func (p *pool) prepare(ctx context.Context, queries []string) error {
	for _, query := range queries {
		statement, err := p.PrepareContext(ctx, query)
		if err != nil {
			return err
		}
		p.hot[query] = statement
	}
	return nil
}

// QueryContext is that of sql.DB, by the prepared statement where there is one.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if statement := p.hot[query]; statement != nil {
		return statement.QueryContext(ctx, args...)
	}
	return p.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of sql.DB, by the prepared statement where there is one.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if statement := p.hot[query]; statement != nil {
		return statement.QueryRowContext(ctx, args...)
	}
	return p.DB.QueryRowContext(ctx, query, args...)
}

// Close closes the statements and the connections.
func (p *pool) Close() error {
	var errs []error
	for _, statement := range p.hot {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, p.DB.Close())...)
}
