package keyring_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/sqlite"
)

// altered is a store whose rows somebody with write access to the database has changed.
type altered struct {
	store.Keys
	alter func(rows []store.SigningKey)
}

// SigningKeys returns the rows as changed.
func (a altered) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	rows, err := a.Keys.SigningKeys(ctx)
	a.alter(rows)
	return rows, err
}

// TestSealed opens no key under another master key, nor one that was changed or put in
// another's place: a server without its keys does not start. standards KY-07, KY-12
func TestSealed(t *testing.T) {
	master := secret.NewMaster()
	tests := []struct {
		name   string
		master secret.Master
		alter  func(rows []store.SigningKey)
		want   error
	}{
		{"as it was", master, func([]store.SigningKey) {}, nil},
		{"another master key", secret.NewMaster(), func([]store.SigningKey) {}, keyring.ErrSealed},
		{"bit of the nonce", master, func(r []store.SigningKey) { r[0].Sealed[0] ^= 1 }, keyring.ErrSealed},
		{"bit of the key", master, func(r []store.SigningKey) { r[0].Sealed[40] ^= 1 }, keyring.ErrSealed},
		{"bit of the tag", master, func(r []store.SigningKey) {
			r[0].Sealed[len(r[0].Sealed)-1] ^= 1
		}, keyring.ErrSealed},
		{"truncated", master, func(r []store.SigningKey) {
			r[0].Sealed = r[0].Sealed[:len(r[0].Sealed)-1]
		}, keyring.ErrSealed},
		{"truncated to the nonce", master, func(r []store.SigningKey) {
			r[0].Sealed = r[0].Sealed[:12]
		}, keyring.ErrSealed},
		{"truncated inside the nonce", master, func(r []store.SigningKey) {
			r[0].Sealed = r[0].Sealed[:11]
		}, keyring.ErrSealed},
		{"empty", master, func(r []store.SigningKey) { r[0].Sealed = nil }, keyring.ErrSealed},
		{"longer", master, func(r []store.SigningKey) { r[0].Sealed = append(r[0].Sealed, 0) }, keyring.ErrSealed},
		{"under another id", master, func(r []store.SigningKey) { r[0].ID = "AAAAAAAAAAAAAAAA" }, keyring.ErrSealed},
		{"under another's id", master, func(r []store.SigningKey) {
			r[0].ID, r[1].ID = r[1].ID, r[0].ID
		}, keyring.ErrSealed},
		{"in another's place", master, func(r []store.SigningKey) {
			r[0].Sealed, r[1].Sealed = r[1].Sealed, r[0].Sealed
		}, keyring.ErrSealed},
		{"for another algorithm", master, func(r []store.SigningKey) { r[0].Algorithm = "EdDSA" }, keyring.ErrSealed},
		{"for no algorithm", master, func(r []store.SigningKey) { r[0].Algorithm = "none" }, keyring.ErrSealed},
		{"never sealed", master, func(r []store.SigningKey) {
			key, _ := jose.Generate(jose.ES256)
			r[0].Sealed, _ = key.MarshalPKCS8()
		}, keyring.ErrSealed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys := openKeys(t)
			n := newNode(t, keys, master, jose.ES256)
			n.at(0)
			if _, err := n.Rotate(t.Context(), audit.Operator(), begin); err != nil {
				t.Fatal(err)
			}
			again := newNode(t, altered{keys, tt.alter}, tt.master, jose.ES256)
			if err := again.Maintain(t.Context(), begin); !errors.Is(err, tt.want) {
				t.Errorf("Maintain() = %v, want %v", err, tt.want)
			}
			if held := again.Published() != nil; held != (tt.want == nil) {
				t.Errorf("keys are published: %v, want %v", held, tt.want == nil)
			}
		})
	}
}

// TestNothingInClear finds no private key in the database's files nor in the log, as it is
// or in any writing of it. standards KY-07
func TestNothingInClear(t *testing.T) {
	for _, algorithm := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256} {
		t.Run(string(algorithm), func(t *testing.T) {
			folder := t.TempDir()
			db, err := sqlite.Open(t.Context(), filepath.Join(folder, "test.db"))
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			ring := keyring.Open(db, secret.NewMaster(), algorithm, audit.New(logger))
			if err := ring.Maintain(t.Context(), begin); err != nil {
				t.Fatal(err)
			}
			private, err := ring.Active(begin).MarshalPKCS8()
			if err != nil {
				t.Fatal(err)
			}
			logger.Info("canary", "ring", ring, "key", ring.Active(begin), "list", ring.Keys())
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			kept := log.Bytes()
			files, err := filepath.Glob(filepath.Join(folder, "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				kept = append(kept, text...)
			}
			if !bytes.Contains(kept, []byte(ring.Active(begin).ID())) {
				t.Fatal("the key's id is not in what was searched")
			}
			if at := leaked(kept, private); at >= 0 {
				t.Errorf("bytes %d to %d of the private key are in the database or the log", at, at+16)
			}
		})
	}
}

// leaked returns from which byte on sixteen of a secret's bytes stand in text, in clear, in
// hex or in base64; -1: nowhere.
func leaked(text, private []byte) int {
	for i := 0; i+16 <= len(private); i++ {
		piece := private[i : i+16]
		for _, form := range []string{
			string(piece), hex.EncodeToString(piece),
			base64.StdEncoding.EncodeToString(piece[:15]), base64.RawURLEncoding.EncodeToString(piece[:15]),
		} {
			if bytes.Contains(text, []byte(form)) {
				return i
			}
		}
	}
	return -1
}

// TestNonces seals every key under a nonce of its own, whichever node does it and however
// often it starts. standards KY-10
func TestNonces(t *testing.T) {
	keys, master := openKeys(t), secret.NewMaster()
	seen := map[string]string{} // nonce → kid
	for i := range 64 {
		n := newNode(t, keys, master, jose.EdDSA) // as after a start
		n.at(2 * lead * time.Duration(i))
		if _, err := n.Rotate(t.Context(), audit.Operator(), n.now); err != nil {
			t.Fatal(err)
		}
		rows, err := keys.SigningKeys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			nonce := string(row.Sealed[:12])
			if kid, ok := seen[nonce]; ok && kid != row.ID {
				t.Fatalf("keys %s and %s share a nonce", kid, row.ID)
			}
			seen[nonce] = row.ID
		}
	}
	if len(seen) < 64 {
		t.Errorf("%d nonces were seen, want 64 or more", len(seen))
	}
}
