package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/migration"
	"github.com/handstamp/handstamp/internal/store/postgres"
	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// secret is the password of the users that these tests make.
const secret = "hunter2-hunter2"

// change returns a URL with something changed.
func change(t *testing.T, text string, how func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(text)
	must(t, err)
	how(u)
	return u.String()
}

// as returns a URL for another user, with the password secret.
func as(t *testing.T, text, user string) string {
	t.Helper()
	return change(t, text, func(u *url.URL) { u.User = url.UserPassword(user, secret) })
}

// nowhere returns an address that nobody listens on.
func nowhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// TestOpenRefused says what is wrong and what to do, and never the password.
func TestOpenRefused(t *testing.T) {
	server := postgrestest.Shared(t)
	good := server.Database(t)
	mustExec(
		t,
		good,
		`CREATE ROLE guest LOGIN PASSWORD '`+secret+`'`,
		`CREATE ROLE lost LOGIN PASSWORD '`+secret+`'`,
		`ALTER ROLE lost SET search_path = nowhere`,
	)
	other := server.Database(t)
	mustExec(t, other, `CREATE TABLE users (id INTEGER)`)
	tests := []struct {
		name, url string
		says      []string
	}{
		{"no URL", "postgres//x:" + secret + "@host/x", []string{"of its URL is not understood"}},
		{"broken URL", "postgres://x:" + secret + "@host:port:port/x", []string{"the port is no number"}},
		{"unknown setting", good + "?sslmode=perhaps", []string{"sslmode"}},
		{
			"nobody there",
			change(t, as(t, good, "x"), func(u *url.URL) { u.Host = nowhere(t) }),
			[]string{"connection refused"},
		},
		{
			"no such host",
			change(t, as(t, good, "x"), func(u *url.URL) { u.Host = "db.invalid" }),
			[]string{"db.invalid"},
		},
		{
			"no such database",
			change(t, good, func(u *url.URL) { u.Path = "/missing" }),
			[]string{`"missing" does not exist`, "CREATE DATABASE"},
		},
		{
			"wrong password",
			as(t, good, "postgres"),
			[]string{"password authentication failed", "check user and password"},
		},
		{"no such user", as(t, good, "nobody"), []string{`"nobody"`, "check user and password"}},
		{"no right to make tables", as(t, good, "guest"), []string{"permission denied", "GRANT CREATE"}},
		{"no schema", as(t, good, "lost"), []string{"no schema", "search_path"}},
		{"another program's", other, []string{"another program", "one of its own"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db, err := postgres.Options{Wait: 5 * time.Second}.Open(background, tt.url)
			if err == nil {
				db.Close()
				t.Fatal("Open = nil, want it refused")
			}
			for _, want := range tt.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Open = %v, want it to say %q", err, want)
				}
			}
			for _, hidden := range []string{secret, "throwaway"} {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), hidden) {
					t.Errorf("Open shows the password: %v", err)
				}
			}
			if strings.Count(err.Error(), "\n") > 1 || strings.Contains(err.Error(), "\t") {
				t.Errorf("Open = %q, want one line, and a hint", err.Error())
			}
		})
	}
}

// TestStandby refuses a server that can write nothing.
func TestStandby(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	mustExec(
		t,
		database,
		`ALTER DATABASE `+strings.TrimPrefix(mustPath(t, database), "/")+` SET default_transaction_read_only = on`,
	)
	_, err := postgres.Open(background, database)
	if wantUnavailable(t, "Open(read-only)", err); err == nil || !strings.Contains(err.Error(), "read only") {
		t.Errorf("Open(read-only) = %v, want it to say so", err)
	}
}

// mustPath returns the path of a URL.
func mustPath(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	must(t, err)
	return u.Path
}

