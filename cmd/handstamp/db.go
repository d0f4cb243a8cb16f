package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/server"
)

// dbCommand is everything about the database as a whole.
func (w world) dbCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "db", Short: "Back the database up, and restore it"}
	cmd.AddCommand(w.dbBackup(), w.dbRestore())
	return cmd
}

// dbBackup copies the database while the server runs.
func (w world) dbBackup() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "backup FILE",
		Short: "Write the database, as it is at one moment, into a new file; the server may run",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := w.settings(cmd)
			if err != nil {
				return err
			}
			if err := server.Backup(cmd.Context(), c, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "%s holds the database; the master key is not in it: keep %s as well, elsewhere\n", args[0], keyPlace(c.MasterKeyFile))
			return err
		},
	})
}

// keyPlace says where the master key is.
func keyPlace(file string) string {
	if file == "" {
		return "the master key of your settings"
	}
	return file
}

// dbRestore makes the database out of a backup.
func (w world) dbRestore() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "restore FILE",
		Short: "Make the database out of a backup; where one is, move it away first",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := w.settings(cmd)
			if err != nil {
				return err
			}
			if err := server.Restore(cmd.Context(), c, args[0], time.Now); err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "%s is restored; what was ended since the backup lives again until it is ended again\n", c.Database.Path)
			return err
		},
	})
}
