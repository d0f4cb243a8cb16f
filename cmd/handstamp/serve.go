package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/server"
)

// serveCommand runs the server until it is told to stop.
func (w environment) serveCommand() *cobra.Command {
	return withSettings(&cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: "Run the server. Without settings it runs on localhost, with SQLite in this\n" +
			"folder.",
		Example: "handstamp serve --public-url https://id.example.com --listen 127.0.0.1:8787",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := w.settings(cmd)
			if err != nil {
				return err
			}
			signal.Ignore(syscall.SIGPIPE) // the end of whoever read our log is not our end
			log := newLogWriter(w.stderr, w.noteFormat(c))
			defer log.Close()
			logger := w.logger(c, log)
			ctx, done := w.untilHangup(cmd.Context(), logger)
			defer done()
			s, err := server.Open(ctx, c, server.Options{Log: logger, Alone: true})
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.Claim(); err != nil {
				return err
			}
			setup, err := w.offerSetup(ctx, s, c)
			if err != nil {
				return err
			}
			listeners, err := s.Listen()
			if err != nil {
				return fmt.Errorf("listen: %w", err)
			}
			fmt.Fprintf(w.stdout, "handstamp: listening on %s for %s\n%s", listeners.Public.Addr(), c.PublicURL, setup)
			return s.Serve(ctx, listeners)
		},
	})
}

// logger writes what is for standard error, as the settings say.
func (w environment) logger(c *config.Config, to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	people := c.LogFormat == "auto" && isTerminal(w.stderr)
	if people {
		options.ReplaceAttr = shortTime
	}
	if people || c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(to, options))
	}
	return slog.New(slog.NewJSONHandler(to, options))
}

// noteFormat returns what makes the logger of the log's own lines: as the settings say, but
// whatever the level.
func (w environment) noteFormat(c *config.Config) func(io.Writer) *slog.Logger {
	return func(to io.Writer) *slog.Logger {
		noted := *c
		noted.LogLevel = slog.LevelWarn
		return w.logger(&noted, to)
	}
}

// untilHangup returns a context that ends with ctx, and when the terminal that the server was
// started at is closed. Elsewhere a hangup asks for new settings, which only a restart reads: the
// server says so, and goes on. A hangup never ends the process: a terminal's shell sends another,
// and systemd may send one after SIGTERM, while requests are under way. Call done at the end.
func (w environment) untilHangup(ctx context.Context, log *slog.Logger) (_ context.Context, done func()) {
	if signal.Ignored(syscall.SIGHUP) { // by nohup
		return ctx, func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-hangups:
				if isTerminal(w.stdin) {
					stop()
				} else {
					log.Warn("SIGHUP changes nothing: restart the server to have it read its settings")
				}
			}
		}
	}()
	return ctx, func() {
		signal.Stop(hangups)
		close(ended)
		stop()
	}
}

// shortTime shows the time of day alone: whoever sits at the terminal knows the date.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 {
		return slog.String(a.Key, a.Value.Time().Format("15:04:05"))
	}
	return a
}

// offerSetup returns what to say when there is no admin yet: to a terminal, and nothing else,
// the link that makes one, since what is not a terminal may be kept as a log.
func (w environment) offerSetup(ctx context.Context, s *server.Server, c *config.Config) (string, error) {
	needed, err := s.Users.NeedsAdmin(ctx)
	switch {
	case err != nil || !needed:
		return "", err
	case !isTerminal(w.stdout):
		return "handstamp: there is no admin yet; make one with: handstamp user create EMAIL --admin\n", nil
	}
	return fmt.Sprintf("handstamp: there is no admin yet; this link makes one, once, for a day:\n\n  %s/setup/%s\n\n",
		c.PublicURL, s.Users.SetupToken().Reveal()), nil
}

// isTerminal reports whether somebody is reading along.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
