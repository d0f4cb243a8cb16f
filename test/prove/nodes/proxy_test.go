package nodes

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
)

// mood is what a proxy does to its connections.
type mood int

// The moods of a proxy.
const (
	honest  mood = iota // hands all on
	cut                 // closes every connection, and takes none
	stalled             // takes everything and hands nothing on
	reset               // takes connections and resets them
	deaf                // hands on what is asked, and loses the answer: what was committed nobody learns
)

// proxy stands between a node and its database, and is not always kind.
type proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex // guards what follows
	mood  mood
	open  map[net.Conn]bool
	woken chan struct{} // closed when the mood changes
}

// newProxy starts an honest proxy before target.
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
		p.turn(cut)
	})
	return p
}

// turn changes the mood. What is open goes with cut and with reset.
func (p *proxy) turn(m mood) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mood = m
	close(p.woken)
	p.woken = make(chan struct{})
	for conn := range p.open {
		if m == reset {
			conn.(*net.TCPConn).SetLinger(0) // closing it sends RST
		}
		if m == cut || m == reset {
			conn.Close()
		}
	}
}

// now returns the mood, and what is closed when it changes.
func (p *proxy) now() (mood, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mood, p.woken
}

// serve takes connections until the listener is closed.
func (p *proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		if m, _ := p.now(); m == cut || m == reset {
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
	both.Go(func() { p.carry(far, near, honest) }) // what is asked is never lost alone
	both.Go(func() { p.carry(near, far, deaf) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, near)
	delete(p.open, far)
	p.mu.Unlock()
}

// carry hands on what comes from one side to the other, but in the mood that loses it.
func (p *proxy) carry(to, from net.Conn, loses mood) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		for {
			m, woken := p.now()
			if m == loses && m != honest {
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
	one := newClient(c, &http.Client{Timeout: patience}, &sum, 1)
	one.signUp(t.Context())
	for _, test := range []struct {
		name string
		mood mood
	}{{"cut", cut}, {"stalled", stalled}, {"reset", reset}, {"deaf", deaf}, {"cut again", cut}} {
		t.Run(test.name, func(t *testing.T) {
			one.refreshOnce()
			p.turn(test.mood)
			for range 2 {
				if a := one.present(n); a.status != http.StatusServiceUnavailable {
					t.Errorf("refresh = %d %s, want 503", a.status, a.body)
				}
			}
			if a := one.ask(t.Context(), n, "GET", "/v1/session", nil); a.status != http.StatusOK {
				t.Errorf("GET /v1/session = %d %s, want 200: it needs no database", a.status, a.body)
			}
			p.turn(cut) // what was held up is lost, or it would arrive late
			p.turn(honest)
			one.refreshOnce()
		})
	}
}

// present shows the refresh token once, to one node, and waits for whatever comes.
func (c *client) present(n *node) answer {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.ask(ctx, n, "POST", "/v1/session/refresh", map[string]string{"refresh_token": c.refresh})
}
