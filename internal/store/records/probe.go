package records

import "context"

// probed is the name of a value that is never kept.
const probed = "write_probe"

// ProbeWrite returns an error while nothing can be written. It leaves nothing behind: what it adds
// it takes away, in one transaction that reaches the disk.
func (db Records) ProbeWrite(ctx context.Context) error {
	return db.db.Write(ctx, func(tx Tx) error {
		if _, err := addMetadata(tx, probed, []byte{1}); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM metadata WHERE name = $1`, probed)
		return err
	})
}