// TestSchemaRefused opens no database whose schema is not ours.
func TestSchemaRefused(t *testing.T) {
	const later = `INSERT INTO migrations (number, oldest, applied_at, name, sha256) SELECT max(number) + 1, %s, 0, 'later', 'x' FROM migrations`
	tests := []struct {
		name, change, says string
	}{
		{"newer", fmt.Sprintf(later, "max(number) + 1"), "newer handstamp"},
		{"newer, for this one too", fmt.Sprintf(later, "max(number)"), ""},
		{"changed", `UPDATE migrations SET sha256 = 'x' WHERE number = 1`, "0001_begin.sql"},
		{"gap", `UPDATE migrations SET number = -1 WHERE number = 1`, "migration 1 is missing"},
		{"another program's", `DROP TABLE migrations`, "another program"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			database := postgrestest.Shared(t).Database(t)
			db, err := patient.Open(background, database)
			must(t, err)
			must(t, db.CreateUser(background, ada))
			must(t, db.Close())
			mustExec(t, database, tt.change)
			db, err = patient.Open(background, database)
			if tt.says == "" {
				must(t, err)
				_, err = db.User(background, ada.ID)
				must(t, errors.Join(err, db.Close()))
				return
			}
			if !errors.Is(err, migration.ErrSchema) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Open = %v, want it refused, saying %q", err, tt.says)
			}
		})
	}
}

// TestGone answers storage_unavailable while there is no server, quickly, and goes on when there is
// one again, with the token that was refused.
func TestGone(t *testing.T) {
	for _, end := range []struct {
		name string
		how  func(*postgrestest.Server) error
	}{{"stopped", (*postgrestest.Server).Stop}, {"killed", (*postgrestest.Server).Kill}} {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			server := postgrestest.Options{NoSync: true}.Start(t)
			db := mustOpen(t, server.Database(t))
			must(t, db.CreateUser(background, ada))
			p := mustBegin(t, db, 1)
			must(t, end.how(server))
			for range 20 { // more than there are connections
				_, err := db.Rotate(background, p, now)
				wantUnavailable(t, "Rotate", err)
				if f := fault.From(err); f.RetryAfter <= 0 || f.Cause == nil {
					t.Errorf("fault = %+v, want when to retry, and a cause for the log", f)
				}
				_, err = db.User(background, ada.ID)
				wantUnavailable(t, "User", err)
			}
			must(t, server.Start())
			mustRotate(t, db, p, store.Rotated)
		})
	}
}

// TestRestarts restarts the server again and again under refreshes: a token that was refused is
// good afterwards, and one whose rotation was answered is used.
func TestRestarts(t *testing.T) {
	server := postgrestest.Options{NoSync: true}.Start(t)
	db := mustOpen(t, server.Database(t))
	must(t, db.CreateUser(background, ada))
	stop := make(chan struct{})
	var all sync.WaitGroup
	for n := range byte(8) {
		p := mustBegin(t, db, n+1)
		all.Go(func() {
			for {
				select {
				case <-stop:
					mustRotateSoon(t, db, p)
					return
				default:
				}
				p = mustRotateSoon(t, db, p)
			}
		})
	}
	for n := range 4 {
		time.Sleep(100 * time.Millisecond)
		end := server.Stop
		if n%2 == 1 {
			end = server.Kill
		}
		if err := errors.Join(end(), server.Start()); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	all.Wait()
}

// mustRotateSoon presents a token until the database answers, and returns its successor. The answer
// to the first may have been lost: then the second is a repeat.
func mustRotateSoon(t *testing.T, db *postgres.DB, p store.Presented) store.Presented {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		o, err := db.Rotate(background, p, now)
		switch {
		case err != nil:
			wantUnavailable(t, "Rotate", err)
			continue
		case o.Case != store.Rotated && o.Case != store.Repeated:
			t.Errorf("Rotate = %v, want rotated or repeated", o.Case)
		}
		return store.Presented{
			Session:    p.Session,
			Generation: p.Generation + 1,
			Parent:     p.Nonce,
			Nonce:      store.Nonce{byte(p.Generation), byte(p.Generation >> 8), 7},
		}
	}
	t.Error("the database does not answer again")
	return p
}

