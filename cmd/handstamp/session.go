package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/web"
)

// sessionCommand is everything about sessions.
func (w environment) sessionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "session", Short: "List and end sessions"}
	cmd.AddCommand(w.sessionList(), w.sessionEnd())
	return cmd
}

// sessionRow is a session as the list shows it.
type sessionRow struct {
	ID         string    `json:"id"`
	Device     string    `json:"device"`
	IP         string    `json:"ip"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// sessionList lists a user's live sessions.
func (w environment) sessionList() *cobra.Command {
	out := output{w: w.stdout}
	cmd := withSettings(&cobra.Command{
		Use:     "list EMAIL|ID",
		Short:   "List a user's live sessions",
		Example: "handstamp session list ada@example.com",
		Args:    takes("EMAIL|ID"),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, args []string) error {
			u, err := s.Users.Find(cmd.Context(), audit.Operator(), args[0])
			if err != nil {
				return err
			}
			live, err := s.Sessions.LiveOf(cmd.Context(), audit.Operator(), u.ID)
			if err != nil {
				return err
			}
			out.begin("ID", "DEVICE", "IP", "CREATED", "LAST USED", "EXPIRES")
			for _, l := range live {
				row := sessionRow{l.ID.String(), web.Device(l.LastUsedBy.Agent), l.LastUsedBy.IP.String(),
					l.CreatedAt.UTC(), l.LastUsedAt.UTC(), l.ExpiresAt.UTC()}
				out.row(row, row.ID, row.Device, row.IP, day(row.CreatedAt), day(row.LastUsedAt), day(row.ExpiresAt))
			}
			return out.end()
		}),
	})
	out.flag(cmd)
	return cmd
}

// sessionEnd ends one session, or everybody's.
func (w environment) sessionEnd() *cobra.Command {
	var everything bool
	cmd := confirming(withSettings(&cobra.Command{
		Use:     "end SESSION | --everything",
		Short:   "End a session, or every one there is",
		Long:    "End a session, or every one there is. Its tokens are refused from then on.",
		Example: "handstamp session end --everything",
		Args:    takes("[SESSION]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if everything == (len(args) == 1) {
				return usageError{errors.New("name one session, or say --everything\n" +
					"hint: handstamp session list EMAIL shows them")}
			}
			if everything {
				return w.endEverything(cmd)
			}
			return w.endSession(cmd, args[0])
		},
	}))
	cmd.Flags().BoolVar(&everything, "everything", false,
		"end every session of everybody, and refuse every access token there is")
	return cmd
}

// endSession ends one session.
func (w environment) endSession(cmd *cobra.Command, sid string) error {
	id, err := store.ParseSessionID(sid)
	if err != nil {
		return usageError{errors.New("a session id has 22 characters\nhint: handstamp session list EMAIL shows them")}
	}
	s, err := w.openServer(cmd)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := w.confirm(cmd, fmt.Sprintf("End session %s of %s", id, s.Database().Place())); err != nil {
		return err
	}
	if err := s.Sessions.End(cmd.Context(), audit.Operator(), id); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.stdout, "session %s of %s has ended\n", id, s.Database().Place())
	return err
}

// endEverything ends everybody's sessions.
func (w environment) endEverything(cmd *cobra.Command) error {
	s, err := w.openServer(cmd)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := w.confirm(cmd, "End every session of everybody in "+s.Database().Place()); err != nil {
		return err
	}
	n, err := s.Sessions.EndEverything(cmd.Context(), audit.Operator())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.stdout, "everything in %s has ended: %d sessions; everybody signs in again\n",
		s.Database().Place(), n)
	return err
}
