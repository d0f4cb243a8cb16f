package verify

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// Where the feed is, below the issuer's URL.
const (
	snapshotPath = "/v1/revocations"
	streamPath   = "/v1/revocations/stream"
)

// snapshotPause is the least time between two snapshots on one stream
const snapshotPause = 500 * time.Millisecond

// What is wrong with a stream that ends.
var (
	errSilent   = errors.New("the server was silent for 5 s")
	errNoStream = errors.New("the server answered with no stream")
	errBehind   = errors.New("the server's log lies before what is known")
)

// statusError is an answer that is none
type statusError int

// Error is for logs.
func (e statusError) Error() string { return fmt.Sprintf("the server answered %d", int(e)) }

// stream is one connection to the feed, while it lasts
type stream struct {
	*feed
	cut  *time.Timer // ends it, unless it proves to be complete
	good bool        // it was proved once

	// The issuer's clock by ours: what to add to a time of its to have our two readings at that time. It errs to the
	// past, so that what is said to be this old is not older.
	asked  atomic.Pointer[moment] // when the request for the stream was last written; its heartbeats are younger
	offset *moment

	snapped time.Time // when a snapshot was last had on it
	behind  bool      // entries are missing, and there was no snapshot yet
}

// follow reads one stream until it ends, and reports whether it was ever complete
func (f *feed) follow(ctx context.Context) (good bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &stream{feed: f, cut: time.AfterFunc(cutAfter, func() { cancel(errSilent) })}
	defer s.cut.Stop()
	err = s.read(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return s.good, err
}

// read opens the stream and takes what comes, in order
func (s *stream) read(ctx context.Context) error {
	s.wrote()
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { s.wrote() }})
	last := ""
	if epoch, seq := s.set.Position(); epoch != 0 {
		last = position(epoch, seq)
	}
	answer, err := s.get(traced, streamPath, last)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	defer context.AfterFunc(ctx, func() { _ = answer.Body.Close() })() // whatever a transport makes of contexts
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind != "text/event-stream" {
		return errNoStream
	}
	events := newEventReader(answer.Body)
	for {
		e, err := events.next()
		if err != nil {
			return err
		}
		if err := s.take(ctx, e); err != nil {
			return err
		}
		s.tidy()
	}
}

// get asks for one of the two resources
func (f *feed) get(ctx context.Context, path, last string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.issuer+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Cache-Control", "no-store")
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	f.key.sign(request)
	answer, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close()
		return nil, statusError(answer.StatusCode)
	}
	return answer, nil
}

// position is a place of the log, as the id of an event
func position(epoch, seq int64) string {
	return strconv.FormatInt(epoch, 10) + "." + strconv.FormatInt(seq, 10)
}

// take applies one event. Events that we do not know are passed over.
func (s *stream) take(ctx context.Context, e event) error {
	var err error
	switch e.name {
	case "revoke":
		err = s.revoke(e)
	case "heartbeat":
		err = s.heartbeat(e)
	case "reset": // the server cannot go on from where we are
		if _, err = parseHeartbeat(e.data); err == nil {
			s.behind = true
		}
	}
	if err != nil || !s.behind {
		return err
	}
	return s.catchUp(ctx)
}

// revoke takes an entry. One that lies beyond a gap takes effect at once.
func (s *stream) revoke(e event) error {
	entry, err := parseEntry(e.data)
	if err != nil {
		return err
	}
	if e.id != position(entry.Epoch, entry.Seq) {
		return fmt.Errorf("event %.40q holds entry %d.%d", e.id, entry.Epoch, entry.Seq)
	}
	err = s.set.Apply(entry)
	if err == nil || err == revoked.ErrGap {
		s.forget(entry)
	}
	switch err {
	case revoked.ErrGap:
		s.gap()
		return nil
	case revoked.ErrOlder:
		return errBehind
	default:
		return err
	}
}

// heartbeat takes what proves that nothing is missing, if nothing is
func (s *stream) heartbeat(e event) error {
	b, err := parseHeartbeat(e.data)
	if err != nil {
		return err
	}
	now := s.clock.moment(s.clock.now())
	made := s.made(b.at, now)
	epoch, seq := s.set.Position()
	switch {
	case b.epoch > epoch || b.epoch == epoch && b.seq > seq:
		s.gap()
		return nil
	case b.epoch < epoch || b.seq < seq || s.behind:
		return nil // it says nothing of what we know; when none comes that does, the stream is cut off
	}
	s.prove(made)
	s.cut.Reset(max(cutAfter-made.until(now), 0))
	s.good = true
	s.connect()
	return nil
}

// wrote notes when the request was written
func (s *stream) wrote() {
	now := s.clock.moment(s.clock.now())
	s.asked.Store(&now)
}

// gap notes that entries are missing
func (s *stream) gap() {
	if !s.behind {
		s.metrics.add(countFeedGaps)
	}
	s.behind = true
}

// made is when the issuer made a heartbeat, by our clocks. It is not younger than it came and not older than we asked: the
// first heartbeat of a stream was made after we had asked for it. By this much the clocks differ, or less; so a heartbeat that
// comes late is known to be old, though the clocks may differ by any time.
func (s *stream) made(at int64, now moment) moment {
	theirs := moment{wall: at * 1000, mono: at * 1_000_000}
	if s.offset == nil {
		asked := s.asked.Load()
		s.offset = &moment{wall: asked.wall - theirs.wall, mono: asked.mono - theirs.mono}
	}
	s.offset.wall = min(s.offset.wall, now.wall-theirs.wall)
	s.offset.mono = min(s.offset.mono, now.mono-theirs.mono)
	return moment{wall: theirs.wall + s.offset.wall, mono: theirs.mono + s.offset.mono}
}

// catchUp merges a snapshot, unless the last one was just had; then one of the next events does
func (s *stream) catchUp(ctx context.Context) error {
	now := s.clock.now()
	if !s.snapped.IsZero() && elapsed(s.snapped, now) < snapshotPause {
		return nil
	}
	s.snapped = now
	s.metrics.add(countFeedSnapshots)
	answer, err := s.get(ctx, snapshotPath, "")
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	defer answer.Body.Close()
	defer context.AfterFunc(ctx, func() { _ = answer.Body.Close() })()
	if err := s.merge(progress{answer.Body, s.cut}); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	s.behind = false
	s.prove(s.clock.moment(now)) // it was made after it was asked for
	s.cut.Reset(cutAfter)
	return nil
}
