package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/server"
)

// dbCommand is everything about the database as a whole.
func (w environment) dbCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "db", Short: "Back the database up, restore it, copy it into another"}
	cmd.AddCommand(w.dbBackup(), w.dbRestore(), w.dbCopy(), w.dbBeginEpoch())
	return cmd
}

// dbBackup copies the database while the server runs.
func (w environment) dbBackup() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "backup FILE",
		Short: "Write the database into a new file, while the server runs",
		Long: "Write the database, as it is at one moment, into a new file. The server may\n" +
			"run. The master key is not in it: keep that as well, elsewhere.",
		Example: "handstamp db backup /backups/handstamp-monday.db",
		Args:    takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := w.settings(cmd)
			if err != nil {
				return err
			}
			if err := server.Backup(cmd.Context(), c, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout,
				"%s holds the database; the master key is not in it: keep %s as well, elsewhere\n",
				args[0], keyPlace(c.MasterKeyFile))
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
func (w environment) dbRestore() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "restore FILE",
		Short: "Make the database out of a backup",
		Long: "Make the database out of a backup. One that is there is never overwritten:\n" +
			"move it away first.",
		Example: "handstamp db restore /backups/handstamp-monday.db",
		Args:    takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := w.settings(cmd)
			if err != nil {
				return err
			}
			if err := server.Restore(cmd.Context(), c, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout,
				"%s is restored; what was ended since the backup lives again until it is ended again\n",
				c.Database.Place())
			return err
		},
	})
}

// copyHelp is what there is to know before a copy.
const copyHelp = `Copy everything into another, empty database: users, sessions, keys and what has
ended. Nobody is signed out: tokens that people hold go on working on the copy,
under the same master key.

Stop the server first. Whichever of the two is not named is the database of the
settings.

A password in a flag can be read by everybody on the machine. Leave it out, and
give it by PGPASSWORD or the file that PGPASSFILE names (~/.pgpass), or have
HANDSTAMP_DATABASE name the database that has one.

All is copied or nothing. When it was interrupted, run it again.`

// dbCopy copies the database into another.
func (w environment) dbCopy() *cobra.Command {
	var from, to string
	cmd := withSettings(&cobra.Command{
		Use:     "copy [--from DATABASE] [--to DATABASE]",
		Short:   "Copy everything into another, empty database",
		Long:    copyHelp,
		Example: "handstamp db copy --to postgres://handstamp@db.example.com/handstamp",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "" && to == "" {
				return usageError{errors.New("say --from, --to or both\nhint: handstamp db copy --help")}
			}
			c, err := w.settings(cmd)
			if err != nil {
				return err
			}
			m := server.Move{Log: w.warnings()}
			if m.From, err = w.database(cmd, c, "from"); err != nil {
				return err
			}
			if m.To, err = w.database(cmd, c, "to"); err != nil {
				return err
			}
			n, err := server.Copy(cmd.Context(), c, m)
			if err != nil {
				return err
			}
			var rows []string
			for _, table := range n {
				rows = append(rows, fmt.Sprintf("%s %d", strings.ReplaceAll(table.Table, "_", " "), table.Rows))
			}
			_, err = fmt.Fprintf(w.stdout, "copied to %s: %s\n"+
				"start every server with that database from now on, and with the same master key: %s\n"+
				"let none go on with %s: who then refreshes on both is signed out\n",
				m.To, strings.Join(rows, ", "), keyPlace(c.MasterKeyFile), m.From)
			return err
		},
	})
	cmd.Flags().StringVar(&from, "from", "", "the `DATABASE` to copy; default: that of the settings")
	cmd.Flags().StringVar(&to, "to", "", "the empty `DATABASE` to copy into; default: that of the settings")
	return cmd
}

// database returns the database that a flag names, or else that of the settings.
func (w environment) database(cmd *cobra.Command, c *config.Config, flag string) (config.Database, error) {
	named, err := cmd.Flags().GetString(flag)
	if err != nil || named == "" {
		return c.Database, err
	}
	given := map[string]string{"database": named, "database_file": ""}
	other, err := config.Load(config.Sources{Flags: cmd.Flags(), Environ: w.env, Given: given})
	if err != nil {
		return config.Database{}, fmt.Errorf("--%s: %w", flag, err)
	}
	return other.Database, nil
}

// dbBeginEpoch says that the database was brought back from a copy.
func (w environment) dbBeginEpoch() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "begin-epoch",
		Short: "Say that PostgreSQL was restored from a copy",
		Long: "Say that PostgreSQL was restored from a copy, so that services ask anew what\n" +
			"has ended. For SQLite, db restore does so by itself.",
		Example: "handstamp db begin-epoch --config /etc/handstamp/handstamp.toml",
		Args:    takes(),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, _ []string) error {
			epoch, err := s.BeginEpoch(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "the revocation log is in epoch %d; "+
				"what was ended since the copy lives again until it is ended again\n", epoch)
			return err
		}),
	})
}
