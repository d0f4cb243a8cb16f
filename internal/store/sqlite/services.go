package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// The statements about service keys, in the order of scanService.
const (
	selectServices   = `SELECT id, name, hash, created_at, used_at, revoked_at FROM services`
	insertServiceSQL = `INSERT INTO services (id, name, hash, created_at, used_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)`
)

// AddService keeps a new key.
func (db *DB) AddService(ctx context.Context, s store.Service) error {
	return db.write(ctx, func(a act) error {
		_, err := a.exec(insertServiceSQL,
			s.ID, s.Name, s.Hash[:], instant(s.CreatedAt), instant(s.UsedAt), instant(s.RevokedAt))
		if isTaken(err) { // the name: an id that is there is SQLITE_CONSTRAINT_PRIMARYKEY
			return fault.New(fault.ServiceNameTaken)
		}
		return err
	})
}

// Service gives one key.
func (db *DB) Service(ctx context.Context, id store.ServiceID) (store.Service, error) {
	s, err := scanService(db.reader.QueryRowContext(ctx, selectServices+` WHERE id = ?`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Service{}, fault.New(fault.ServiceNotFound)
	}
	return s, unavailable(err)
}

// ListServices gives every key.
func (db *DB) ListServices(ctx context.Context) ([]store.Service, error) {
	var all []store.Service
	err := each(func(rows *sql.Rows) error {
		s, err := scanService(rows.Scan)
		all = append(all, s)
		return err
	})(db.reader.QueryContext(ctx, selectServices+` ORDER BY created_at, id`))
	if err != nil {
		return nil, unavailable(err)
	}
	return all, nil
}

// scanService reads a row of selectServices.
func scanService(scan func(...any) error) (s store.Service, err error) {
	var hash []byte
	err = scan(&s.ID, &s.Name, &hash, (*instant)(&s.CreatedAt), (*instant)(&s.UsedAt), (*instant)(&s.RevokedAt))
	copy(s.Hash[:], hash)
	return s, err
}

// NoteServiceUses keeps when keys were used last.
func (db *DB) NoteServiceUses(ctx context.Context, uses map[store.ServiceID]time.Time) error {
	return db.write(ctx, func(a act) error {
		for id, at := range uses {
			_, err := a.exec(`UPDATE services SET used_at = ?1 WHERE id = ?2 AND coalesce(used_at < ?1, true)`, instant(at), id)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// RevokeService makes a key good no more.
func (db *DB) RevokeService(ctx context.Context, id store.ServiceID, now time.Time) error {
	var n int
	err := db.write(ctx, func(a act) (err error) {
		n, err = a.exec(`UPDATE services SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL`, instant(now), id)
		return err
	})
	if err == nil && n == 0 {
		return fault.New(fault.ServiceNotFound)
	}
	return err
}
