// Package keyring owns the signing keys: how they are made, sealed, published, rotated and
// retired. A key's state follows from times that every node reads alike, so that nodes need
// not agree on anything but the rows.
package keyring

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// How long things take. protocol.md §7
const (
	// MaxAge is how long a verifier may cache the published keys.
	MaxAge = 5 * time.Minute

	// lead is how long a key is published before it signs.
	lead = MaxAge + time.Minute

	// linger is how long a key is published after it has stopped signing.
	linger = store.RevocationLife

	// period is how long a key signs before it is replaced.
	period = 30 * 24 * time.Hour
)

// State is where a key is in its life.
type State string

// The states, in order.
const (
	Pending  State = "pending"  // published, not signing yet
	Active   State = "active"   // signing
	Retiring State = "retiring" // published, not signing any more
	Gone     State = "gone"     // to be dropped
)

// Key is a key as people see it.
type Key struct {
	ID         string
	Algorithm  jose.Algorithm
	State      State
	CreatedAt  time.Time
	ActiveFrom time.Time
}

// Published is the set of public keys, ready to serve.
type Published struct {
	Set  *jose.KeySet
	JSON []byte
	ETag string // strong, quoted
}

// Ring holds the signing keys in memory, as the store had them at the last Maintain.
type Ring struct {
	keys      store.Keys
	sealer    sealer
	algorithm jose.Algorithm // of keys to come
	log       *audit.Log

	private   atomic.Pointer[[]private]
	published atomic.Pointer[Published]
}

// private is one key, opened.
type private struct {
	row store.SigningKey
	key *jose.PrivateKey
}

// Open makes a ring that is empty until Maintain. algorithm is for keys to come; keys that
// there are keep theirs.
func Open(keys store.Keys, master secret.Master, algorithm jose.Algorithm, log *audit.Log) *Ring {
	return &Ring{keys: keys, sealer: newSealer(master), algorithm: algorithm, log: log}
}

// Maintain reads the keys, makes one where it is due, drops those that are gone, and publishes
// the rest. Called at start and then every few seconds on every node, it is all that
// rotation needs. An error leaves the ring as it was.
func (r *Ring) Maintain(ctx context.Context, now time.Time) error {
	rows, err := r.keys.SigningKeys(ctx)
	if err != nil {
		return err
	}
	if due(rows, r.algorithm, now) {
		if rows, err = r.add(ctx, audit.Operator(), rows, now); err != nil {
			return err
		}
	}
	if rows, err = r.drop(ctx, rows, now); err != nil {
		return err
	}
	return r.load(rows)
}

// due reports whether it is time for another key: there is none, the newest is of another
// algorithm than the setting says, or it has signed for its period. While a key is pending, none is
// due: nodes whose settings differ would otherwise add keys as fast as they maintain them.
func due(rows []store.SigningKey, algorithm jose.Algorithm, now time.Time) bool {
	if len(rows) == 0 {
		return true
	}
	newest := rows[len(rows)-1]
	if len(rows) > 1 && newest.ActiveFrom.After(now) {
		return false
	}
	return jose.Algorithm(newest.Algorithm) != algorithm || now.Sub(newest.ActiveFrom) >= period-lead
}

// Rotate publishes a new key and returns it; it signs as soon as every verifier has had the
// time to fetch it. When a key is pending already, that one is given. Only the operator may.
func (r *Ring) Rotate(ctx context.Context, by audit.Caller, now time.Time) (Key, error) {
	if err := by.MustOperate(); err != nil {
		return Key{}, err
	}
	rows, err := r.keys.SigningKeys(ctx)
	if err != nil {
		return Key{}, err
	}
	if len(rows) == 0 || !rows[len(rows)-1].ActiveFrom.After(now) {
		if rows, err = r.add(ctx, by, rows, now); err != nil {
			return Key{}, err
		}
	}
	if err := r.load(rows); err != nil {
		return Key{}, err
	}
	return describe(rows, now)[len(rows)-1], nil
}

// List returns all keys and their states, oldest first.
func (r *Ring) List(ctx context.Context, now time.Time) ([]Key, error) {
	rows, err := r.keys.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	return describe(rows, now), nil
}

