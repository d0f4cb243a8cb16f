package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/handstamp/handstamp/internal/jose"
)

// text is as long as our answer to GET /v1/session.
const text = `{"user":{"id":"usr_AZq0hCLdfQK0dAyNnBqtmw","roles":[]},` +
	`"session":{"id":"0o9mzXkP5Vb8m3lkDqZ1Qw","auth_time":"2026-11-22T06:00:00Z",` +
	`"amr":["pwd"],"acr":"aal1"},"expires_in":899}`

// answerBare answers the same text always.
func answerBare(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, text)
}

// signer signs a token for each request, and does nothing else.
func signer() http.HandlerFunc {
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		panic(err) // only an algorithm that is not there fails
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		claims := fmt.Sprintf(
			`{"iss":"http://localhost:8787","sub":"usr_AZq0hCLdfQK0dAyNnBqtmw","aud":"http://localhost:8787","exp":%d}`,
			time.Now().Unix(),
		)
		token, err := jose.SignCompact(key, "at+jwt", []byte(claims))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, token)
	}
}

// floorRows is how many rows the floor with a database has, so that requests do not wait for each
// other's rows.
const floorRows = 1000

// floorTable is a row of about the size of a session's, with what a refresh changes.
var floorTable = []string{
	`CREATE TABLE sessions (id int PRIMARY KEY, generation bigint NOT NULL, nonce bytea NOT NULL, parent bytea NOT NULL,
		rotated_at bigint NOT NULL, last_used_at bigint NOT NULL, last_used_ip text NOT NULL, last_used_agent text NOT NULL,
		rest text NOT NULL) WITH (fillfactor = 80)`,
	fmt.Sprintf(
		`INSERT INTO sessions SELECT n, 0, '\x0102030405060708', '\x0102030405060708', 0, 0, '', '', repeat('x', 200)
		FROM generate_series(0, %d) n`, floorRows-1,
	),
}

// serveUpdates refreshes by one UPDATE … RETURNING a request, as anybody would write it, and then
// answers.
func serveUpdates(ctx context.Context, given map[string]string, answer http.HandlerFunc) error {
	settings, err := pgxpool.ParseConfig(given["database"])
	if err != nil {
		return err
	}
	settings.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return err
	}
	defer pool.Close()
	var next atomic.Int64
	return serveFloor(ctx, given["listen"], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, now := next.Add(1), time.Now().UnixMilli()
		var generation int64
		var rest string
		err := pool.QueryRow(r.Context(), `UPDATE sessions SET generation = generation + 1, parent = nonce, nonce = $2,
			rotated_at = $3, last_used_at = $3, last_used_ip = $4, last_used_agent = $5 WHERE id = $1 RETURNING generation, rest`,
			n%floorRows, []byte("12345678"), now, "127.0.0.1", agent).Scan(&generation, &rest)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, r)
	}))
}
