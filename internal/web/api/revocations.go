package api

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/internal/web"
)

// How the feed is sent. docs/protocol.md §6
const (
	maxStaleness = 5               // seconds after which a verifier that hears nothing knows that it is cut off
	slowReader   = 5 * time.Second // how long one write may take before its reader is dropped
	piece        = 32 << 10        // bytes of a snapshot that are written at once
)

// revocations answers with everything that is in force, as the database says.
func (a *API) revocations(w http.ResponseWriter, r *http.Request) error {
	snapshot, err := a.Ended.Snapshot(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodHead {
		return nil
	}
	b := append(appendPlace(make([]byte, 0, piece+1024), snapshot.Place, snapshot.At), `,"max_staleness":`...)
	b = append(jose.AppendInt(b, maxStaleness), `,"entries":[`...)
	first := true
	for e := range snapshot.All() {
		if !first {
			b = append(b, ',')
		}
		first = false
		if b = appendEntry(b, e); len(b) >= piece {
			if _, err := w.Write(b); err != nil {
				return nil // the client is gone; there is nobody to answer
			}
			b = b[:0]
		}
	}
	w.Write(append(b, "]}"...))
	return nil
}

// revocationStream tells a verifier what ends, as it does, until one of the two goes away, the key
// is revoked, or the server is cut off from its database.
func (a *API) revocationStream(w http.ResponseWriter, r *http.Request) error {
	// What is no place in the log is none that the client could go on from: it takes a snapshot.
	after, _ := revocation.ParsePlace(r.Header.Get("Last-Event-ID"))
	ctx, done := a.Services.WatchKey(r.Context(), web.ServiceOf(r).ID)
	defer done()
	listener, err := a.Ended.Listen(ctx, after)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events back
	h.Set("Connection", "close")     // its time limits are no other request's
	if r.Method == http.MethodHead {
		return nil
	}
	to := events{w, http.NewResponseController(w), &a.frames}
	_ = listener.Run(ctx, to) // why it ends is nobody's concern but the log's, and that is told there
	return nil
}

// events writes a feed as server-sent events. https://html.spec.whatwg.org/#server-sent-events
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	frames  *atomic.Pointer[frames] // what was written last, by whichever stream
}

// frames are entries as events. All streams write the same ones at nearly the same time, so that
// the last are kept: a thousand streams then cost a thousand writes, and no memory each.
type frames struct {
	first, last revoked.Entry
	text        []byte // never changed
}

// Revoke writes an event for each entry, at once.
func (s events) Revoke(entries []revoked.Entry) error {
	first, last := entries[0], entries[len(entries)-1]
	if f := s.frames.Load(); f != nil && f.first == first && f.last == last {
		return s.send(f.text)
	}
	b := make([]byte, 0, 256*len(entries))
	for _, e := range entries {
		b = append(b, "event: revoke\nid: "...)
		b = append(jose.AppendInt(b, e.Epoch), '.')
		b = append(jose.AppendInt(b, e.Seq), "\ndata: "...)
		b = append(appendEntry(b, e), "\n\n"...)
	}
	s.frames.Store(&frames{first, last, b})
	return s.send(b)
}

// Heartbeat writes a heartbeat. It has no id: it is no place to go on from that an entry is not.
func (s events) Heartbeat(heartbeat revocation.Heartbeat) error {
	return s.send(append(appendPlace([]byte("event: heartbeat\ndata: "), heartbeat.Place, heartbeat.At), "}\n\n"...))
}

// Reset writes a reset.
func (s events) Reset(p revocation.Place) error {
	b := append(jose.AppendInt([]byte("event: reset\ndata: {\"epoch\":"), p.Epoch), `,"seq":`...)
	return s.send(append(jose.AppendInt(b, p.Seq), "}\n\n"...))
}

// send writes to a reader who may be slow, but not too slow.
func (s events) send(b []byte) error {
	// Fails in a server without time limits, such as a test's, which has none to lift.
	_ = s.control.SetWriteDeadline(time.Now().Add(slowReader))
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	return s.control.Flush()
}

// appendPlace begins an object that says how far it tells of the log.
func appendPlace(b []byte, p revocation.Place, at time.Time) []byte {
	b = jose.AppendInt(append(b, `{"epoch":`...), p.Epoch)
	b = jose.AppendInt(append(b, `,"seq":`...), p.Seq)
	return jose.AppendInt(append(b, `,"at":`...), at.UnixMilli())
}

// appendEntry writes an entry as revoked.Entry has it: by hand, because each is written once for
// every verifier there is.
func appendEntry(b []byte, e revoked.Entry) []byte {
	b = jose.AppendInt(append(b, `{"epoch":`...), e.Epoch)
	b = jose.AppendInt(append(b, `,"seq":`...), e.Seq)
	b = jose.AppendInt(append(b, `,"prev":`...), e.Prev)
	b = jose.AppendInt(append(b, `,"at":`...), e.At)
	b = jose.AppendString(append(b, `,"kind":`...), string(e.Kind))
	b = jose.AppendString(append(b, `,"id":`...), e.ID)
	b = jose.AppendInt(append(b, `,"not_before":`...), e.NotBefore)
	b = jose.AppendInt(append(b, `,"expires":`...), e.Expires)
	return append(b, '}')
}
