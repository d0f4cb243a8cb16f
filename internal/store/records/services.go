package records

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// services is the table of service keys.
var services = Table{
	Name: "services", Order: "id", Columns: []string{"id", "name", "hash", "created_at", "used_at", "revoked_at"},
	New: func() store.Row { return new(ServiceRow) },
}

// ServiceRow is a service key, revoked ones too.
type ServiceRow struct{ store.Service }

// Table names the row's table.
func (r *ServiceRow) Table() string { return services.Name }

// Fields returns the row's columns.
func (r *ServiceRow) Fields() []any { return serviceFields(&r.Service) }

// serviceFields returns a service key's columns.
func serviceFields(s *store.Service) []any {
	return []any{
		&s.ID, &s.Name, (*Hash)(&s.Hash), (*Instant)(&s.CreatedAt), (*Instant)(&s.UsedAt), (*Instant)(&s.RevokedAt),
	}
}

// AddService keeps a new key.
func (db Records) AddService(ctx context.Context, s store.Service) error {
	return db.db.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(services.Insert()+` ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING`, serviceFields(&s)...)
		if err == nil && n == 0 {
			return fault.New(fault.ServiceNameTaken)
		}
		return err
	})
}

// Service returns one key.
func (db Records) Service(ctx context.Context, id store.ServiceID) (s store.Service, err error) {
	query := `SELECT ` + Columns("", services.Columns) + ` FROM services WHERE id = $1`
	err = db.db.Read(ctx, func(r Reader) error {
		found, err := one(r, serviceFields(&s), query, id)
		if err == nil && !found {
			return fault.New(fault.ServiceNotFound)
		}
		return err
	})
	return s, err
}

// ListServices returns every key.
func (db Records) ListServices(ctx context.Context) ([]store.Service, error) {
	query := `SELECT ` + Columns("", services.Columns) + ` FROM services ORDER BY created_at, id`
	return list(ctx, db.db, serviceFields, query)
}

// NoteServiceUses keeps when keys were used last. Nodes do so at once, in order of the ids, so
// that they do not wait for each other.
func (db Records) NoteServiceUses(ctx context.Context, uses map[store.ServiceID]time.Time) error {
	return db.db.Write(ctx, func(tx Tx) error {
		for _, id := range slices.Sorted(maps.Keys(uses)) {
			_, err := tx.Exec(`UPDATE services SET used_at = $1 WHERE id = $2 AND coalesce(used_at < $1, true)`,
				Instant(uses[id]), id)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// RevokeService revokes a key for ever.
func (db Records) RevokeService(ctx context.Context, id store.ServiceID, now time.Time) error {
	return db.db.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(`UPDATE services SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL`, Instant(now), id)
		if err == nil && n == 0 {
			return fault.New(fault.ServiceNotFound)
		}
		return err
	})
}
