package verify_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// TestIssuerDownAtStart answers 503 until keys arrive, and does not fail to start.
func TestIssuerDownAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		p.down = errors.New("connection refused")
		v := mustNew(t, p.config())
		h := v.Require(hello)
		w := ask(h, "GET", "/", "Authorization", "Bearer "+p.token(), "Sec-Fetch-Mode", "navigate")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" ||
			!strings.Contains(w.Body.String(), "keys_unavailable") {
			t.Errorf("answer = %d %s, want 503 with Retry-After", w.Code, w.Body)
		}
		if s := v.Status(); s.KeysError == nil || len(s.KeyIDs) != 0 {
			t.Errorf("Status = %+v, want the error", s)
		}
		p.change(func() { p.down = nil })
		time.Sleep(90 * time.Second) // beyond the longest pause between two attempts
		check(t, v, p.token(), "")
	})
}

// TestIssuerDownLater keeps the keys for MaxKeyAge, and not a moment longer (JV-26).
func TestIssuerDownLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		check(t, v, p.token(), "")
		last := v.Status().KeysFetched
		p.change(func() { p.down = errors.New("no route to host") })
		time.Sleep(23*time.Hour + 54*time.Minute)
		check(t, v, p.token(), "")
		check(t, v, strings.Replace(p.token(), ".", ".A", 1), verify.CodeInvalidToken)
		time.Sleep(24*time.Hour - time.Since(last))
		check(t, v, p.token(), "")
		time.Sleep(time.Second)
		check(t, v, p.token(), verify.CodeKeysUnavailable)
		p.change(func() { p.down = nil })
		time.Sleep(90 * time.Second)
		check(t, v, p.token(), "")
	})
}

// TestMaxKeyAge is shorter where a service wants it so.
func TestMaxKeyAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		c := p.config()
		c.MaxKeyAge = 10 * time.Minute
		v := mustNew(t, c)
		check(t, v, p.token(), "")
		p.change(func() { p.down = errors.New("no route to host") })
		time.Sleep(5 * time.Minute)
		check(t, v, p.token(), "")
		time.Sleep(5*time.Minute + time.Second)
		check(t, v, p.token(), verify.CodeKeysUnavailable)
	})
}

// TestSlowIssuer makes no request wait longer than 2 s.
func TestSlowIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPublisher(t)
		v := mustNew(t, p.config())
		check(t, v, p.token(), "")
		p.change(func() { p.delay = time.Hour })
		p.add(t)
		start := time.Now()
		check(t, v, p.token(), verify.CodeInvalidToken)
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("the request waited %v, want 2 s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if _, err := v.Verify(ctx, p.token()); err == nil || time.Since(start) != time.Second {
			t.Errorf("the request waited %v, want the 1 s that its context gave it", time.Since(start))
		}
	})
}
