package feed

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
	"github.com/handstamp/handstamp/verify/internal/clock"
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

// StatusError is the status of an answer that is none.
type StatusError int

// Error is for logs.
func (e StatusError) Error() string { return fmt.Sprintf("the server answered %d", int(e)) }

// stream is one connection to the feed, while it lasts
type stream struct {
	*Feed
	cut  *time.Timer // ends it, unless it proves to be complete
	good bool        // it was proved once

	// The issuer's clock by ours: what to add to a time of its to have our two readings at that
	// time. It errs to the past, so that what is said to be this old is not older.
	asked  atomic.Pointer[clock.Moment] // when the request for the stream was last written; its heartbeats are younger
	offset *clock.Moment

	snapped time.Time // when a snapshot was last had on it
	behind  bool      // entries are missing, and there was no snapshot yet
}

// follow reads one stream until it ends, and reports whether it was ever complete
func (f *Feed) follow(ctx context.Context) (good bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &stream{Feed: f, cut: time.AfterFunc(MaxSilence, func() { cancel(errSilent) })}
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
	traced := httptrace.WithClientTrace(
		ctx,
		&httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { s.wrote() }},
	)
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
func (f *Feed) get(ctx context.Context, path, last string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Issuer+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Cache-Control", "no-store")
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	f.Key.Sign(request)
	answer, err := f.Client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close()
		return nil, StatusError(answer.StatusCode)
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
	now := s.Clock.Moment()
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
	s.cut.Reset(max(MaxSilence-made.Until(now), 0))
	s.good = true
	s.connect()
	return nil
}

// wrote notes when the request was written
func (s *stream) wrote() {
	now := s.Clock.Moment()
	s.asked.Store(&now)
}

// gap notes that entries are missing
func (s *stream) gap() {
	if !s.behind {
		s.Counts.Gaps.Add(1)
	}
	s.behind = true
}

// made is when the issuer made a heartbeat, by our clocks. It is not younger than it came and not
// older than we asked: the first heartbeat of a stream was made after we had asked for it. By this
// much the clocks differ, or less; so a heartbeat that comes late is known to be old, though the
// clocks may differ by any time.
func (s *stream) made(at int64, now clock.Moment) clock.Moment {
	theirs := clock.Moment{Wall: at * 1000, Mono: at * 1_000_000}
	if s.offset == nil {
		asked := s.asked.Load()
		s.offset = &clock.Moment{Wall: asked.Wall - theirs.Wall, Mono: asked.Mono - theirs.Mono}
	}
	s.offset.Wall = min(s.offset.Wall, now.Wall-theirs.Wall)
	s.offset.Mono = min(s.offset.Mono, now.Mono-theirs.Mono)
	return clock.Moment{Wall: theirs.Wall + s.offset.Wall, Mono: theirs.Mono + s.offset.Mono}
}

// catchUp merges a snapshot, unless the last one was just had; then one of the next events does
func (s *stream) catchUp(ctx context.Context) error {
	now := s.Clock.Now()
	if !s.snapped.IsZero() && clock.Elapsed(s.snapped, now) < snapshotPause {
		return nil
	}
	s.snapped = now
	s.Counts.Snapshots.Add(1)
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
	s.prove(s.Clock.At(now)) // it was made after it was asked for
	s.cut.Reset(MaxSilence)
	return nil
}
