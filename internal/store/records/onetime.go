package records

import (
	"context"
	"time"

	"github.com/handstamp/handstamp/internal/store"
)

// oneTimeTokens is the table of one-time tokens.
var oneTimeTokens = Table{
	Name: "one_time_tokens", Order: "hash", Owner: "user_id", Expires: "expires_at",
	Columns: []string{"hash", "user_id", "purpose", "email", "created_at", "expires_at"},
	New:     func() store.Row { return new(OneTimeTokenRow) },
}

// OneTimeTokenRow is a one-time token, expired ones too.
type OneTimeTokenRow struct{ store.OneTimeToken }

// Table names the row's table.
func (r *OneTimeTokenRow) Table() string { return oneTimeTokens.Name }

// Fields returns the row's columns.
func (r *OneTimeTokenRow) Fields() []any {
	return []any{
		(*Hash)(&r.Hash), &r.User, &r.Purpose, &r.Email, (*Instant)(&r.CreatedAt), (*Instant)(&r.ExpiresAt),
	}
}

// AddOneTimeToken keeps a token, in place of an earlier one. The user is locked, because its
// deletion must find the token, or come first.
func (db Records) AddOneTimeToken(ctx context.Context, t store.OneTimeToken) error {
	return db.db.Write(ctx, func(tx Tx) error {
		if _, err := tx.LockUser(t.User); err != nil {
			return err
		}
		_, err := tx.Exec(oneTimeTokens.Insert()+` ON CONFLICT (user_id, purpose) DO UPDATE SET
			hash = excluded.hash, email = excluded.email,
			created_at = excluded.created_at, expires_at = excluded.expires_at`, (&OneTimeTokenRow{t}).Fields()...)
		return err
	})
}

// TakeOneTimeToken removes a token and returns it.
func (db Records) TakeOneTimeToken(
	ctx context.Context, hash store.TokenHash, p store.Purpose, now time.Time,
) (t store.OneTimeToken, found bool, err error) {
	err = db.db.Write(ctx, func(tx Tx) error {
		t, found, err = TakeOneTimeToken(tx, hash, p, now)
		return err
	})
	return t, found && err == nil, err
}

// TakeOneTimeToken is the method, inside a transaction that does what the token is for.
func TakeOneTimeToken(
	tx Tx, hash store.TokenHash, p store.Purpose, now time.Time,
) (t store.OneTimeToken, found bool, err error) {
	var row OneTimeTokenRow
	found, err = one(tx, row.Fields(), `DELETE FROM one_time_tokens WHERE hash = $1 AND purpose = $2 AND expires_at > $3
		RETURNING `+Columns("", oneTimeTokens.Columns), Hash(hash), p, Instant(now))
	return row.OneTimeToken, found, err
}
