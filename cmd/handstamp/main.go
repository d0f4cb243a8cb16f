// Command handstamp is the server, and everything an operator does beside it.
package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/server"
)

// main runs the command that the arguments name.
func main() {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2) // so that the second is not lost that comes just after the first
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		endBy(<-signals)
	}()
	os.Exit(run(ctx, environment{os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr}))
}

// endBy ends the process at once, by a signal where that can be.
func endBy(s os.Signal) {
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(s) == nil {
		time.Sleep(time.Second) // until it arrives
	}
	os.Exit(1)
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
	root := w.root()
	root.SetArgs(w.args)
	root.SetIn(w.stdin)
	root.SetOut(w.stdout)
	root.SetErr(w.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	complain(w.stderr, err)
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

// root makes the program's commands.
func (w environment) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "handstamp",
		Short:         "Sign people in once; let every service check it alone; end it everywhere",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(w.devCommand(), w.serveCommand(), w.userCommand(), w.sessionCommand(), w.keyCommand(),
		w.serviceCommand(), w.dbCommand(), w.configCommand(), settingsTopic())
	prepare(root)
	return root
}

// withSettings adds every setting as a flag to a command.
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
	if cmd.Flags().Lookup("yes") != nil {
		if err := w.mayConfirm(cmd); err != nil {
			return nil, err
		}
	}
	log := w.warnings()
	if cmd.Name() != "list" { // which changes nothing
		if err := server.WantDatabase(cmd.Context(), c.Database); err != nil {
			return nil, err // before the audit file is made in the wrong folder
		}
		if log, err = w.keepAudit(c); err != nil {
			return nil, err
		}
	}
	return server.Open(cmd.Context(), c, server.Options{Beside: true, Log: log})
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
