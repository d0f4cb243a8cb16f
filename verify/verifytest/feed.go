package verifytest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
	"github.com/handstamp/handstamp/verify"
)

// epoch is that of an issuer's log.
const epoch = 1

// heartbeatEvery is how often a stream proves itself.
const heartbeatEvery = 2 * time.Second

// CutFeed cuts all verifiers off from what ends: they do not hear of it until RestoreFeed. Those of
// Config and Verifier know so at once, and are as stale as can be; those that follow the feed by
// HTTP learn of it within 5 s. The issuer can still be asked about tokens.
//
//	iss := verifytest.NewIssuer(t)
//	h := iss.Verifier(t).Require(handler, verify.MaxStaleness(5*time.Second, verify.Refuse))
//	iss.CutFeed()
//	h.ServeHTTP(w, iss.Request("GET", "/")) // 503
func (iss *Issuer) CutFeed() {
	iss.change(func() { iss.cut = true })
}

// RestoreFeed ends what CutFeed began: verifiers hear of all that ended meanwhile.
func (iss *Issuer) RestoreFeed() {
	iss.t.Helper()
	iss.change(func() {
		iss.cut = false
		_, seq := iss.revoked.Position()
		for _, e := range iss.log[seq:] {
			iss.apply(iss.revoked, e)
		}
	})
}

// FeedIsCut reports whether verifiers hear of nothing at the moment.
func (iss *Issuer) FeedIsCut() bool {
	iss.mu.Lock()
	defer iss.mu.Unlock()
	return iss.cut
}

// end writes one ending.
func (iss *Issuer) end(e revoked.Entry) {
	iss.t.Helper()
	iss.change(func() {
		now, seq := iss.Now(), int64(len(iss.log))
		e.Epoch, e.Prev, e.Seq = epoch, seq, seq+1
		e.At, e.Expires = now.UnixMilli(), now.Add(17*time.Minute).Unix()
		iss.log = append(iss.log, e)
		iss.apply(iss.ended, e)
		if !iss.cut {
			iss.apply(iss.revoked, e)
		}
	})
}

// change does f, and wakes streams.
func (iss *Issuer) change(f func()) {
	iss.mu.Lock()
	defer iss.mu.Unlock()
	f()
	close(iss.changed)
	iss.changed = make(chan struct{})
}

// apply adds an ending to a set.
func (iss *Issuer) apply(set *revoked.Set, e revoked.Entry) {
	iss.t.Helper()
	if err := set.Apply(e); err != nil {
		iss.t.Error(err)
	}
}

// since returns what ended after a place of the log, whether the feed is cut, and what is closed
// at the next change.
func (iss *Issuer) since(seq int64) (entries []revoked.Entry, cut bool, changed <-chan struct{}) {
	iss.mu.Lock()
	defer iss.mu.Unlock()
	return iss.log[seq:len(iss.log):len(iss.log)], iss.cut, iss.changed
}

// serveSnapshot answers with all that ended.
func (iss *Issuer) serveSnapshot(w http.ResponseWriter) {
	entries, cut, _ := iss.since(0)
	if cut {
		http.Error(w, "cut off", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(
		w,
		`{"epoch":%d,"seq":%d,"at":%d,"max_staleness":5,"entries":[`,
		epoch,
		len(entries),
		iss.Now().UnixMilli(),
	)
	for i, e := range entries {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprintf(w, "%s", entryJSON(e))
	}
	fmt.Fprint(w, "]}")
}

// serveStream sends what ends, as it ends.
func (iss *Issuer) serveStream(w http.ResponseWriter, r *http.Request) {
	if iss.FeedIsCut() {
		http.Error(w, "cut off", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	var seq int64
	place, known := fmt.Sprint(epoch)+".", false
	if last := r.Header.Get("Last-Event-ID"); len(last) > len(place) && last[:len(place)] == place {
		var err error
		seq, err = strconv.ParseInt(last[len(place):], 10, 64)
		all, _, _ := iss.since(0)
		known = err == nil && 0 <= seq && seq <= int64(len(all))
	}
	if !known {
		all, _, _ := iss.since(0)
		seq = int64(len(all))
		fmt.Fprintf(w, "event: reset\ndata: {\"epoch\":%d,\"seq\":%d}\n\n", epoch, seq)
	}
	heartbeat := time.NewTicker(heartbeatEvery)
	defer heartbeat.Stop()
	for due := true; ; {
		entries, cut, changed := iss.since(seq)
		if cut {
			return
		}
		for _, e := range entries {
			fmt.Fprintf(w, "event: revoke\nid: %d.%d\ndata: %s\n\n", e.Epoch, e.Seq, entryJSON(e))
			seq = e.Seq
		}
		if due {
			fmt.Fprintf(
				w,
				"event: heartbeat\ndata: {\"epoch\":%d,\"seq\":%d,\"at\":%d}\n\n",
				epoch,
				seq,
				iss.Now().UnixMilli(),
			)
		}
		if flusher.Flush() != nil {
			return
		}
		select {
		case <-changed:
			due = false
		case <-heartbeat.C:
			due = true
		case <-r.Context().Done():
			return
		}
	}
}

// entryJSON is an entry as it is sent.
func entryJSON(e revoked.Entry) []byte {
	o := jose.NewWriter(192)
	o.Int("epoch", e.Epoch)
	o.Int("seq", e.Seq)
	o.Int("prev", e.Prev)
	o.Int("at", e.At)
	o.String("kind", string(e.Kind))
	o.String("id", e.ID)
	o.Int("not_before", e.NotBefore)
	o.Int("expires", e.Expires)
	return o.Close()
}

// serveIntrospection says whether a token is active (RFC 7662 §2).
func (iss *Issuer) serveIntrospection(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST", http.StatusMethodNotAllowed)
		return
	}
	config := iss.Config()
	config.Keys, config.CacheBytes = truth{iss: iss}, -1
	v, err := verify.New(r.Context(), config)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer v.Close()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	s, err := v.Verify(context.Background(), r.PostFormValue("token"))
	if err != nil {
		if _, refused := errors.AsType[*verify.Error](err); refused {
			fmt.Fprint(w, `{"active":false}`)
		}
		return
	}
	o := jose.NewWriter(128)
	o.Raw("active", "true")
	o.String("sub", s.Subject)
	o.String("sid", s.ID)
	_, _ = w.Write(o.Close())
}

// truth is what the issuer knows, whether or not the feed is cut.
type truth struct {
	verify.KeySource
	iss *Issuer
}

// Keys are the issuer's.
func (t truth) Keys() *jose.KeySet { return t.iss.Keys() }

// Revoked is all that ended.
func (t truth) Revoked() *revoked.Set { return t.iss.ended }