// TestPoolExhausted waits no longer for a connection than it was told, and says that none was free.
func TestPoolExhausted(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	usual := mustOpen(t, database)
	must(t, usual.CreateUser(background, ada))
	p := mustBegin(t, usual, 1)
	db := mustOpenWith(
		t,
		database+"?pool_max_conns=2",
		postgres.Options{Wait: 200 * time.Millisecond, Limit: time.Minute},
	)
	release := hold(t, database, `SELECT FROM sessions FOR UPDATE`)
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			for { // on a busy machine no connection may come about within 200 ms
				_, err := db.EndOtherSessions(background, store.Ending{Owner: ada.ID, Reason: store.EndedByUser}, now)
				if err == nil {
					return
				}
				wantUnavailable(t, "EndOtherSessions", err)
			}
		})
	}
	awaitLocks(t, database, 2)
	_, err := db.Session(background, p.Session)
	wantUnavailable(t, "Session without a connection", err)
	if err == nil || !strings.Contains(err.Error(), "no connection within 200ms, with 2 of at most 2 in use") {
		t.Errorf("Session without a connection = %v, want it to say so", err)
	}
	hasty, cancel := context.WithCancel(background)
	cancel()
	_, err = db.Session(hasty, p.Session)
	wantUnavailable(t, "Session given up", err)
	release()
	waiting.Wait()
	_, err = usual.Session(background, p.Session)
	must(t, err)
}

// TestNeighbours has operations share batches, of which the database refuses some: the others are
// done.
func TestNeighbours(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	db := mustOpen(t, database)
	must(t, db.CreateUser(background, ada))
	var tokens []store.Presented
	for n := range byte(40) {
		tokens = append(tokens, mustBegin(t, db, n+1))
	}
	release := hold(t, database, `SELECT FROM sessions FOR UPDATE`)
	var all sync.WaitGroup
	for i, p := range tokens {
		all.Go(func() {
			text := ""
			if i%10 == 5 || i%10 == 6 {
				text = "\x00" // which no column takes
			}
			var err error
			if i%2 == 0 {
				e := store.Ending{Session: p.Session, Reason: store.SignedOut, By: text}
				err = db.EndSession(background, e, now)
			} else {
				p.From.Agent = text
				_, err = db.Rotate(background, p, now)
			}
			if (err != nil) != (text != "") {
				t.Errorf("operation %d with %q: %v", i, text, err)
			}
		})
	}
	time.Sleep(50 * time.Millisecond) // for them to gather
	release()
	all.Wait()
}

// TestLockedTooLong waits for a row that somebody keeps, gives up, and leaves the token good.
func TestLockedTooLong(t *testing.T) {
	database := postgrestest.Shared(t).Database(t)
	usual := mustOpen(t, database)
	must(t, usual.CreateUser(background, ada))
	p := mustBegin(t, usual, 1)
	db := mustOpenWith(t, database, postgres.Options{Wait: time.Minute, Limit: 200 * time.Millisecond})
	release := hold(t, database, `SELECT FROM sessions FOR UPDATE`)
	_, err := db.Rotate(background, p, now)
	wantUnavailable(t, "Rotate of a locked row", err)
	release()
	awaitLocks(t, database, 0)
	o, err := usual.Rotate(background, p, now)
	if must(t, err); o.Case != store.Rotated && o.Case != store.Repeated {
		t.Errorf("Rotate afterwards = %v, want rotated or repeated", o.Case)
	}
}

// TestOurBug does not tell callers to try again what can never work.
func TestOurBug(t *testing.T) {
	db := mustOpen(t, postgrestest.Shared(t).Database(t))
	must(t, db.CreateUser(background, ada))
	mustBegin(t, db, 1)
	_, err := db.Begin(background, store.Beginning{Session: newSession(1)}, now)
	if f := fault.From(err); f.Code != fault.InternalError {
		t.Errorf("Begin(same id) = %v, want internal", err)
	}
}

// TestRightTakenAway is trouble of the operator's, not a bug of ours.
func TestRightTakenAway(t *testing.T) {
	server := postgrestest.Shared(t)
	database := server.Database(t)
	mustExec(t, database, `CREATE ROLE once LOGIN PASSWORD '`+secret+`'`, `GRANT CREATE ON SCHEMA public TO once`)
	db := mustOpen(t, as(t, database, "once"))
	must(t, db.CreateUser(background, ada))
	mustExec(t, database, `REVOKE ALL ON users FROM once`, `ALTER TABLE users OWNER TO postgres`)
	_, err := db.User(background, ada.ID)
	wantUnavailable(t, "User without the right", err)
}
