package feed

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
	"github.com/handstamp/handstamp/bench/page"
	tokens "github.com/handstamp/handstamp/bench/verification"
	"github.com/handstamp/handstamp/verify"
)

// shown is how many tokens are shown again and again.
const shown = 1000

// Endings is what a verifier pays for sessions that have ended.
type Endings struct {
	Count   int
	Memory  float64     // MB
	Without page.Spread // ns for a token seen before, where no feed is followed
	With    page.Spread // ns where a feed is, and so many have ended
	Added   page.Spread // ns, each the difference within a round
	Allocs  float64     // of a token seen before, with the feed; the median of the rounds
}

// MeasureEndings lets a verifier follow a feed on which so many sessions have ended, and shows it
// tokens of others.
func MeasureEndings(ctx context.Context, count int, plan tokens.Plan) (e Endings, err error) {
	e.Count = count
	pool, err := tokens.NewPool(mint.ES256, shown)
	if err != nil {
		return e, err
	}
	config := verify.Config{
		Issuer: mint.Issuer, Audience: mint.Audience, Logger: slog.New(slog.DiscardHandler),
		HTTPClient: &http.Client{Transport: issuerOf{pool.Trust, count}},
	}
	plain, err := verify.New(ctx, config)
	if err != nil {
		return e, err
	}
	defer plain.Close()
	before := heap()
	config.ServiceKey = "hsk_bench"
	follows, err := verify.New(ctx, config)
	if err != nil {
		return e, err
	}
	defer follows.Close()
	for end := time.Now().Add(timeout); follows.Status().Feed.Age < 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return e, fmt.Errorf("no snapshot in %v: %v", timeout, follows.Status().Feed.Error)
		}
	}
	e.Memory = float64(heap()-before) / 1e6
	series, err := plan.Run(
		[]tokens.Case{again("without a feed", plain, pool.Tokens), again("with a feed", follows, pool.Tokens)},
	)
	if err != nil {
		return e, err
	}
	e.compare(series[0].Samples, series[1].Samples)
	return e, nil
}

// compare fills in what rounds with and without a feed say.
func (e *Endings) compare(without, with []tokens.Sample) {
	var a, b, added, allocs []float64
	for i := range with {
		a, b = append(a, without[i].Nanos), append(b, with[i].Nanos)
		added = append(added, with[i].Nanos-without[i].Nanos)
		allocs = append(allocs, with[i].Allocs)
	}
	e.Without, e.With, e.Added = page.SpreadOf(a), page.SpreadOf(b), page.SpreadOf(added)
	e.Allocs = page.SpreadOf(allocs).Median
}

// again shows tokens that were seen before, as copies, in an order that no processor foresees.
func again(name string, v *verify.Verifier, all []string) tokens.Case {
	ctx := context.Background()
	copies := make([]string, len(all))
	for i, token := range all {
		copies[i] = strings.Clone(token)
	}
	work := func(from, n int) error {
		for i := from; i < from+n; i++ {
			if _, err := v.Verify(ctx, copies[uint32(i)*2654435761%uint32(len(copies))]); err != nil {
				return err
			}
		}
		return nil
	}
	return tokens.Case{Group: "endings", Name: name, Goroutines: 1, Prepare: func() (tokens.Work, func(), error) {
		return work, nil, work(0, 4*len(copies)) // every token has been seen
	}}
}

// heap is how much memory is in use, in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// issuerOf answers a verifier in an issuer's place: keys, a snapshot of sessions that have ended,
// and heartbeats.
type issuerOf struct {
	trust *mint.Trust
	ended int
}

// RoundTrip answers.
func (i issuerOf) RoundTrip(r *http.Request) (*http.Response, error) {
	from, to := io.Pipe()
	media := "application/json"
	var write func() error
	switch r.URL.Path {
	case "/.well-known/oauth-authorization-server":
		write = func() error {
			_, err := fmt.Fprintf(to, `{"issuer":%q,"jwks_uri":%q}`, mint.Issuer, mint.Issuer+"/keys")
			return err
		}
	case "/keys":
		write = func() error { _, err := to.Write(i.trust.JWKS()); return err }
	case "/v1/revocations":
		write = func() error { return i.snapshot(to) }
	case "/v1/revocations/stream":
		media = "text/event-stream"
		write = func() error { return i.stream(r, to) }
	default:
		return nil, fmt.Errorf("nothing is at %s", r.URL.Path)
	}
	go func() { to.CloseWithError(write()) }()
	return &http.Response{
		StatusCode:    http.StatusOK,
		Header:        http.Header{"Content-Type": {media}},
		Body:          from,
		ContentLength: -1,
		Request:       r,
	}, nil
}

// snapshot writes all that has ended.
func (i issuerOf) snapshot(to io.Writer) error {
	expires, id := time.Now().Add(time.Hour).Unix(), make([]byte, 16)
	b := fmt.Appendf(nil, `{"epoch":1000,"seq":%d,"at":1,"max_staleness":5,"entries":[`, i.ended)
	for n := range i.ended {
		if n > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"epoch":1000,"seq":`...), int64(n+1), 10)
		b = strconv.AppendInt(append(b, `,"prev":`...), int64(n), 10)
		binary.LittleEndian.PutUint64(id, rand.Uint64())
		binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
		b = base64.RawURLEncoding.AppendEncode(append(b, `,"at":1,"kind":"session","id":"`...), id)
		b = append(strconv.AppendInt(append(b, `","not_before":0,"expires":`...), expires, 10), '}')
		if len(b) < 32<<10 {
			continue
		}
		if _, err := to.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	_, err := to.Write(append(b, "]}"...))
	return err
}

// stream sends who is new for a snapshot, and heartbeats as a server does.
func (i issuerOf) stream(r *http.Request, to io.Writer) (err error) {
	if r.Header.Get("Last-Event-ID") == "" {
		_, err = fmt.Fprintf(to, "event: reset\ndata: {\"epoch\":1000,\"seq\":%d}\n\n", i.ended)
	}
	for err == nil && r.Context().Err() == nil {
		_, err = fmt.Fprintf(
			to,
			"event: heartbeat\ndata: {\"epoch\":1000,\"seq\":%d,\"at\":%d}\n\n", i.ended, time.Now().UnixMilli(),
		)
		select {
		case <-r.Context().Done():
		case <-time.After(2 * time.Second):
		}
	}
	return err
}
