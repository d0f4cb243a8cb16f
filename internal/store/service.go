package store

import (
	"context"
	"time"
)

// ServiceID names a service key: "svc_" and 11 base64url characters. It is not a credential.
type ServiceID string

// ServiceHash is the SHA-256 of a service key. The key has 256 random bits, so that nothing slower
// is needed.
type ServiceHash [32]byte

// Service is a program that holds a service key.
type Service struct {
	ID        ServiceID
	Name      string // unique among those that are not revoked
	Hash      ServiceHash
	CreatedAt time.Time
	UsedAt    time.Time // the last use that was noted; zero: none
	RevokedAt time.Time // zero: it is good
}

// Revoked reports whether the key is good no more.
func (s Service) Revoked() bool { return !s.RevokedAt.IsZero() }

// Label is how logs speak of the key.
func (s Service) Label() string { return string(s.ID) + " " + s.Name }

// Services keeps the keys of services.
type Services interface {
	// AddService keeps a new key. The fault is service_name_taken when one that is not revoked
	// has the name. Of any number of concurrent calls with one name, one succeeds.
	AddService(ctx context.Context, s Service) error

	// Service returns one key, revoked or not. The fault is service_not_found.
	Service(ctx context.Context, id ServiceID) (Service, error)

	// ListServices returns every key, revoked ones too, by CreatedAt and then ID, oldest first.
	ListServices(ctx context.Context) ([]Service, error)

	// NoteServiceUses keeps when keys were used last. A time that is not later than the kept
	// one changes nothing, and neither does an id that is not there.
	NoteServiceUses(ctx context.Context, uses map[ServiceID]time.Time) error

	// RevokeService makes a key good no more, for ever. The fault is service_not_found when
	// there is none, or it is revoked already.
	RevokeService(ctx context.Context, id ServiceID, now time.Time) error
}
