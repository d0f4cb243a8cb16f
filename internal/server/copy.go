package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
)

// Move is from where to where everything is copied, and who says what comes of it.
type Move struct {
	From, To config.Database
	Log      *slog.Logger
}

// Copied is how many rows were copied, by table and in the order in which they were.
type Copied []TableCount

// TableCount is how many rows of a table were copied.
type TableCount struct {
	Table string
	Rows  int
}

// count notes a row.
func (n *Copied) count(row store.Row) {
	last := len(*n) - 1
	if last < 0 || (*n)[last].Table != row.Table() {
		*n = append(*n, TableCount{Table: row.Table()})
		last++
	}
	(*n)[last].Rows++
}

// Copy moves everything that is kept into another database, all or nothing: sessions, refresh
// tokens, access tokens and verifiers go on there under the same master key, which must be that of
// the settings. A database that holds anything is refused, and so is a file that a server runs on.
// No server may run on either; where From is PostgreSQL, nobody can tell, and what it still writes
// is lost.
func Copy(ctx context.Context, c *config.Config, m Move) (Copied, error) {
	if m.From.String() == m.To.String() {
		return nil, fmt.Errorf("%s is where everything is already; name another database to copy into", m.From)
	}
	from, err := openSource(ctx, c, m)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := openClaimed(ctx, m.To)
	if err != nil {
		return nil, err
	}
	defer to.Close()
	var n Copied
	err = to.CopyIn(ctx, counted(from.CopyOut(ctx), &n))
	switch {
	case errors.Is(err, store.ErrNotEmpty):
		return nil, fmt.Errorf("%s holds something already, and nothing was changed there; "+
			"name an empty database, or empty this one", m.To)
	case err != nil:
		return nil, fmt.Errorf("%s holds nothing, run this again: %w", m.To, err)
	}
	return n, nil
}

// counted counts rows as they pass.
func counted(rows iter.Seq2[store.Row, error], n *Copied) iter.Seq2[store.Row, error] {
	return func(yield func(store.Row, error) bool) {
		for row, err := range rows {
			if err == nil {
				n.count(row)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// claimed is an engine of which this process is the one server.
type claimed struct {
	store.Store
	release func() error
}

// Close closes the engine and gives up the claim.
func (c claimed) Close() error { return errors.Join(c.Store.Close(), c.release()) }

// openClaimed opens an engine that no server runs on, as far as it can tell.
func openClaimed(ctx context.Context, d config.Database) (store.Store, error) {
	release, err := claimEngine(d)
	if fault.HasCode(err, fault.DatabaseInUse) {
		why := fmt.Errorf("stop the server on %s first: what it still writes would be lost", d)
		return nil, fault.New(fault.DatabaseInUse).Because(why)
	}
	if err != nil {
		return nil, err
	}
	engine, err := openEngine(ctx, d)
	if err != nil {
		return nil, errors.Join(err, release())
	}
	return claimed{engine, release}, nil
}

// openSource opens what is to be copied, if it is there and the master key is its own: under
// another, nobody could go on with the copy.
func openSource(ctx context.Context, c *config.Config, m Move) (store.Store, error) {
	if err := WantDatabase(ctx, m.From); err != nil {
		return nil, err
	}
	from, err := openClaimed(ctx, m.From)
	if err != nil {
		return nil, err
	}
	check, err := from.ReadMetadata(ctx, masterCheck)
	if err == nil && check == nil {
		err = fmt.Errorf("%s holds nothing to copy: no server has run on it", m.From)
	}
	if err == nil {
		_, err = openMaster(ctx, from, c.MasterKey, c.MasterKeyFile, m.Log)
	}
	if err != nil {
		return nil, errors.Join(err, from.Close())
	}
	return from, nil
}

// BeginEpoch begins a new epoch of the revocation log, after the database was brought back from a
// copy by means of its own. Verifiers then take a snapshot, and do not go on from a number that now
// stands for another entry. It returns when the epoch began, in Unix milliseconds.
func (s *Server) BeginEpoch(ctx context.Context) (int64, error) {
	epoch, _, err := s.store.Head(ctx)
	if err != nil {
		return 0, err
	}
	return s.store.RaiseEpoch(ctx, epoch, epoch, s.now())
}