// add makes a key and returns all rows with it, or with the one that another node added first.
func (r *Ring) add(
	ctx context.Context, by audit.Caller, rows []store.SigningKey, now time.Time,
) ([]store.SigningKey, error) {
	row, err := r.generate(now)
	if err != nil {
		return nil, err
	}
	newest := ""
	if len(rows) > 0 { // somebody may hold the published keys: wait until they have this one
		newest = rows[len(rows)-1].ID
		row.ActiveFrom = now.Add(lead)
	}
	added, err := r.keys.AddSigningKey(ctx, row, newest)
	if err != nil {
		return nil, err
	}
	if added {
		r.log.Record(ctx, by, audit.Event{Name: audit.KeyAdded, Key: row.ID})
	}
	return r.keys.SigningKeys(ctx)
}

// drop forgets the keys that are gone and returns the others.
func (r *Ring) drop(ctx context.Context, rows []store.SigningKey, now time.Time) ([]store.SigningKey, error) {
	var gone []string
	for _, k := range describe(rows, now) {
		if k.State == Gone {
			gone = append(gone, k.ID)
		}
	}
	if len(gone) == 0 {
		return rows, nil
	}
	if err := r.keys.DropSigningKeys(ctx, gone); err != nil {
		return nil, err
	}
	for _, id := range gone {
		r.log.Record(ctx, audit.Operator(), audit.Event{Name: audit.KeyDropped, Key: id})
	}
	return rows[len(gone):], nil // the oldest are the ones gone
}

// describe returns the rows with their states. Rows are in order of ActiveFrom.
func describe(rows []store.SigningKey, now time.Time) []Key {
	all := make([]Key, len(rows))
	for i, row := range rows {
		k := Key{row.ID, jose.Algorithm(row.Algorithm), Active, row.CreatedAt, row.ActiveFrom}
		switch {
		case row.ActiveFrom.After(now) && i > 0: // the very first signs at once, whatever the clock says
			k.State = Pending
		case i+1 < len(rows) && !rows[i+1].ActiveFrom.Add(linger).After(now):
			k.State = Gone
		case i+1 < len(rows) && !rows[i+1].ActiveFrom.After(now):
			k.State = Retiring
		}
		all[i] = k
	}
	return all
}

// load opens rows, unless the ring has them already, and publishes them.
func (r *Ring) load(rows []store.SigningKey) error {
	if held := r.private.Load(); held != nil && same(*held, rows) {
		return nil
	}
	opened := make([]private, len(rows))
	for i, row := range rows {
		key, err := r.sealer.open(row)
		if err != nil {
			return err
		}
		opened[i] = private{row, key}
	}
	r.publish(opened)
	return nil
}

// publish replaces the keys of the ring.
func (r *Ring) publish(opened []private) {
	public := make([]*jose.Key, len(opened))
	for i, p := range opened {
		public[i] = p.key.Public()
	}
	set := jose.NewKeySet(public...)
	text := set.JSON()
	sum := sha256.Sum256(text)
	r.private.Store(&opened)
	r.published.Store(&Published{set, text, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`})
}

// same reports whether the ring holds exactly these rows.
func same(held []private, rows []store.SigningKey) bool {
	if len(held) != len(rows) {
		return false
	}
	for i, row := range rows {
		if held[i].row.ID != row.ID || !held[i].row.ActiveFrom.Equal(row.ActiveFrom) { // a pending key may begin sooner
			return false
		}
	}
	return true
}

// Active returns the key that signs at now. It panics before the first Maintain has succeeded.
func (r *Ring) Active(now time.Time) *jose.PrivateKey {
	held := *r.private.Load()
	for i := len(held) - 1; i > 0; i-- { // as store.SigningAt, without a list of rows
		if !held[i].row.ActiveFrom.After(now) {
			return held[i].key
		}
	}
	return held[0].key
}

// Published returns the public keys; nil before the first Maintain has succeeded.
func (r *Ring) Published() *Published { return r.published.Load() }

// Keys returns the public keys in the form that a verifier takes.
func (r *Ring) Keys() *jose.KeySet { return r.published.Load().Set }

// ErrSealed is the error for a key that this master key does not open.
var ErrSealed = errors.New("sealed under another master key, or damaged")
