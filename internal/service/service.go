// Package service owns the keys that programs show when they read the revocation feed or ask
// about tokens: how they are made, checked, listed and revoked. A key opens nothing of any user.
package service

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// The layout of a service key: "hsk_" and base64url of id (8 bytes), random (32) and a MAC over
// both (8). The MAC keeps what is no key of ours from the database; the random bytes are the key.
const (
	keyPrefix  = "hsk_" // lets secret scanners find a leaked key
	idPrefix   = "svc_"
	idLength   = 8
	bodyLength = idLength + 32
	macLength  = 8
)

// Manager makes, checks, lists and revokes service keys.
type Manager struct {
	parts Parts

	mu   sync.Mutex                                       // guards used and open
	used map[store.ServiceID]time.Time                    // key → last use that is not noted yet
	open map[store.ServiceID]map[int64]context.CancelFunc // key → its open streams, by number
	last int64                                            // the last number
}

// Parts are what a Manager works with.
type Parts struct {
	Store  store.Services
	MACKey secret.Key // tells our keys from others
	Log    *audit.Log
	Now    func() time.Time
}

// New makes a Manager.
func New(p Parts) *Manager {
	return &Manager{
		parts: p,
		used:  map[store.ServiceID]time.Time{},
		open:  map[store.ServiceID]map[int64]context.CancelFunc{},
	}
}

// goodName is what a service may be called: as hosts and units are called, and never like an id.
var goodName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$`)

// Create makes a key for the operator. The key is never shown again. The faults are invalid_request
// and service_name_taken.
func (m *Manager) Create(ctx context.Context, by audit.Caller, name string) (store.Service, secret.Text, error) {
	if err := by.MustOperate(); err != nil {
		return store.Service{}, secret.Text{}, err
	}
	if !goodName.MatchString(name) || strings.HasPrefix(name, idPrefix) {
		return store.Service{}, secret.Text{}, fault.BadField("name", "invalid",
			"A name has 1 to 64 letters, digits, dots, dashes and underscores, and does not begin with svc_.")
	}
	raw := secret.Random(bodyLength)
	text := keyPrefix + base64.RawURLEncoding.EncodeToString(append(raw, m.mac(raw)...))
	s := store.Service{
		ID: encodeID(raw), Name: name, Hash: sha256.Sum256([]byte(text)),
		CreatedAt: m.parts.Now().Truncate(time.Millisecond),
	}
	if err := m.parts.Store.AddService(ctx, s); err != nil {
		return store.Service{}, secret.Text{}, err
	}
	m.parts.Log.Record(ctx, by, audit.Event{Name: audit.ServiceCreated, Service: s.Label()})
	return s, secret.New(text), nil
}

// encodeID returns the id in the body of a key.
func encodeID(raw []byte) store.ServiceID {
	return store.ServiceID(idPrefix + base64.RawURLEncoding.EncodeToString(raw[:idLength]))
}

// mac returns the MAC over the body of a key.
func (m *Manager) mac(body []byte) []byte {
	return m.parts.MACKey.MAC(body)[:macLength]
}

// IDOf returns the id that a key of ours names, without looking it up.
func (m *Manager) IDOf(key secret.Text) (store.ServiceID, bool) {
	encoded, ok := strings.CutPrefix(key.Reveal(), keyPrefix)
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(bodyLength+macLength) {
		return "", false
	}
	raw, err := jose.DecodeBase64(encoded)
	if err != nil || !hmac.Equal(raw[bodyLength:], m.mac(raw[:bodyLength])) {
		return "", false
	}
	return encodeID(raw), true
}

// Check returns the service that a key belongs to. The fault is invalid_service_key for a key that
// is not ours, which does not reach the database, that is not there, or that is revoked.
func (m *Manager) Check(ctx context.Context, by audit.Caller, key secret.Text) (store.Service, error) {
	id, ok := m.IDOf(key)
	if !ok {
		return store.Service{}, m.refuse(ctx, by, "", "not_a_key")
	}
	s, err := m.parts.Store.Service(ctx, id)
	switch {
	case fault.HasCode(err, fault.ServiceNotFound):
		return store.Service{}, m.refuse(ctx, by, string(id), "unknown")
	case err != nil:
		return store.Service{}, err
	case sha256.Sum256([]byte(key.Reveal())) != s.Hash: // of what nobody can choose: the time it takes tells nothing
		return store.Service{}, m.refuse(ctx, by, s.Label(), "wrong_key")
	case s.Revoked():
		return store.Service{}, m.refuse(ctx, by, s.Label(), "revoked")
	}
	m.mu.Lock()
	m.used[id] = m.parts.Now()
	m.mu.Unlock()
	return s, nil
}

// refuse logs the reason, which the client is not told.
func (m *Manager) refuse(ctx context.Context, by audit.Caller, service, reason string) error {
	m.parts.Log.Record(ctx, by, audit.Event{Name: audit.ServiceRefused, Service: service, Reason: reason})
	return fault.New(fault.InvalidServiceKey).Because(errors.New(reason))
}

// List returns every key for the operator, revoked ones too, oldest first.
func (m *Manager) List(ctx context.Context, by audit.Caller) ([]store.Service, error) {
	if err := by.MustOperate(); err != nil {
		return nil, err
	}
	return m.parts.Store.ListServices(ctx)
}

// Revoke revokes the key of this name or id, for the operator, and closes the streams that it holds
// open here; other nodes do so at their next CloseRevoked. It returns the service. The fault is
// service_not_found.
func (m *Manager) Revoke(ctx context.Context, by audit.Caller, nameOrID string) (store.Service, error) {
	all, err := m.List(ctx, by)
	if err != nil {
		return store.Service{}, err
	}
	for _, s := range all {
		if s.Revoked() || s.Name != nameOrID && string(s.ID) != nameOrID {
			continue
		}
		if err := m.parts.Store.RevokeService(ctx, s.ID, m.parts.Now()); err != nil {
			return store.Service{}, err
		}
		m.parts.Log.Record(ctx, by, audit.Event{Name: audit.ServiceRevoked, Service: s.Label()})
		m.closeStreams(s.ID)
		return s, nil
	}
	return store.Service{}, fault.New(fault.ServiceNotFound)
}
