package server

import (
	"strings"
	"testing"
)

// TestFraming takes heads as two readers see them alike, at whatever byte a read ends, and stops
// before the line by which they could not.
func TestFraming(t *testing.T) {
	const end = "\r\n\r\n"
	const get, post = "GET /a HTTP/1.1\r\nHost: x", "POST /a HTTP/1.1\r\nHost: x\r\n"
	chunks := post + "Transfer-Encoding: chunked" + end + "5\r\nhello\r\n0\r\n\r\n"
	long := strings.Repeat("a", 200)
	for _, tt := range []struct{ name, text, bad string }{
		{"two requests", get + end + get + end, ""},
		{"empty lines between", get + end + "\r\n\n\r\n" + get + end, ""},
		{"a body like a head", post + "Content-Length: 12" + end + "X: y\nA: b\n\n\n" + get + end, ""},
		{"an empty body", post + "Content-Length: 0" + end + get + end, ""},
		{"a length without white space", post + "content-length:3" + end + "a\nb" + get + end, ""},
		{"long lines", "GET /" + long + " HTTP/1.1\r\n" + long + ": \t" + long + end + get + end, ""},
		{"chunks", chunks + "what\never\n\n", ""},
		{"chunks, in capitals", post + "TRANSFER-ENCODING:CHUNKED" + end, ""},
		{"another coding, which net/http refuses", post + "Transfer-Encoding: gzip" + end, ""},
		{"an old request", "GET / HTTP/1.0" + end, ""},

		{"a line without CR", "GET /a HTTP/1.1\r\n", "Host: x\nX: y\r\n\r\n"},
		{"the first line without CR", "", "GET /a HTTP/1.1\nHost: x\r\n\r\n"},
		{"the last line without CR", get + "\r\n", "\nGET /b HTTP/1.1\r\n"},
		{"a value with a line without CR", get + "\r\n", "X: y\nContent-Length: 50\r\n\r\n"},
		{"a line without CR after a body", post + "Content-Length: 3" + end + "a\nb", "GET /b HTTP/1.1\n"},
		{"a folded line", get + "\r\n", " folded\r\n\r\n"},
		{"a folded coding", post + "Transfer-Encoding:\r\n", "\tchunked\r\n\r\n"},
		{"a tab before the coding", post, "Transfer-Encoding:\tchunked\r\n\r\n"},
		{"two blanks before the coding", post, "Transfer-Encoding:  chunked\r\n\r\n"},
		{"a blank after the coding", post, "Transfer-Encoding: chunked \r\n\r\n"},
		{"a form feed before the coding", post, "Transfer-Encoding: \fchunked\r\n\r\n"},
		{"a coding far to the right", post, "Transfer-Encoding: " + strings.Repeat(" ", 100) + "chunked\r\n\r\n"},
		{"length beside chunks", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "\r\n0\r\n\r\n"},
		{"chunks beside length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "\r\n0\r\n\r\n"},
		{"length beside another coding", post + "Content-Length: 5\r\nTransfer-Encoding: x\r\n", "\r\n"},
		{"two lengths", post + "Content-Length: 5\r\n", "Content-Length: 5\r\n\r\n"},
		{"a length that is none", post, "Content-Length: +5\r\n\r\n"},
		{"a length in a list", post, "Content-Length: 5, 5\r\n\r\n"},
		{"no length", post, "Content-Length:\r\n\r\n"},
		{"a length too large", post, "Content-Length: 9223372036854775808\r\n\r\n"},
		{"chunks in an old request", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", "\r\n0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := tt.text + tt.bad
			for cut := range all {
				var f framing
				good := f.take([]byte(all[:cut]))
				if good == cut {
					good += f.take([]byte(all[cut:]))
				}
				// A read may end within the line, whose beginning is passed on then.
				if good < len(tt.text) || tt.bad == "" && good != len(all) || tt.bad != "" && good >= len(all) {
					t.Fatalf("cut at %d: %q is in order, want %q", cut, all[:good], tt.text)
				}
				if cut <= len(tt.text) && good != len(tt.text) {
					t.Fatalf("cut at %d: %q is in order, want %q", cut, all[:good], tt.text)
				}
			}
		})
	}
}
