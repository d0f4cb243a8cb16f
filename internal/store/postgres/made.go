package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Made reports whether a server has made its tables in the database at a URL. It changes nothing
// there. The errors are those of Open.
func Made(ctx context.Context, url string) (bool, error) {
	config, err := configure(url)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, opening)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return false, fmt.Errorf("open database %s: %w", where(config.ConnConfig), advise(unavailable(err)))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var made bool
	err = conn.QueryRow(ctx, `SELECT to_regclass('migrations') IS NOT NULL`).Scan(&made)
	if err != nil {
		return false, fmt.Errorf("open database %s: %w", where(config.ConnConfig), unavailable(err))
	}
	return made, nil
}
