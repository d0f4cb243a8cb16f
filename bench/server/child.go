package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"syscall"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/password"
	"github.com/handstamp/handstamp/internal/server"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// childCommand is the first argument of a process that is one of the servers.
const childCommand = "server"

// What a child can be. All but ours are floors.
const (
	ours            = "handstamp"
	bare            = "a bare handler"
	signs           = "a handler that signs"
	updates         = "one UPDATE a request"
	updatesAndSigns = "one UPDATE and a signature a request"
)

// The settings of a child that are not the product's.
const (
	hashSetting    = "cheap_hash" // "yes": passwords are hashed at the least cost there is, so that our own part shows
	profileSetting = "profile"    // a file that gets the profile of the processor; empty: none
)

// leastHash is the cheapest hash that password takes.
var leastHash = password.Params{Memory: 8, Time: 1, Threads: 1}

// Child serves, if the arguments of the program say so, until its standard input ends, and then
// ends the program. A program or a test that measures calls it first.
func Child() {
	if len(os.Args) < 3 || os.Args[1] != childCommand {
		return
	}
	given := map[string]string{}
	for _, setting := range os.Args[3:] {
		name, value, _ := strings.Cut(setting, "=")
		given[name] = value
	}
	if err := serve(os.Args[2], given); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// child starts this program again as one of the servers, on the first core.
func child(kind string, given map[string]string) (*programtest.Program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := programtest.FreeAddress()
	if err != nil {
		return nil, err
	}
	command := []string{self, childCommand, kind, "listen=" + address}
	for name, value := range given {
		command = append(command, name+"="+value)
	}
	p := &programtest.Program{Command: command, Address: address}
	return p, start(p)
}

// serve is a child's life.
func serve(kind string, given map[string]string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	signal.Ignore(os.Interrupt) // Ctrl-C is for whoever measures, whose end is ours
	go func() {
		io.Copy(io.Discard, os.Stdin) // whoever measures is gone
		stop()
	}()
	if path := given[profileSetting]; path != "" {
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	delete(given, profileSetting)
	switch kind {
	case ours:
		return serveOurs(ctx, given)
	case bare:
		return serveFloor(ctx, given["listen"], http.HandlerFunc(answerBare))
	case signs:
		return serveFloor(ctx, given["listen"], signer())
	}
	answer := http.HandlerFunc(answerBare)
	if kind == updatesAndSigns {
		answer = signer()
	}
	return serveUpdates(ctx, given, answer)
}

// serveOurs serves as `handstamp serve` does, with its log at its usual level, which goes nowhere.
func serveOurs(ctx context.Context, given map[string]string) error {
	options := server.Options{Alone: true}
	if given[hashSetting] == "yes" {
		options.TestingOnlyParams = leastHash
	}
	delete(given, hashSetting)
	c, err := config.Load(config.Sources{Given: given})
	if err != nil {
		return err
	}
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	options.Log = slog.New(slog.NewJSONHandler(nowhere, &slog.HandlerOptions{Level: c.LogLevel}))
	s, err := server.Open(ctx, c, options)
	if err != nil {
		return err
	}
	defer s.Close()
	listeners, err := s.Listen()
	if err != nil {
		return err
	}
	return s.Serve(ctx, listeners)
}

// serveFloor serves one handler with what net/http does by itself.
func serveFloor(ctx context.Context, address string, handler http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /v1/session", handler)
	s := &http.Server{Handler: mux}
	go func() {
		<-ctx.Done()
		s.Close()
	}()
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
