package verify_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/verify"
)

// TestIntrospect asks as often as it must, and no more.
func TestIntrospect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		v := following(t, s)
		always := v.Require(hello, verify.MaxStaleness(0, verify.Introspect))
		seldom := v.Require(hello, verify.MaxStaleness(10*time.Second, verify.Introspect))
		token := sessionToken("a")
		times := func(h http.Handler, n, want int) {
			t.Helper()
			before := s.questions()
			for range n {
				routes{"it": h}.want(t, token, map[string]int{"it": 200})
			}
			if got := s.questions() - before; got != want {
				t.Errorf("%d requests made %d questions, want %d", n, got, want)
			}
		}
		times(always, 3, 3)
		times(seldom, 3, 0) // by the feed
		s.change(func() {
			s.answer = func(r *http.Request) *http.Response {
				if r.Method == http.MethodGet {
					return down(r)
				}
				return nil
			}
		})
		s.cutStreams()
		time.Sleep(11 * time.Second)
		times(seldom, 3, 1) // and then by what was answered
		time.Sleep(9 * time.Second)
		times(seldom, 3, 0)
		time.Sleep(2 * time.Second)
		times(seldom, 3, 1)
		token = sessionToken(strings.Repeat("b", 700)) // a long one
		times(seldom, 3, 1)
		s.change(func() {
			s.active = func(token string) (*http.Response, error) {
				return answerOf(200, http.Header{"Content-Type": {"application/json"}}, `{"active":false}`), nil
			}
		})
		routes{"always": always, "seldom": seldom}.want(t, token, map[string]int{"always": 401, "seldom": 200})
		if s.asked[len(s.asked)-1] != token {
			t.Error("the question was about another token")
		}
	})
}

// TestIntrospectAnswers takes nothing but a clear yes for one, and waits for none longer than 2 s.
func TestIntrospectAnswers(t *testing.T) {
	asJSON := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for name, test := range map[string]struct {
		answer *http.Response
		err    error
		want   int
	}{
		"active":            {answer: answerOf(200, asJSON, `{"sub":"ada","active":true,"exp":1}`), want: 200},
		"not active":        {answer: answerOf(200, asJSON, `{"active":false}`), want: 401},
		"says nothing":      {answer: answerOf(200, asJSON, `{}`), want: 503},
		"says it as text":   {answer: answerOf(200, asJSON, `{"active":"true"}`), want: 503},
		"says both":         {answer: answerOf(200, asJSON, `{"active":true,"active":false}`), want: 503},
		"by another name":   {answer: answerOf(200, asJSON, `{"Active":true}`), want: 503},
		"and then more":     {answer: answerOf(200, asJSON, `{"active":true}{"active":false}`), want: 503},
		"a page":            {answer: answerOf(200, http.Header{"Content-Type": {"text/html"}}, `{"active":true}`), want: 503},
		"nothing":           {answer: answerOf(200, asJSON, ``), want: 503},
		"very much":         {answer: answerOf(200, asJSON, `{"active":true`+strings.Repeat(" ", 64<<10)+`}`), want: 503},
		"does not know us":  {answer: answerOf(401, asJSON, `{"active":true}`), want: 503},
		"is busy":           {answer: answerOf(503, asJSON, `{"active":true}`), want: 503},
		"is elsewhere":      {answer: answerOf(307, http.Header{"Location": {"https://evil.example/"}}, ``), want: 503},
		"cannot be reached": {err: errors.New("no route to host"), want: 503},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFeedServer()
				s.active = func(string) (*http.Response, error) { return test.answer, test.err }
				v := following(t, s)
				w := ask(
					v.Require(hello, verify.MaxStaleness(0, verify.Introspect)),
					"GET",
					"/",
					"Authorization",
					"Bearer "+sessionToken("a"),
				)
				if w.Code != test.want || s.questions() != 1 {
					t.Errorf(
						"answer = %d %s after %d questions, want %d after one",
						w.Code,
						w.Body,
						s.questions(),
						test.want,
					)
				}
			})
		})
	}
}

// TestIntrospectSlow keeps no request longer than 2 s, however many there are, and asks at most 16
// at once.
func TestIntrospectSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		at, most := 0, 0
		s.active = func(string) (*http.Response, error) {
			s.change(func() { at++; most = max(most, at) })
			time.Sleep(time.Hour)
			s.change(func() { at-- })
			return nil, errors.New("late")
		}
		s.answer = func(r *http.Request) *http.Response {
			if r.URL.Path != "/oauth2/introspect" {
				return nil
			}
			s.change(func() { at++; most = max(most, at) })
			<-r.Context().Done() // as a transport does
			s.change(func() { at-- })
			return answerOf(200, nil, "")
		}
		var log logtest.Log
		c := s.config()
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		v := mustNew(t, c)
		h := v.Require(hello, verify.MaxStaleness(0, verify.Introspect))
		token, start := sessionToken("a"), time.Now()
		var requests sync.WaitGroup
		for range 100 {
			requests.Go(func() { routes{"it": h}.want(t, token, map[string]int{"it": 503}) })
		}
		requests.Wait()
		if took := time.Since(start); took > 2*time.Second || most != 16 {
			t.Errorf("100 requests took %v and %d questions at once, want 2 s and 16", took, most)
		}
		if n := strings.Count(log.String(), "cannot be asked"); n != 1 {
			t.Errorf("%d warnings, want one:\n%s", n, &log)
		}
	})
}

// TestLongLives refuses a token that lives longer than endings are kept, where there are endings.
func TestLongLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		v := following(t, s)
		c := testConfig()
		c.Now = nil
		without := mustNew(t, c)
		living := func(d time.Duration) string {
			iat := time.Now().Unix()
			return forge(
				goodHeader("ES256"),
				goodClaims().with("iat", fmt.Sprint(iat)).with("exp", fmt.Sprint(iat+int64(d/time.Second))),
			)
		}
		check(t, v, living(15*time.Minute), "")
		check(t, v, living(15*time.Minute+time.Second), verify.CodeInvalidToken)
		check(t, without, living(24*time.Hour), "")
	})
}

// TestEndingsExpire drops what can refuse nothing any more, and nothing before.
func TestEndingsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFeedServer()
		v := following(t, s)
		s.end("a", "b")
		waitIdle()
		time.Sleep(17 * time.Minute)
		if n := v.Status().Endings; n != 2 {
			t.Errorf("%d endings after 17 min, want both", n)
		}
		time.Sleep(4 * time.Minute)
		if n := v.Status().Endings; n != 0 {
			t.Errorf("%d endings after 21 min, want none", n)
		}
	})
}
