package peers

import (
	"bytes"
	"io"
	"net/http"

	"github.com/handstamp/handstamp/bench/mint"
)

// published is a client for which the issuer's key set is the answer to every request, so that
// libraries that insist on fetching need no network
func published(trust mint.Trust) *http.Client { return &http.Client{Transport: answer(trust.JWKS())} }

// answer carries no request anywhere
type answer []byte

// RoundTrip answers as a server with keys does.
func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		Status:        "200 OK",
		StatusCode:    http.StatusOK,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"public, max-age=3600"}},
		Body:          io.NopCloser(bytes.NewReader(a)),
		ContentLength: int64(len(a)),
		Request:       r,
	}, nil
}
