package web_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/web"
)

// TestPanic answers 500 for a handler that panics and says why in the log alone. An answer that has
// begun is cut off, so that nobody takes a part for the whole. standards LG-14
func TestPanic(t *testing.T) {
	site, err := web.NewSite("http://localhost:8787", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	middleware := web.NewMiddleware(site, nil, nil, slog.New(slog.NewTextHandler(&log, nil)))
	fails := func(pattern string, before string) web.Route {
		serve := func(w http.ResponseWriter, _ *http.Request) error {
			if before != "" {
				_, _ = w.Write([]byte(before))
			}
			panic("a detail for the log")
		}
		return web.Route{Pattern: pattern, Access: web.Anyone, CORS: web.NoCORS, Handler: web.NoBody(serve)}
	}
	routes := []web.Route{fails("GET /at-once", ""), fails("GET /half-way", "half")}
	handler, err := middleware.Handler(web.Surface{Root: "/", Refuse: web.RefuseProblem, Routes: routes})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (got *httptest.ResponseRecorder, caught any) {
		log.Reset()
		got = httptest.NewRecorder()
		defer func() { caught = recover() }()
		handler.ServeHTTP(got, httptest.NewRequest("GET", "http://localhost:8787"+path, nil))
		return got, nil
	}

	got, caught := get("/at-once")
	if got.Code != http.StatusInternalServerError || caught != nil {
		t.Errorf("GET /at-once = %d, panic %v, want 500 and none", got.Code, caught)
	}
	if strings.Contains(got.Body.String(), "detail") || !strings.Contains(got.Body.String(), `"code":"internal"`) {
		t.Errorf("GET /at-once = %s, want the code internal and no detail", got.Body)
	}
	wantLogged(t, &log)

	got, caught = get("/half-way")
	if err, _ := caught.(error); got.Body.String() != "half" || !errors.Is(err, http.ErrAbortHandler) {
		t.Errorf("GET /half-way = %q, panic %v, want half and http.ErrAbortHandler", got.Body, caught)
	}
	wantLogged(t, &log)
}

// wantLogged looks for the panic's value and its stack.
func wantLogged(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	if text := log.String(); !strings.Contains(text, "a detail for the log") || !strings.Contains(text, "TestPanic") {
		t.Errorf("the log is %q, want the panic and its stack", text)
	}
}
