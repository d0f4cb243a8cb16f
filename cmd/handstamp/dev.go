package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/user"
)

// devOptions are the flags of dev.
type devOptions struct {
	listen    string // of the server; port 0: any free one
	appListen string // of the sample app; likewise
	verbose   bool   // log requests
}

// devCommand runs everything on this machine, for a look or an afternoon's work.
func (w environment) devCommand() *cobra.Command {
	var o devOptions
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run the server, a sample app and two users on this machine",
		Long: "Run the server, a sample app and two users on this machine. Ctrl-C leaves\n" +
			"nothing behind.",
		Example: "handstamp dev --verbose",
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal.Ignore(syscall.SIGPIPE) // what reads along may end first, and the folder must go
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP)
			defer stop()
			return w.dev(ctx, o)
		},
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8787", "`HOST:PORT` of the server, on the loopback")
	cmd.Flags().StringVar(&o.appListen, "app-listen", "127.0.0.1:8790",
		"`HOST:PORT` of the sample app, on the loopback")
	cmd.Flags().BoolVar(&o.verbose, "verbose", false, "log every request")
	return cmd
}

// dev runs until ctx ends, in a folder that goes with it.
func (w environment) dev(ctx context.Context, o devOptions) error {
	front, err := listenLoopback(o.listen, "--listen")
	if err != nil {
		return err
	}
	defer front.Close()
	app, err := listenLoopback(o.appListen, "--app-listen")
	if err != nil {
		return err
	}
	defer app.Close()
	folder, err := os.MkdirTemp("", "handstamp-dev-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)

	issuer, appURL := localURL(front), localURL(app)
	c, err := config.Load(config.Sources{Given: map[string]string{
		"public_url":      issuer,
		"database":        "sqlite:" + filepath.Join(folder, "handstamp.db"),
		"master_key_file": filepath.Join(folder, "handstamp.key"),
		"allowed_origins": appURL,
	}})
	if err != nil {
		return err
	}
	written := newLogWriter(w.stderr, func(to io.Writer) *slog.Logger { return devLogger(o, to) })
	defer written.Close()
	log := devLogger(o, written)
	s, err := server.Open(ctx, c, server.Options{Log: log})
	if err != nil {
		return err
	}
	defer s.Close()
	people, err := makePeople(ctx, s)
	if err != nil {
		return err
	}
	sample, err := newSample(ctx, sampleParts{issuer: issuer, server: s, log: log})
	if err != nil {
		return err
	}
	defer sample.close()
	w.welcome(issuer, appURL, people)
	return serveBoth(ctx, s, server.Listeners{Public: front}, sample, app)
}

// listenLoopback opens an address for this machine alone.
func listenLoopback(address, flag string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	if err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, usageError{fmt.Errorf("dev is for this machine alone, and %s %s is not on the loopback\n"+
			"hint: %s 127.0.0.1:8787", flag, address, flag)}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%w\nhint: %s 127.0.0.1:0 takes any free port", err, flag)
	}
	return l, nil
}

// localURL returns the address of a listener as a browser on this machine types it.
func localURL(l net.Listener) string {
	return fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

// devLogger is quiet unless asked, so that what to click stays on the screen.
func devLogger(o devOptions, to io.Writer) *slog.Logger {
	level := slog.LevelError
	if o.verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: level}))
}

// person is a user that dev makes, with a password made for this run alone.
type person struct {
	name, email string
	password    secret.Text
	roles       []string // nil: none
}

// makePeople makes the two users.
func makePeople(ctx context.Context, s *server.Server) ([]person, error) {
	people := []person{
		{"Ada Lovelace", "ada@example.com", randomPassword(), []string{store.RoleAdmin}},
		{"Grace Hopper", "grace@example.com", randomPassword(), nil},
	}
	for _, p := range people {
		fresh := user.Fresh{Email: p.email, Name: p.name, Password: p.password, Roles: p.roles}
		if _, err := s.Users.Create(ctx, audit.Operator(), fresh); err != nil {
			return nil, err
		}
	}
	return people, nil
}

// randomPassword makes 16 letters in groups, easy to copy and to read out.
func randomPassword() secret.Text {
	letters := strings.ToLower(rand.Text())
	return secret.New(strings.Join([]string{letters[:4], letters[4:8], letters[8:12], letters[12:16]}, "-"))
}

// welcome prints where to click.
func (w environment) welcome(issuer, app string, people []person) {
	fmt.Fprintf(w.stdout, `Handstamp is running on this machine, in a temporary folder.

  1. Open the sample app      %s/
     It is protected: you are sent to sign in, and back.
  2. See your devices         %s/account/sessions
     Sign in from a second browser, then end one from the other.

`, app, issuer)
	for _, p := range people {
		fmt.Fprintf(w.stdout, "  %-18s password %s  %s\n", p.email, p.password.Reveal(), strings.Join(p.roles, " "))
	}
	fmt.Fprintf(w.stdout, `  or sign up                  %s/signup

Ctrl-C stops it and leaves nothing behind.
`, issuer)
}

// serveBoth runs server and app until ctx ends or one of them fails.
func serveBoth(ctx context.Context, s *server.Server, l server.Listeners, sample *sample, at net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	app := &http.Server{Handler: sample, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	failed := make(chan error, 1)
	go func() {
		defer stop()
		failed <- app.Serve(at)
	}()
	err := s.Serve(ctx, l)
	app.Close()
	if appErr := <-failed; !errors.Is(appErr, http.ErrServerClosed) {
		err = errors.Join(err, appErr)
	}
	return err
}

// discardBody reads what is left of a body, so that its connection can be used again.
func discardBody(body io.ReadCloser) {
	io.Copy(io.Discard, io.LimitReader(body, 64<<10))
	body.Close()
}
