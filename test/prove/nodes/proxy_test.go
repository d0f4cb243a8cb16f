package nodes

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// mode is what a proxy does to its connections.
type mode int

// The modes of a proxy.
const (
	passes       mode = iota // hands all on
	closed                   // closes every connection, and takes none
	stalled                  // takes everything and hands nothing on
	reset                    // takes connections and resets them
	losesAnswers             // hands on what is asked, and loses the answer: what was committed nobody learns
)

// proxy stands between a node and its database, and can fail in several ways.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex // guards what follows
	mode  mode
	open  map[net.Conn]bool
	woken chan struct{} // closed when the mode changes
}

// newProxy starts a proxy that passes all on before target.
func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, open: map[net.Conn]bool{}, woken: make(chan struct{})}
	go p.serve()
	t.Cleanup(func() {
		l.Close()
		p.set(closed)
	})
	return p
}

// set changes the mode. The modes closed and reset end the open connections.
func (p *proxy) set(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	close(p.woken)
	p.woken = make(chan struct{})
	for conn := range p.open {
		if m == reset {
			conn.(*net.TCPConn).SetLinger(0) // closing it sends RST
		}
		if m == closed || m == reset {
			conn.Close()
		}
	}
}

// now returns the mode, and what is closed when it changes.
func (p *proxy) now() (mode, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode, p.woken
}

// serve takes connections until the listener is closed.
func (p *proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		if m, _ := p.now(); m == closed || m == reset {
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
			continue
		}
		go p.join(conn)
	}
}

// join carries one connection.
func (p *proxy) join(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer far.Close()
	p.mu.Lock()
	p.open[near], p.open[far] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.carry(far, near, passes) }) // what is asked is never lost alone
	both.Go(func() { p.carry(near, far, losesAnswers) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, near)
	delete(p.open, far)
	p.mu.Unlock()
}

// carry hands on what comes from one side to the other, but in the mode that loses it.
func (p *proxy) carry(to, from net.Conn, loses mode) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		for {
			m, woken := p.now()
			if m == loses && m != passes {
				n = 0
			}
			if m != stalled {
				break
			}
			<-woken
		}
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}

// TestDatabaseBehindBadNetwork has a node lose its database in every way that a network knows. It
// answers 503 in time, and once the network is well again the same refresh token works: no
// storage error costs anybody the session (R5).
func TestDatabaseBehindBadNetwork(t *testing.T) {
	var p *proxy
	c := newCluster(t, func(database string) string {
		u, err := url.Parse(database)
		if err != nil {
			t.Fatal(err)
		}
		p = newProxy(t, u.Host)
		u.Host = p.listener.Addr().String()
		return u.String()
	})
	n := c.add()
	var sum tally
	one := newClient(c, &http.Client{Timeout: timeout}, &sum, 1)
	one.signUp(t.Context())
	for _, test := range []struct {
		name string
		mode mode
	}{
		{"closed", closed}, {"stalled", stalled}, {"reset", reset}, {"loses answers", losesAnswers},
		{"closed again", closed},
	} {
		t.Run(test.name, func(t *testing.T) {
			one.refreshOnce()
			p.set(test.mode)
			for range 2 {
				if a := one.present(n); a.Status != http.StatusServiceUnavailable {
					t.Errorf("refresh = %d %s, want 503", a.Status, a.Body)
				}
			}
			if a := one.ask(t.Context(), n, one.readRequest()); a.Status != http.StatusOK {
				t.Errorf("GET /v1/session = %d %s, want 200: it needs no database", a.Status, a.Body)
			}
			p.set(closed) // what was held up is lost, or it would arrive late
			p.set(passes)
			one.refreshOnce()
		})
	}
}

// present shows the refresh token once, to one node, and waits for whatever comes.
func (c *client) present(n *node) apiclient.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return c.ask(ctx, n, c.refreshRequest())
}
