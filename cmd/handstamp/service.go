package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store"
)

// serviceCommand is everything about the keys of services.
func (w environment) serviceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "service", Short: "Make, list and revoke the keys of services"}
	cmd.AddCommand(w.serviceCreate(), w.serviceList(), w.serviceRevoke())
	return cmd
}

// serviceCreate makes a key and prints it, this once.
func (w environment) serviceCreate() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "create NAME",
		Short: "Make a key with which a service follows what ends",
		Long: "Make a key with which a service follows what ends. It is printed once, alone\n" +
			"on standard output.",
		Example: "handstamp service create billing > billing.key",
		Args:    takes("NAME"),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, args []string) error {
			made, key, err := s.Services.Create(cmd.Context(), audit.Operator(), args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(w.stderr, "service %s (%s) has this key, which is not shown again:\n", made.Name, made.ID)
			_, err = fmt.Fprintln(w.stdout, key.Reveal())
			return err
		}),
	})
}

// serviceRow is a service key as the list shows it.
type serviceRow struct {
	ID        store.ServiceID `json:"id"`
	Name      string          `json:"name"`
	CreatedAt time.Time       `json:"created_at"`
	UsedAt    *time.Time      `json:"last_used_at"`
	RevokedAt *time.Time      `json:"revoked_at"`
}

// serviceList lists the keys.
func (w environment) serviceList() *cobra.Command {
	out := output{w: w.stdout}
	cmd := withSettings(&cobra.Command{
		Use:     "list",
		Short:   "List the keys of services, revoked ones too",
		Example: "handstamp service list --json",
		Args:    takes(),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, _ []string) error {
			all, err := s.Services.List(cmd.Context(), audit.Operator())
			if err != nil {
				return err
			}
			out.begin("ID", "NAME", "CREATED", "LAST USED", "REVOKED")
			for _, one := range all {
				row := serviceRow{one.ID, one.Name, one.CreatedAt.UTC(), maybe(one.UsedAt), maybe(one.RevokedAt)}
				out.row(row, row.ID, row.Name, day(row.CreatedAt), maybeDay(one.UsedAt), maybeDay(one.RevokedAt))
			}
			return out.end()
		}),
	})
	out.flag(cmd)
	return cmd
}

// maybe returns a time for programs, null for the zero time.
func maybe(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// maybeDay returns a time for people, "never" for the zero time.
func maybeDay(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return day(t)
}

// serviceRevoke makes a key good no more.
func (w environment) serviceRevoke() *cobra.Command {
	return confirming(withSettings(&cobra.Command{
		Use:   "revoke NAME|ID",
		Short: "Refuse a service's key from now on",
		Long: "Refuse a service's key from now on. Its open streams end within a second.\n" +
			"There is no way back; make another with handstamp service create.",
		Example: "handstamp service revoke billing",
		Args:    takes("NAME|ID"),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, args []string) error {
			question := fmt.Sprintf("Refuse the key of service %s of %s", printable(args[0]), s.Database().Place())
			if err := w.confirm(cmd, question); err != nil {
				return err
			}
			gone, err := s.Services.Revoke(cmd.Context(), audit.Operator(), args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "the key of service %s (%s) of %s is revoked\n",
				gone.Name, gone.ID, s.Database().Place())
			return err
		}),
	}))
}
