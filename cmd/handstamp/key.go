package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/keyring"
	"github.com/handstamp/handstamp/internal/server"
)

// keyCommand is everything about signing keys.
func (w environment) keyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "List, rotate and revoke signing keys"}
	cmd.AddCommand(w.keyList(), w.keyRotate(), w.keyRevoke())
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
func (w environment) keyList() *cobra.Command {
	out := output{w: w.stdout}
	cmd := withSettings(&cobra.Command{
		Use:     "list",
		Short:   "List the signing keys and what each is doing",
		Example: "handstamp key list",
		Args:    takes(),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, _ []string) error {
			keys, err := s.Keys.List(cmd.Context(), s.Now())
			if err != nil {
				return err
			}
			out.begin("ID", "ALGORITHM", "STATE", "CREATED", "SIGNS FROM")
			for _, k := range keys {
				row := keyRow{k.ID, string(k.Algorithm), k.State, k.CreatedAt.UTC(), k.ActiveFrom.UTC()}
				out.row(row, row.ID, row.Algorithm, row.State, day(row.CreatedAt), day(row.ActiveFrom))
			}
			return out.end()
		}),
	})
	out.flag(cmd)
	return cmd
}

// keyRotate publishes a new key, which signs as soon as every verifier knows it.
func (w environment) keyRotate() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "rotate",
		Short: "Publish a new signing key, which signs once verifiers know it",
		Long: "Publish a new signing key. It signs as soon as every verifier can know it.\n" +
			"Keys rotate by themselves; this is for a key that shall go earlier.",
		Example: "handstamp key rotate",
		Args:    takes(),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, _ []string) error {
			k, err := s.Keys.Rotate(cmd.Context(), audit.Operator(), s.Now())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "key %s (%s) is published and signs from %s on\n", k.ID, k.Algorithm,
				k.ActiveFrom.UTC().Format(time.RFC3339))
			return err
		}),
	})
}

// keyRevoke withdraws a key at once.
func (w environment) keyRevoke() *cobra.Command {
	return confirming(withSettings(&cobra.Command{
		Use:   "revoke KEY",
		Short: "Withdraw a signing key at once, as when it may be stolen",
		Long: "Withdraw a signing key at once, as when it may be stolen. All that it signed\n" +
			"is refused; sessions live on, and get new tokens. There is no way back.",
		Example: "handstamp key revoke KEY --yes",
		Args:    takes("KEY"),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, args []string) error {
			question := fmt.Sprintf("Withdraw key %s of %s", args[0], s.Database().Place())
			if err := w.confirm(cmd, question); err != nil {
				return err
			}
			signs, err := s.Keys.Revoke(cmd.Context(), audit.Operator(), args[0], s.Now())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "key %s of %s is revoked: "+
				"whatever it signed is refused; key %s (%s) signs now\n",
				args[0], s.Database().Place(), signs.ID, signs.Algorithm)
			return err
		}),
	}))
}
