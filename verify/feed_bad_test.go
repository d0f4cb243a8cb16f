package verify_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// TestBadFeed lists what a feed may send. None of it lets anything in, and all of it makes the
// stream be opened anew.
func TestBadFeed(t *testing.T) {
	entry := `{"epoch":1000,"seq":1,"prev":0,"at":1,"kind":"session","id":"x","not_before":0,"expires":4000000000}`
	with := func(old, new string) string {
		return "event: revoke\nid: 1000.1\ndata: " + strings.Replace(entry, old, new, 1) + "\n\n"
	}
	for name, text := range map[string]string{
		"garbage":                      "garbage\n\n",
		"a page":                       "<html>\n\n",
		"a long line":                  ": " + strings.Repeat("x", 8<<10) + "\n\n",
		"a long line without end":      strings.Repeat("x", 1<<20),
		"an event without data":        "event: heartbeat\n\n",
		"two data":                     "event: heartbeat\ndata: {\ndata: }\n\n",
		"two events":                   "event: heartbeat\nevent: reset\ndata: {}\n\n",
		"a NUL":                        "event: heartbeat\ndata: \x00\n\n",
		"CR in a line":                 "event: heartbeat\rdata: {}\n\n",
		"no UTF-8":                     "event: heartbeat\ndata: \xff\n\n",
		"a heartbeat that is no JSON":  "event: heartbeat\ndata: now\n\n",
		"a heartbeat without seq":      "event: heartbeat\ndata: {\"epoch\":1000,\"at\":1}\n\n",
		"a heartbeat with two seqs":    "event: heartbeat\ndata: {\"epoch\":1000,\"seq\":0,\"seq\":1}\n\n",
		"a heartbeat in fractions":     "event: heartbeat\ndata: {\"epoch\":1000,\"seq\":0.5,\"at\":1}\n\n",
		"a heartbeat before the start": "event: heartbeat\ndata: {\"epoch\":1000,\"seq\":-1,\"at\":1}\n\n",
		"a reset without epoch":        "event: reset\ndata: {\"seq\":1}\n\n",
		"an entry without id":          with(`"id":"x",`, ""),
		"an entry without kind":        with(`"kind":"session",`, ""),
		"an entry without prev":        with(`"prev":0,`, ""),
		"an entry with a null id":      with(`"x"`, "null"),
		"an entry with an empty id":    with(`"x"`, `""`),
		"an entry of another kind":     with(`"session"`, `"tenant"`),
		"an entry by another name":     with(`"kind"`, `"Kind"`),
		"an entry under another id":    "event: revoke\nid: 1000.2\ndata: " + entry + "\n\n",
		"an entry under no id":         "event: revoke\ndata: " + entry + "\n\n",
		"an entry twice in one":        with(entry, entry+entry),
		"an entry of an older log":     strings.Replace(with(`"epoch":1000`, `"epoch":999`), "id: 1000", "id: 999", 1),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFeedServer()
				s.stream = func(c *connection) {
					c.begin()
					c.raw("%s", text)
					<-c.request.Context().Done()
				}
				v := mustNew(t, s.config())
				waitIdle()
				if feed := v.Status().Feed; feed.Connected || feed.Error == nil || feed.Seq != 0 || feed.Epoch != 1000 {
					t.Errorf("Status().Feed = %+v, want that nothing was taken", feed)
				}
				time.Sleep(time.Second)
				if _, n := s.last(); n < 2 {
					t.Errorf("%d streams after a second, want another", n)
				}
				s.change(func() { s.stream = nil })
				s.end("a")
				time.Sleep(6 * time.Second)
				wantCode(t, v, sessionToken("a"), verify.CodeInvalidToken)
				wantCode(t, v, sessionToken("b"), "")
			})
		})
	}
}

