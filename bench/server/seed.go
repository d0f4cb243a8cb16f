package server

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
	"github.com/handstamp/handstamp/internal/token"
)

// deployment is a database of ours and what opens it.
type deployment struct {
	engine   string // its name in tables
	database string // the setting
	master   secret.Master
	pid      int // of the database's server; zero: it has none
	open     func(context.Context) (store.Store, error)
}

// newSQLite is a deployment in a folder.
func newSQLite(folder string) *deployment {
	path := filepath.Join(folder, "handstamp.db")
	return &deployment{
		engine: embedded, database: "sqlite:" + path, master: secret.NewMaster(),
		open: func(ctx context.Context) (store.Store, error) { return sqlite.Options{Wait: timeout}.Open(ctx, path) },
	}
}

// settings are what a server of the deployment is started with, beside where it listens.
func (s *deployment) settings() map[string]string {
	return map[string]string{
		"public_url": "http://localhost:8787", "ops_listen": "", "access_ttl": "15m",
		"database": s.database, "master_key": s.master.Text().Reveal(),
	}
}

// users is how many users a deployment has.
const users = 1000

// email returns the address of a user.
func email(n int) string { return fmt.Sprintf("person-%d@example.com", n) }

// userID returns the id of a user.
func userID(n int) store.UserID { return store.UserID(fmt.Sprintf("usr_%022d", n)) }

// begun is when everything in a seeded database began: a while ago, so that no session is of the
// same second as its first refresh.
var begun = time.Now().Add(-time.Minute).UTC().Truncate(time.Second)

// seed makes the users, with the cheapest of hashes, and their sessions, and returns the first
// refresh token of each.
func (s *deployment) seed(ctx context.Context, sessions int) (tokens []string, err error) {
	db, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	hash, err := password.NewHasher(password.Options{Params: leastHash}).Hash(ctx, secret.New(goodPassword))
	if err != nil {
		return nil, err
	}
	err = inParallel(users, func(n int) error {
		return db.CreateUser(
			ctx,
			store.User{
				ID:        userID(n),
				Email:     email(n),
				EmailKey:  email(n),
				Name:      "Person " + strconv.Itoa(n),
				Password:  hash,
				CreatedAt: begun,
			},
		)
	})
	if err != nil {
		return nil, err
	}
	return s.moreSessions(ctx, db, sessions)
}

// moreSessions begins sessions of the users that are there.
func (s *deployment) moreSessions(ctx context.Context, db store.Store, n int) ([]string, error) {
	refresher := token.NewRefresher(s.master)
	tokens := make([]string, n)
	err := inParallel(n, func(i int) error {
		row := session(userID(i % users))
		_, err := db.Begin(ctx, store.Beginning{Session: row}, begun)
		tokens[i] = refresher.First(row).Reveal()
		return err
	})
	return tokens, err
}

// session is a row as the server lays it out.
func session(user store.UserID) store.Session {
	by := store.NewClient(netip.MustParseAddr("127.0.0.1"), agent)
	row := store.Session{
		User: user, Line: store.Line{Nonce: token.NewNonce(), RotatedAt: begun},
		CreatedAt: begun, CreatedBy: by, LastUsedAt: begun, LastUsedBy: by,
		IdleLimit: 14 * 24 * time.Hour, ExpiresAt: begun.Add(30 * 24 * time.Hour),
		AuthTime: begun, AMR: []string{"pwd"}, ACR: "aal1", Remember: true,
	}
	half := token.NewNonce()
	copy(row.ID[:], half[:])
	half = token.NewNonce()
	copy(row.ID[8:], half[:])
	return row
}

// inParallel does n things, some at once.
func inParallel(n int, do func(int) error) error {
	const workers = 128
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < n && errs[w] == nil; i += workers {
				errs[w] = do(i)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
