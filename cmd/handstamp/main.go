// Command handstamp is the server, and everything an operator does beside it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/server"
)

// main runs the command that the arguments name.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, environment{os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr}))
}

// environment is all that a command sees of the outside.
type environment struct {
	args   []string // without the program's name
	env    []string // as os.Environ returns it
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// run runs one command and returns the exit status: 0 done, 1 refused or failed, 2 not
// understood.
func run(ctx context.Context, w environment) int {
	root := &cobra.Command{
		Use:           "handstamp",
		Short:         "Sign people in once; let every service check it alone; end it everywhere at once",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetArgs(w.args)
	root.SetIn(w.stdin)
	root.SetOut(w.stdout)
	root.SetErr(w.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w\nhint: %s --help lists what there is", err, cmd.CommandPath())}
	})
	root.AddCommand(w.devCommand(), w.serveCommand(), w.userCommand(), w.sessionCommand(), w.keyCommand(),
		w.serviceCommand(), w.dbCommand(), w.configCommand())
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	complain(w.stderr, err)
	if errors.As(err, new(usageError)) || strings.HasPrefix(err.Error(), "unknown command") {
		return 2
	}
	return 1
}

// usageError is a command line that was not understood.
type usageError struct{ error }

// complain prints an error as "handstamp: <what> (<code>)", then its hints.
func complain(w io.Writer, err error) {
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		fmt.Fprintf(w, "handstamp: %s (%s)\n", lowerFirst(strings.TrimSuffix(f.Say, ".")), f.Code)
		for _, field := range f.Fields {
			fmt.Fprintf(w, "hint: %s: %s (%s)\n", field.Name, field.Detail, field.Code)
		}
		if f.Cause != nil { // with what was being done, such as "open database handstamp.db"
			fmt.Fprintf(w, "hint: %s\n", strings.ReplaceAll(err.Error(), string(f.Code)+": ", ""))
		}
		return
	}
	fmt.Fprintf(w, "handstamp: %v\n", err)
}

// lowerFirst returns a sentence as a part of another.
func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// withSettings gives a command every setting as a flag.
func withSettings(cmd *cobra.Command) *cobra.Command {
	config.AddFlags(cmd.Flags())
	return cmd
}

// settings reads the settings for a command.
func (w environment) settings(cmd *cobra.Command) (*config.Config, error) {
	return config.Load(config.Sources{Flags: cmd.Flags(), Environ: w.env})
}

// openServer opens the database for a command beside the server: its log, warnings and what
// was decided, goes to standard error.
func (w environment) openServer(cmd *cobra.Command) (*server.Server, error) {
	c, err := w.settings(cmd)
	if err != nil {
		return nil, err
	}
	return server.Open(cmd.Context(), c, server.Options{Beside: true, Log: w.warnings()})
}

// warnings is the log of a command that serves nothing: what an operator should see.
func (w environment) warnings() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// onServer is what a command does with a server that serves nothing.
type onServer func(cmd *cobra.Command, s *server.Server, args []string) error

// withServer runs a command on a server that serves nothing, and closes it.
func (w environment) withServer(run onServer) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := w.openServer(cmd)
		if err != nil {
			return err
		}
		defer s.Close()
		return run(cmd, s, args)
	}
}
