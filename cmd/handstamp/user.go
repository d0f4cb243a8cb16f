package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/user"
)

// userCommand is everything about users.
func (w environment) userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Make, list and disable users"}
	cmd.AddCommand(w.userCreate(), w.userList(), w.userRole(), w.userDisable())
	return cmd
}

// userCreate makes a user, whatever the sign-up mode.
func (w environment) userCreate() *cobra.Command {
	var name string
	var admin bool
	cmd := withSettings(&cobra.Command{
		Use:   "create EMAIL",
		Short: "Make a user, whatever signup says",
		Long: "Make a user, whatever signup says. The password is asked for at a terminal, or\n" +
			"read from standard input, one line.",
		Example: "handstamp user create ada@example.com --name 'Ada Lovelace' --admin",
		Args:    takes("EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			given, err := w.askPassword()
			if err != nil {
				return err
			}
			s, err := w.openServer(cmd)
			if err != nil {
				return err
			}
			defer s.Close()
			fresh := user.Fresh{Email: args[0], Name: name, Password: given}
			if admin {
				fresh.Roles = []string{store.RoleAdmin}
			}
			proof, err := s.Users.Create(cmd.Context(), audit.Operator(), fresh)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(w.stdout, proof.User)
			return err
		},
	})
	cmd.Flags().StringVar(&name, "name", "", "the `NAME` that the person is called by")
	cmd.Flags().BoolVar(&admin, "admin", false, "give the role admin")
	return cmd
}

// askPassword reads a password: twice and unseen from a terminal, else one line. It is never
// a flag: every process on the machine could read it there.
func (w environment) askPassword() (secret.Text, error) {
	if !isTerminal(w.stdin) {
		line, err := bufio.NewReader(io.LimitReader(w.stdin, 64<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return secret.Text{}, err
		}
		return secret.New(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")), nil
	}
	file := w.stdin.(*os.File) // a terminal is one
	var typed [2]string
	for i, prompt := range []string{"Password: ", "The same again: "} {
		fmt.Fprint(w.stderr, prompt)
		raw, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(w.stderr)
		if err != nil {
			return secret.Text{}, err
		}
		typed[i] = string(raw)
	}
	if typed[0] != typed[1] {
		return secret.Text{}, errors.New("the two passwords differ")
	}
	return secret.New(typed[0]), nil
}

// userRow is a user as the list shows it.
type userRow struct {
	ID        store.UserID `json:"id"`
	Email     string       `json:"email"`
	Name      string       `json:"name"`
	Roles     []string     `json:"roles"`
	CreatedAt time.Time    `json:"created_at"`
	Disabled  bool         `json:"disabled"`
}

// pageSize is how many rows are read from the database at once.
const pageSize = 500

// userFilter is which users are listed.
type userFilter struct {
	match string // a part of the address or the name, whatever its case; empty: every user
	limit uint   // how many at most; 0: all
}

// takes reports whether a user is one of them.
func (f userFilter) takes(u store.User) bool {
	return f.match == "" || strings.Contains(strings.ToLower(u.Email+"\n"+u.Name), strings.ToLower(f.match))
}

// userList lists users.
func (w environment) userList() *cobra.Command {
	out := output{w: w.stdout}
	var f userFilter
	cmd := withSettings(&cobra.Command{
		Use:     "list",
		Short:   "List users",
		Example: "handstamp user list --match example.com --limit 20",
		Args:    takes(),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, _ []string) error {
			return listUsers(cmd.Context(), s, f, &out)
		}),
	})
	out.flag(cmd)
	cmd.Flags().StringVar(&f.match, "match", "", "only users with this `TEXT` in address or name")
	cmd.Flags().UintVar(&f.limit, "limit", 0, "at most this `NUMBER` of users; 0 means all")
	return cmd
}

// listUsers prints users, a page of the database at a time.
func listUsers(ctx context.Context, s *server.Server, f userFilter, out *output) error {
	out.begin("ID", "EMAIL", "NAME", "ROLES", "CREATED", "DISABLED")
	printed := uint(0)
	for after := store.UserID(""); ; {
		users, err := s.Users.List(ctx, audit.Operator(), after, pageSize)
		if err != nil {
			return err
		}
		for _, u := range users {
			if after = u.ID; !f.takes(u) {
				continue
			}
			out.row(userRow{u.ID, u.Email, u.Name, append([]string{}, u.Roles...), u.CreatedAt.UTC(), u.Disabled()},
				u.ID, u.Email, u.Name, strings.Join(u.Roles, ","), day(u.CreatedAt), yes(u.Disabled()))
			if printed++; printed == f.limit {
				return out.end()
			}
		}
		if len(users) < pageSize || out.err != nil {
			return out.end()
		}
	}
}

// userRole sets the roles of a user, exactly those that are named.
func (w environment) userRole() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:     "role EMAIL|ID [ROLE]...",
		Short:   "Give a user exactly these roles; none takes all away",
		Example: "handstamp user role ada@example.com admin",
		Args:    takes("EMAIL|ID", "[ROLE]..."),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, args []string) error {
			u, err := s.Users.Find(cmd.Context(), audit.Operator(), args[0])
			if err != nil {
				return err
			}
			u, err = s.Users.SetRoles(cmd.Context(), audit.Operator(), u.ID, args[1:])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "%s has the roles: %s\n", u.Email,
				cmp.Or(strings.Join(u.Roles, ", "), "none"))
			return err
		}),
	})
}

// userDisable shuts a user out.
func (w environment) userDisable() *cobra.Command {
	return confirming(withSettings(&cobra.Command{
		Use:   "disable EMAIL|ID",
		Short: "Refuse a user from now on",
		Long: "Refuse a user from now on. Every session ends and every token is refused.\n" +
			"There is no way back.",
		Example: "handstamp user disable bea@example.com",
		Args:    takes("EMAIL|ID"),
		RunE: w.withServer(func(cmd *cobra.Command, s *server.Server, args []string) error {
			u, err := s.Users.Find(cmd.Context(), audit.Operator(), args[0])
			if err != nil {
				return err
			}
			if err := w.confirm(cmd, fmt.Sprintf("Disable %s in %s", u.Email, s.Database().Place())); err != nil {
				return err
			}
			changed, err := s.Users.Disable(cmd.Context(), audit.Operator(), u.ID)
			if err != nil {
				return err
			}
			if !changed {
				_, err = fmt.Fprintf(w.stdout, "%s was disabled before in %s\n", u.Email, s.Database().Place())
				return err
			}
			_, err = fmt.Fprintf(w.stdout, "%s is disabled in %s; every session has ended\n",
				u.Email, s.Database().Place())
			return err
		}),
	}))
}
