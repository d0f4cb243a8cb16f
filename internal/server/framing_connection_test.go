package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// TestFramingEndsConnection sends two requests at once, the first of which two readers could cut
// off in different places, and gets one answer and the end of the connection. standards ER-07
func TestFramingEndsConnection(t *testing.T) {
	s := handstamptest.Start(t, handstamptest.Options{})
	address := strings.TrimPrefix(s.Local, "http://")
	const get = "GET /v1/user HTTP/1.1\r\nHost: HOST\r\n"
	const post = "POST /v1/session HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\n"
	const chunks, json = "2\r\n{}\r\n0\r\n\r\n", "{}"
	for _, tt := range []struct {
		name, first string
		answers     []int // the status of each; a last 0: the connection stays open
	}{
		{"in order", post + "Content-Length: 2\r\n\r\n" + json, []int{400, 401, 0}},
		{"length and chunks", post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, []int{400}},
		{"chunks and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 12\r\n\r\n" + chunks, []int{400}},
		{"a tab before chunked", post + "Transfer-Encoding:\tchunked\r\n\r\n" + chunks, []int{400}},
		{"a folded coding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n" + chunks, []int{400}},
		{"chunks", post + "Transfer-Encoding: chunked\r\n\r\n" + chunks, []int{400}},
		{"chunks that are not", post + "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n", []int{400}},
		{"a header without CR", get + "X: y\nContent-Length: 5\r\n\r\n", []int{400}},
		{"a head without CR", strings.ReplaceAll(get, "\r", "") + "\n", []int{400}},
		{"an empty line without CR", get + "\n", []int{400}},
		{"two lengths", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n" + json, []int{400}},
		{"chunks in HTTP/1.0", strings.Replace(post, "1.1", "1.0", 1) +
			"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, []int{400}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(2 * time.Second))
			if _, err := io.WriteString(conn, strings.ReplaceAll(tt.first+get+"\r\n", "HOST", address)); err != nil {
				t.Fatal(err)
			}
			read := bufio.NewReader(conn)
			for i, want := range tt.answers {
				if want == 0 {
					conn.SetDeadline(time.Now().Add(50 * time.Millisecond))
					if _, err := read.ReadByte(); err == nil || err == io.EOF {
						t.Errorf("the connection ended, or goes on (%v), want it open", err)
					}
					return
				}
				response, err := http.ReadResponse(read, nil)
				if err != nil {
					t.Fatalf("answer %d: %v", i, err)
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if response.StatusCode != want {
					t.Errorf("answer %d = %d, want %d", i, response.StatusCode, want)
				}
			}
			if b, err := read.ReadByte(); err != io.EOF {
				t.Errorf("after the answer: %q, %v, want the end of the connection", b, err)
			}
		})
	}
}
