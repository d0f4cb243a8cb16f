package feed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// endingsSent is how many endings every stream receives before memory is read for the last time.
const endingsSent = 20

// Streams is what the streams of one node take.
type Streams struct {
	Count  int
	Before float64 // MB that the node has in memory before the first is opened
	With   float64 // MB, at most, while all are open and hear of endings
}

// MeasureStreams opens streams at a node, and has all of them hear of endings.
func MeasureStreams(ctx context.Context, count int) (s Streams, err error) {
	s.Count = count
	folder, err := os.MkdirTemp("", "feedbench-")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := programtest.Build(folder, "cmd/handstamp"); err != nil {
		return s, err
	}
	n, err := programtest.Server(filepath.Join(folder, "handstamp"), folder)
	if err != nil {
		return s, err
	}
	if err := n.Start(); err != nil {
		return s, err
	}
	defer n.Kill()
	p := users{nodes: []*programtest.Program{n}, client: newHTTPClient()}
	sessions, err := p.signUpMany(ctx, endingsSent)
	if err != nil {
		return s, err
	}
	n.Kill() // and with it the memory for hashes
	if err := n.Start(); err != nil {
		return s, err
	}
	time.Sleep(time.Second)
	if s.Before, err = n.Memory(); err != nil {
		return s, err
	}
	return s, s.open(ctx, n, p, sessions)
}

// open opens the streams, has them hear of endings, and looks at the node's memory all the while.
func (s *Streams) open(ctx context.Context, n *programtest.Program, p users, sessions []*session) error {
	streams := make([]*stream, s.Count)
	for i := range streams {
		conn, err := net.Dial("tcp", n.Address)
		if err != nil {
			return err
		}
		defer conn.Close()
		host := strings.TrimPrefix(n.URL(), "http://")
		_, err = fmt.Fprintf(conn, "GET /v1/revocations/stream HTTP/1.1\r\nHost: %s\r\n\r\n", host)
		if err != nil {
			return err
		}
		streams[i] = &stream{from: bufio.NewReader(conn)}
	}
	if err := awaitAll(streams, "heartbeat", 1); err != nil {
		return err
	}
	for _, one := range sessions {
		now, err := n.Memory()
		if err != nil {
			return err
		}
		s.With = max(s.With, now)
		if _, err := p.signOut(ctx, one); err != nil {
			return err
		}
	}
	if err := awaitAll(streams, "revoke", len(sessions)); err != nil {
		return err
	}
	now, err := n.Memory()
	s.With = max(s.With, now)
	return err
}

// stream is the feed as it comes.
type stream struct{ from *bufio.Reader }

// await reads until an event has come so often.
func (s *stream) await(event string, times int) error {
	for times > 0 {
		line, err := s.from.ReadString('\n')
		if err != nil {
			return fmt.Errorf("a stream ended before its %s: %w", event, err)
		}
		if strings.TrimSpace(line) == "event: "+event {
			times--
		}
	}
	return nil
}

// awaitAll is await for all.
func awaitAll(streams []*stream, event string, times int) error {
	errs := make([]error, len(streams))
	var all sync.WaitGroup
	for i, s := range streams {
		all.Go(func() { errs[i] = s.await(event, times) })
	}
	all.Wait()
	return errors.Join(errs...)
}