// TestBadSnapshots lists what may come in place of a snapshot. Nothing of it is taken for one.
func TestBadSnapshots(t *testing.T) {
	good := snapshotJSON(1000, 1, nil)
	for name, body := range map[string]string{
		"nothing":            "",
		"a page":             "<html>",
		"half":               good[:len(good)-2],
		"more":               good + "{}",
		"without seq":        strings.Replace(good, `"seq":1,`, "", 1),
		"without entries":    strings.Replace(good, `,"entries":[]`, "", 1),
		"entries twice":      strings.Replace(good, `"entries":[]`, `"entries":[],"entries":[]`, 1),
		"seq twice":          strings.Replace(good, `"seq":1`, `"seq":1,"seq":2`, 1),
		"seq as text":        strings.Replace(good, `"seq":1`, `"seq":"1"`, 1),
		"entries as object":  strings.Replace(good, `[]`, `{}`, 1),
		"a number as entry":  strings.Replace(good, `[]`, `[1]`, 1),
		"a comma too many":   strings.Replace(good, `[]`, `[,]`, 1),
		"a long value":       strings.Replace(good, `"seq":1`, `"x":"`+strings.Repeat("x", 9<<10)+`","seq":1`, 1),
		"a name without end": `{"` + strings.Repeat("x", 1<<20),
		"no UTF-8":           strings.Replace(good, `"seq":1`, "\"x\":\"\xff\",\"seq\":1", 1),
		"deep":               strings.Replace(good, `"seq":1`, `"x":`+strings.Repeat("[", 17)+strings.Repeat("]", 17)+`,"seq":1`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFeedServer()
				s.answer = func(r *http.Request) *http.Response {
					if r.URL.Path == "/v1/revocations" {
						return answerOf(http.StatusOK, nil, body)
					}
					return nil
				}
				v := mustNew(t, s.config())
				newRoutes(v).want(t, sessionToken("a"), map[string]int{"usual": 503, "refuse": 503})
				if feed := v.Status().Feed; feed.Epoch != 0 || feed.Error == nil ||
					!strings.HasPrefix(feed.Error.Error(), "snapshot: ") {
					t.Errorf("Status().Feed = %+v, want a snapshot that was refused", feed)
				}
				s.change(func() { s.answer = nil })
				time.Sleep(6 * time.Second)
				wantCode(t, v, sessionToken("a"), "")
			})
		})
	}
}

// TestGoodSnapshots takes a snapshot in any order of its members, with some that we do not know,
// and with blanks.
func TestGoodSnapshots(t *testing.T) {
	entry := `{"epoch":7,"seq":3,"prev":2,"at":1,"kind":"session","id":"a\u0022b","not_before":0,"expires":4000000000,"new":[{"x":"}]"}]}`
	for name, body := range map[string]string{
		"ours":          fmt.Sprintf(`{"epoch":1000,"seq":5,"at":1,"max_staleness":5,"entries":[%s]}`, entry),
		"entries first": fmt.Sprintf(`{"entries":[%s,%s],"at":1,"seq":5,"epoch":1000}`, entry, entry),
		"blanks": fmt.Sprintf("\n{ \"epoch\" : 1000 , \"seq\":5\r\n,\"at\":1,\t\"more\":{\"x\":"+
			"[1,-2.5e3,true,null,\"\\\\\"]},\"entries\":[ %s ] } \n", entry),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFeedServer()
				s.stream = func(c *connection) {
					c.raw("event: reset\ndata: {\"epoch\":1000,\"seq\":5}\n\n")
					heartbeats(c, 5)
				}
				s.answer = func(r *http.Request) *http.Response {
					if r.URL.Path == "/v1/revocations" {
						return answerOf(http.StatusOK, nil, body)
					}
					return nil
				}
				v := following(t, s)
				check(t, v, sessionToken(`a"b`), verify.CodeInvalidToken)
				check(t, v, sessionToken("b"), "")
				if feed := v.Status().Feed; feed.Epoch != 1000 || feed.Seq != 5 || v.Status().Endings != 1 {
					t.Errorf("Status().Feed = %+v, want position 1000.5", feed)
				}
			})
		})
	}
}
