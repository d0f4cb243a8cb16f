package postgres

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store/migration"
)

// The error codes of PostgreSQL that we act upon.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	readOnly         = "25006"
	serialization    = "40001"
	deadlock         = "40P01"
	planChanged      = "0A000" // "cached plan must not change result type": a migration came between
	statementUnknown = "26000" // a prepared statement that is not on this connection, behind a pooler
	uniqueViolation  = "23505"
	notNow           = "55P03" // lock_timeout
	duplicateTable   = "42P07"
	duplicateObject  = "42710" // such as the type of a table that another node is just making
	unkeepableText   = "22021" // columns take UTF-8 without NUL
	noRight          = "42501"
	noSchema         = "3F000"
	noDatabase       = "3D000"
	wrongPassword    = "28P01"
	noEntry          = "28000" // pg_hba.conf, or no such role
	tooMany          = "53300"
)

// code returns the error's code, or "" when it is not from PostgreSQL.
func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// again reports whether nothing was changed and the same may succeed if it is done again.
func again(err error) bool {
	switch code(err) {
	case serialization, deadlock, planChanged, statementUnknown:
		return true
	}
	return false
}

// unavailable returns the fault for whatever keeps the database from answering. A fault
// stays as it is, and so does an error that repeating the transaction cannot help: our own bug.
func unavailable(err error) error {
	if err == nil || fault.Is(err) || isBug(err) {
		return err
	}
	if e, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		err = unreached{e}
	}
	return fault.New(fault.StorageUnavailable).Because(err)
}

// unreached is an error about a connection that did not come about. pgx reports every attempt in
// lines of their own, with and without TLS.
type unreached struct{ *pgconn.ConnectError }

// Error says each thing once, on one line.
func (u unreached) Error() string {
	head, attempts, _ := strings.Cut(u.ConnectError.Error(), ":\n")
	said := []string{}
	for line := range strings.Lines(attempts) {
		line = strings.TrimSpace(line)
		// It was tried because the URL does not ask for TLS, and then without.
		if !slices.Contains(said, line) && !strings.HasSuffix(line, "server refused TLS connection") {
			said = append(said, line)
		}
	}
	return head + ": " + strings.Join(said, "; ")
}

// Unwrap returns the whole error.
func (u unreached) Unwrap() error { return u.ConnectError }

// isBug reports whether the statement is wrong, or breaks a rule of the schema, or the schema
// is not what we take it for: classes 22, 23 and 42, but not a right that was taken from us.
func isBug(err error) bool {
	switch c := code(err); {
	case c == noRight || c == "":
		return errors.Is(err, migration.ErrSchema)
	default:
		return c[:2] == "22" || c[:2] == "23" || c[:2] == "42"
	}
}

// advise says what the operator can do about an error at the start.
func advise(err error) error {
	advice := map[string]string{ // error code → what to do
		noDatabase:    "make it: CREATE DATABASE name OWNER user",
		wrongPassword: "check user and password in the database URL",
		noEntry:       "check the user in the database URL, and pg_hba.conf of the server",
		noRight: "let the user make tables: " +
			"GRANT CREATE, USAGE ON SCHEMA public TO user, or ALTER DATABASE name OWNER TO user",
		noSchema: "let the search_path of the user name a schema that exists",
		tooMany: "raise max_connections of the server, or lower pool_max_conns in the database URL: " +
			"each node takes up to that many, and one",
	}[code(err)]
	if advice == "" {
		return err
	}
	return errors.Join(err, errors.New("hint: "+advice))
}
