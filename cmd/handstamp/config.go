package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/server"
)

// configCommand is everything about settings.
func (w environment) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Show and check the settings"}
	cmd.AddCommand(
		withSettings(&cobra.Command{
			Use:     "show",
			Short:   "Print every setting and where it comes from, but no secret",
			Example: "handstamp config show --config handstamp.toml",
			Args:    takes(),
			RunE: func(cmd *cobra.Command, _ []string) error {
				c, err := w.settings(cmd)
				if err != nil {
					return err
				}
				return c.Show(w.stdout)
			},
		}),
		w.configCheck(),
	)
	return cmd
}

// configCheck says whether the server would start.
func (w environment) configCheck() *cobra.Command {
	var connect bool
	cmd := withSettings(&cobra.Command{
		Use:   "check",
		Short: "Say whether the server would start, and every reason why not",
		Long: "Say whether the server would start, and every reason why not: settings, files\n" +
			"and who may use them. With --connect the database is reached, too.",
		Example: "handstamp config check --config handstamp.toml --connect",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := w.settings(cmd)
			if err != nil {
				return err
			}
			if wrong := server.Check(c); wrong != nil {
				return errors.Join(wrong...)
			}
			if !connect {
				_, err = fmt.Fprintln(w.stdout, "the settings and files are good; --connect tries the database, too")
				return err
			}
			made, err := server.CheckConnect(cmd.Context(), c)
			if err != nil {
				return err
			}
			state := "is new: the first start makes what is in it"
			if made {
				state = "is there"
			}
			_, err = fmt.Fprintf(w.stdout, "the settings and files are good; the database %s %s\n", c.Database.Place(),
				state)
			return err
		},
	})
	cmd.Flags().BoolVar(&connect, "connect", false, "reach for the database, too")
	return cmd
}
