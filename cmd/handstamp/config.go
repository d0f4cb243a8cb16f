package main

import (
	"fmt"

	"github.com/spf13/cobra"
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
		withSettings(&cobra.Command{
			Use:     "check",
			Short:   "Say whether the server would start, and every reason why not",
			Example: "handstamp config check --config handstamp.toml --connect",
			Args:    takes(),
			RunE: func(cmd *cobra.Command, _ []string) error {
				if _, err := w.settings(cmd); err != nil {
					return err
				}
				_, err := fmt.Fprintln(w.stdout, "the settings are good")
				return err
			},
		}),
	)
	return cmd
}
