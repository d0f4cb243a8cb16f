package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/server"
)

// serveCommand runs the server until it is told to stop.
func (w world) serveCommand() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "serve",
		Short: "Run the server; without settings on localhost, with SQLite in this folder",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := w.settings(cmd)
			if err != nil {
				return err
			}
			s, err := server.Open(cmd.Context(), c, server.Options{Log: w.logger(c)})
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.Claim(); err != nil {
				return err
			}
			listeners, err := s.Listen()
			if err != nil {
				return fmt.Errorf("listen: %w", err)
			}
			fmt.Fprintf(w.stdout, "handstamp: listening on %s for %s\n", listeners.Public.Addr(), c.PublicURL)
			return s.Serve(cmd.Context(), listeners)
		},
	})
}

// logger writes to standard error, as the settings say.
func (w world) logger(c *config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(w.stderr, options))
}
