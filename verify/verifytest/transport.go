package verifytest

import (
	"errors"
	"io"
	"net/http"
)

// inMemory carries requests to a handler, and streams its answers back.
type inMemory struct{ handler http.Handler }

// RoundTrip lets the handler answer, in a goroutine that ends with the request.
func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	body, to := io.Pipe()
	w := &writer{header: http.Header{}, body: to, answer: make(chan *http.Response, 1)}
	go func() {
		m.handler.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		to.Close()
	}()
	select {
	case answer := <-w.answer:
		answer.Body, answer.Request = body, r
		return answer, nil
	case <-r.Context().Done():
		body.CloseWithError(errors.New("nobody reads"))
		return nil, r.Context().Err()
	}
}

// writer is where a handler in memory writes its answer.
type writer struct {
	header http.Header
	body   *io.PipeWriter
	answer chan *http.Response // gets the answer once; holds it
	wrote  bool
}

// Header is that of the answer, until it is written.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader begins the answer; later calls do nothing.
func (w *writer) WriteHeader(status int) {
	if w.wrote {
		return
	}
	w.wrote = true
	w.answer <- &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header.Clone(), ContentLength: -1,
	}
}

// Write sends a part of the body, and waits until it is read.
func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush begins the answer, if nothing was written yet.
func (w *writer) Flush() { w.WriteHeader(http.StatusOK) }
