package postgres

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// selectServices reads service keys, in the order of scanService.
const selectServices = `SELECT id, name, hash, created_at, used_at, revoked_at FROM services`

// scanService reads a row of selectServices. The fault is service_not_found.
func scanService(row pgx.Row) (s store.Service, err error) {
	hash := s.Hash[:0]
	err = row.Scan(&s.ID, &s.Name, &hash, (*instant)(&s.CreatedAt), (*instant)(&s.UsedAt), (*instant)(&s.RevokedAt))
	copy(s.Hash[:], hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return store.Service{}, fault.New(fault.ServiceNotFound)
	}
	return s, err
}

// AddService keeps a new key.
func (db *DB) AddService(ctx context.Context, s store.Service) error {
	return db.write(ctx, func(a act) error {
		_, err := a.exec(`INSERT INTO services (id, name, hash, created_at, used_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			s.ID, s.Name, s.Hash[:], instant(s.CreatedAt), instant(s.UsedAt), instant(s.RevokedAt))
		if isTaken(err, "services_by_name") {
			return fault.New(fault.ServiceNameTaken)
		}
		return err
	})
}

// Service gives one key.
func (db *DB) Service(ctx context.Context, id store.ServiceID) (s store.Service, err error) {
	if !keepable(id) {
		return store.Service{}, fault.New(fault.ServiceNotFound)
	}
	err = db.row(ctx, func(row pgx.Row) (err error) {
		s, err = scanService(row)
		return err
	}, selectServices+` WHERE id = $1`, id)
	return s, err
}

// ListServices gives every key.
func (db *DB) ListServices(ctx context.Context) ([]store.Service, error) {
	return list(ctx, db, scanService, selectServices+` ORDER BY created_at, id`)
}

// NoteServiceUses keeps when keys were used last. Nodes do so at once, in order of the ids, so
// that they do not wait for each other.
func (db *DB) NoteServiceUses(ctx context.Context, uses map[store.ServiceID]time.Time) error {
	return db.write(ctx, func(a act) error {
		for _, id := range slices.Sorted(maps.Keys(uses)) {
			_, err := a.exec(`UPDATE services SET used_at = $1 WHERE id = $2 AND coalesce(used_at < $1, true)`, instant(uses[id]), id)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// RevokeService makes a key good no more.
func (db *DB) RevokeService(ctx context.Context, id store.ServiceID, now time.Time) error {
	if !keepable(id) {
		return fault.New(fault.ServiceNotFound)
	}
	var n int
	err := db.write(ctx, func(a act) (err error) {
		n, err = a.exec(`UPDATE services SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL`, instant(now), id)
		return err
	})
	if err == nil && n == 0 {
		return fault.New(fault.ServiceNotFound)
	}
	return err
}
