package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
)

// keptLog is the log of a command: what the operator should see goes to the terminal, and what the
// operator has done is kept in a file, where it outlives the terminal.
type keptLog struct {
	shown slog.Handler // warnings
	kept  slog.Handler // audit lines
}

// Enabled reports whether a level is for the terminal or for the file.
func (l keptLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle writes a line where it belongs.
func (l keptLog) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Message == audit.Message:
		return l.kept.Handle(ctx, r)
	case l.shown.Enabled(ctx, r.Level):
		return l.shown.Handle(ctx, r)
	}
	return nil
}

// WithAttrs returns a log whose lines have more attributes.
func (l keptLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return keptLog{l.shown.WithAttrs(attrs), l.kept.WithAttrs(attrs)}
}

// WithGroup returns a log whose lines have a group.
func (l keptLog) WithGroup(name string) slog.Handler {
	return keptLog{l.shown.WithGroup(name), l.kept.WithGroup(name)}
}

// keepAudit returns the log of a command that may change something. A command whose trace cannot be
// kept is refused before it does anything. The file stays open until the program ends.
func (w environment) keepAudit(c *config.Config) (*slog.Logger, error) {
	file, err := os.OpenFile(c.AuditFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("what is done here is kept in audit_file: %w", err)
	}
	kept := slog.NewJSONHandler(flushed{file}, nil).WithAttrs([]slog.Attr{
		slog.Int("uid", os.Getuid()), slog.String("database", c.Database.Place()),
	})
	return slog.New(keptLog{w.warnings().Handler(), kept}), nil
}

// flushed is a file of which every line is on disk before anything else happens.
type flushed struct{ file *os.File }

// Write writes one line.
func (f flushed) Write(line []byte) (int, error) {
	n, err := f.file.Write(line)
	if err == nil {
		err = f.file.Sync()
	}
	return n, err
}

// It is what a handler writes to.
var _ io.Writer = flushed{}
