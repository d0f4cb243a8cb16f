package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// conn is one keep-alive connection of HTTP/1.1. It reads no more of an answer than a measurement
// needs: what the generator spends on a request is time that the server does not get on a small
// machine.
type conn struct {
	net  net.Conn
	in   *bufio.Reader
	body []byte // of the last answer
}

// timeout is how long an answer may take.
const timeout = time.Minute

// dial connects.
func dial(address string) (*conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &conn{net: c, in: bufio.NewReaderSize(c, 16<<10)}, nil
}

// answer is what came back. Its body is good until the next request.
type answer struct {
	status     int
	retryAfter string // the header's value; empty: it was not there
	body       []byte
}

// do sends one request and reads the whole answer.
func (c *conn) do(request []byte) (answer, error) {
	if err := c.net.SetDeadline(time.Now().Add(timeout)); err != nil {
		return answer{}, err
	}
	if _, err := c.net.Write(request); err != nil {
		return answer{}, err
	}
	line, err := c.line()
	if err != nil || len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return answer{}, errors.Join(err, fmt.Errorf("no status line: %q", line))
	}
	a := answer{status: number(line[9:12])}
	length, err := c.header(&a)
	if err != nil {
		return answer{}, err
	}
	c.body = c.body[:0]
	if length >= 0 {
		err = c.take(length)
	} else {
		err = c.chunks()
	}
	a.body = c.body
	return a, err
}

// chunked stands for the length of a body that comes in pieces.
const chunked = -1

// header reads to the empty line, and returns how long the body is.
func (c *conn) header(a *answer) (length int, err error) {
	for {
		line, err := c.line()
		if err != nil || len(line) == 0 {
			return length, err
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) {
		case "Content-Length":
			length = number(value)
		case "Transfer-Encoding":
			length = chunked
		case "Retry-After":
			a.retryAfter = string(value)
		}
	}
}

// chunks reads a body that comes in pieces. RFC 9112 §7.1
func (c *conn) chunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(line), 16, 32)
		if err != nil {
			return err
		}
		if err := c.take(int(size)); err != nil {
			return err
		}
		if _, err := c.line(); err != nil || size == 0 {
			return err
		}
	}
}

// take adds n bytes to the body.
func (c *conn) take(n int) error {
	from := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.in, c.body[from:])
	return err
}

// line reads a line without its end.
func (c *conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

// number reads decimal digits; anything else is -2, which no length is.
func number(digits []byte) int {
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return -2
	}
	return n
}

// request lays out a request with a JSON body; an empty body is none.
func request(line, token, body string) []byte {
	text := line + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: " + agent + "\r\n"
	if token != "" {
		text += "Authorization: Bearer " + token + "\r\n"
	}
	if body != "" {
		text += "Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	return []byte(text + "\r\n" + body)
}

// agent is who the generator says it is.
const agent = "serverbench/1.0"
