package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/keyring"
)

// keyCommand is everything about signing keys.
func (w world) keyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "List and rotate signing keys"}
	cmd.AddCommand(w.keyList(), w.keyRotate())
	return cmd
}

// keyRow is a key as the list shows it.
type keyRow struct {
	ID         string        `json:"id"`
	Algorithm  string        `json:"algorithm"`
	State      keyring.State `json:"state"`
	CreatedAt  time.Time     `json:"created_at"`
	ActiveFrom time.Time     `json:"active_from"`
}

// keyList lists the signing keys.
func (w world) keyList() *cobra.Command {
	out := output{w: w.stdout}
	cmd := withSettings(&cobra.Command{
		Use:   "list",
		Short: "List the signing keys and what each is doing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := w.openServer(cmd)
			if err != nil {
				return err
			}
			defer s.Close()
			keys, err := s.Keys.List(cmd.Context(), time.Now())
			if err != nil {
				return err
			}
			out.begin("ID", "ALGORITHM", "STATE", "CREATED", "SIGNS FROM")
			for _, k := range keys {
				row := keyRow{k.ID, string(k.Algorithm), k.State, k.CreatedAt.UTC(), k.ActiveFrom.UTC()}
				out.row(row, row.ID, row.Algorithm, row.State, day(row.CreatedAt), day(row.ActiveFrom))
			}
			return out.end()
		},
	})
	out.flag(cmd)
	return cmd
}

// keyRotate publishes a new key, which signs as soon as every verifier knows it.
func (w world) keyRotate() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "rotate",
		Short: "Publish a new signing key; it signs as soon as every verifier can know it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := w.openServer(cmd)
			if err != nil {
				return err
			}
			defer s.Close()
			k, err := s.Keys.Rotate(cmd.Context(), audit.Operator(), time.Now())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "key %s (%s) is published and signs from %s on\n", k.ID, k.Algorithm, k.ActiveFrom.UTC().Format(time.RFC3339))
			return err
		},
	})
}
