package server

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"strconv"
)

// Front is the server for the public listener. It reads through framing.
type Front struct{ *http.Server }

// Serve answers on a listener until the server is shut down or closed.
func (f Front) Serve(l net.Listener) error { return f.Server.Serve(framed{l}) }

// framed is a listener whose connections refuse what a proxy in front of us and net/http could read
// differently, so that nothing of one request is taken for the next. net/http accepts a line that
// ends without CR, a length beside chunks, folded lines, and a tab before "chunked", and does not
// say that it has. RFC 9112 §2.2, §5.2, §6.1, standards ER-07
type framed struct{ net.Listener }

// Accept returns the next connection.
func (l framed) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &framedConn{Conn: c}, nil
}

// errFraming is the error of a request whose end two readers could see in different places.
var errFraming = errors.New("two readers could see the end of the request in different places")

// framedConn is a connection that ends where its framing is in doubt. net/http answers 400 and
// closes it; what follows is never read.
type framedConn struct {
	net.Conn
	scan framing
	err  error // nil: in order so far
}

// Read reads what comes next.
func (c *framedConn) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(p)
	good := c.scan.take(p[:n])
	if good == n {
		return n, err
	}
	c.err = errFraming
	return good, c.err
}

// CloseWrite ends what we write, as net/http does before it closes a connection of which it has not
// read everything: else the client would lose the answer.
func (c *framedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// framing follows the requests of a connection. The zero framing is at the beginning of one.
type framing struct {
	line    []byte // what matters of the line that is being read
	last    byte   // the last byte of it
	long    bool   // there is more of it than line has
	lines   int    // how many of the head were read
	length  int64  // what Content-Length says
	lengths int    // how often it was there
	chunked int    // how often Transfer-Encoding was there
	old     bool   // HTTP/1.0 or older
	body    int64  // bytes of a body that are still to come
	rest    bool   // what follows are chunks: the middleware has the connection end after them
}

// maxLine is how much of a line matters, in bytes: names and values that are longer say nothing of
// the framing.
const maxLine = 64

// take reads bytes, and returns how many are in order: all of them, or those before the first line
// that is not.
func (f *framing) take(p []byte) int {
	for at := 0; at < len(p); {
		rest := p[at:]
		switch {
		case f.rest:
			return len(p)
		case f.body > 0:
			skip := min(f.body, int64(len(rest)))
			f.body -= skip
			at += int(skip)
		case f.lines == 0 && len(f.line) == 0 && (rest[0] == '\r' || rest[0] == '\n'):
			at++ // an empty line before a request: RFC 9112 §2.2
		default:
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				f.add(rest)
				return len(p)
			}
			f.add(rest[:end])
			if !f.endLine() {
				return at
			}
			at += end + 1
		}
	}
	return len(p)
}

// add notes a part of a line. Of the first line the end matters, of others the beginning.
func (f *framing) add(part []byte) {
	if len(part) == 0 {
		return
	}
	f.last = part[len(part)-1]
	if f.lines == 0 {
		f.line = append(f.line, part[max(0, len(part)-maxLine):]...)
		f.line = append(f.line[:0], f.line[max(0, len(f.line)-maxLine):]...)
		return
	}
	kept := min(len(part), maxLine-len(f.line))
	f.line, f.long = append(f.line, part[:kept]...), f.long || kept < len(part)
}

// endLine reads a line that is complete, and reports whether it is in order.
func (f *framing) endLine() bool {
	line, ended := f.line, f.last == '\r'
	first, long := f.lines == 0, f.long
	f.line, f.last, f.long = f.line[:0], 0, false
	f.lines++
	switch {
	case !ended: // RFC 9112 §2.2
		return false
	case first:
		f.old = !bytes.HasSuffix(line, []byte(" HTTP/1.1\r"))
		return true
	case len(line) == 1:
		return f.endHead()
	case line[0] == ' ' || line[0] == '\t': // RFC 9112 §5.2
		return false
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		return !long && f.readLength(bytes.TrimSpace(value))
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		return !long && f.readCoding(value)
	}
	return true
}

// readLength reads the value of Content-Length.
func (f *framing) readLength(value []byte) bool {
	n, err := strconv.ParseUint(string(value), 10, 63)
	f.length = int64(n)
	f.lengths++
	return err == nil && f.lengths == 1
}

// readCoding reads the value of Transfer-Encoding, with the CR that ends its line. Other codings
// are net/http's to refuse.
func (f *framing) readCoding(value []byte) bool {
	f.chunked++
	coding := bytes.TrimSpace(value)
	plain := bytes.TrimPrefix(bytes.TrimSuffix(value, []byte("\r")), []byte(" "))
	return !bytes.EqualFold(coding, []byte("chunked")) || bytes.Equal(plain, coding)
}

// endHead reads the end of a head, and reports whether it is clear where the request ends.
func (f *framing) endHead() bool {
	sure := f.chunked == 0 || f.lengths == 0 && !f.old // RFC 9112 §6.1
	*f = framing{line: f.line[:0], body: f.length, rest: f.chunked > 0}
	return sure
}
