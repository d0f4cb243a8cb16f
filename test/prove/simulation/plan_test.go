package simulation

import (
	"time"

	"github.com/handstamp/handstamp/test/prove/apiclient"
)

// plan is what a schedule is like. Chances are out of 100.
type plan struct {
	calls    int  // about how many requests there are
	tabs     int  // of the browser; 0: none
	app      bool // there is an app
	thief    bool
	locks    bool          // one refresh at a time for each jar, as clients promise
	sloppy   bool          // answers that came too late are taken, as clients must not
	timeout  time.Duration // how long a client waits for an answer
	hurried  bool          // refreshes follow each other within seconds
	smooth   int           // chance that something arrives at once
	loss     int
	twice    int // chance that the network delivers twice
	failures int // chance of a storage error
	crash    int // chance that the server crashes before it answers
	clock    bool
	endings  bool // the session is ended otherwise
	setBack  bool // the database loses writes
	roams    bool // the clients change networks
}

// draw makes a plan.
func (r *run) draw() plan {
	p := plan{
		calls: oneOf(r, 6, 9, 12, 18), tabs: r.dice.IntN(4), app: r.chance(25),
		thief: r.chance(45), locks: r.chance(80), sloppy: r.chance(10),
		timeout: r.system.rules.grace * 8 / 10, hurried: r.chance(50), smooth: oneOf(r, 95, 80, 50),
		loss: oneOf(r, 0, 2, 10), twice: oneOf(r, 0, 2, 10),
		clock: r.chance(15), endings: r.chance(20), roams: r.chance(25),
	}
	if r.chance(40) {
		p.failures = oneOf(r, 5, 20)
	}
	if r.chance(10) {
		p.crash = 10
	}
	if p.timeout == 0 || r.chance(10) {
		p.timeout = oneOf(r, time.Second, 5*time.Second, time.Minute)
	}
	if p.tabs == 0 {
		p.app = true
	}
	p.setBack = r.chance(3) && r.system.file != ""
	return p
}

// Where clients are. The first two are in one network.
var (
	office = place{
		"192.0.2.10", "192.0.2.0/24", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
	}
	sofa     = place{"192.0.2.200", "192.0.2.0/24", office.agent}
	train    = place{"2001:db8:7:1::5", "2001:db8:7::/48", office.agent}
	station  = place{"2001:db8:7:2::9", "2001:db8:7::/48", office.agent}
	phone    = place{"198.51.100.7", "198.51.100.0/24", "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X)"}
	abroad   = place{"203.0.113.66", "203.0.113.0/24", "curl/8.14.1"}
	disguise = place{"203.0.113.66", "203.0.113.0/24", office.agent}
)

// pause draws how long a client goes on before it refreshes again.
func (r *run) pause() time.Duration {
	if r.plan.hurried {
		return r.between(200*time.Millisecond, 14*time.Second)
	}
	switch n := r.dice.IntN(100); {
	case n < 70:
		return r.between(accessLife*9/10, accessLife*11/10)
	case n < 90:
		return r.between(0, 20*time.Second)
	case n < 96:
		return r.between(30*time.Minute, 2*time.Hour)
	}
	return r.between(12*time.Hour, 16*24*time.Hour)
}

// open starts all clients, the thief and what else the plan has.
func (r *run) open() {
	if r.plan.tabs > 0 {
		c := &client{r: r, name: "the browser", at: office, jar: newJar(r.t)}
		for i := range r.plan.tabs {
			c.tabs = append(c.tabs, &tab{client: c, name: []string{"tab 1", "tab 2", "tab 3"}[i]})
		}
		r.clients = append(r.clients, c)
	}
	if r.plan.app {
		c := &client{r: r, name: "the app", at: phone}
		c.tabs = []*tab{{client: c, name: "the app"}}
		r.clients = append(r.clients, c)
	}
	for _, c := range r.clients {
		c.signIn()
		if r.plan.roams {
			r.in(r.pause(), c.roam)
		}
	}
	if r.plan.thief {
		r.in(r.pause(), r.newThief().steal)
	}
	if r.plan.clock {
		r.in(r.pause(), r.step)
	}
	if r.plan.endings {
		r.in(r.pause()+r.pause(), r.ending)
	}
	if r.plan.setBack {
		r.in(r.pause(), r.backUp)
	}
}

// roam moves a client to another network and on.
func (c *client) roam() {
	c.at = oneOf(c.r, office, sofa, train, station)
	if c.jar == nil {
		c.at.agent = phone.agent
	}
	c.r.log("%s is now at %s", c.name, c.at.ip)
	c.r.in(c.r.pause(), c.roam)
}

// step moves the server's clock, as an operator does who sets it.
func (r *run) step() {
	grace := r.system.rules.grace
	r.skew += oneOf(
		r, grace, -grace, grace+time.Millisecond, -grace-time.Millisecond, time.Hour, -time.Hour, 40*24*time.Hour,
		-40*24*time.Hour,
	)
	r.stepped = true
	r.tick()
	r.log("the server's clock is set: now %v off", r.skew)
	r.in(r.pause(), r.step)
}

// nextNumber numbers a request.
func (r *run) nextNumber() int {
	r.requests++
	return r.requests
}

// close checks at the end that who should be signed in still is, and that what is over is.
func (r *run) close() {
	r.log("the end")
	for _, c := range r.clients {
		t := r.tokens[c.held()]
		if c.line == nil || t == nil {
			continue
		}
		tab := c.tabs[0]
		r.arrive(
			request{
				number:   r.nextNumber(),
				name:     tab.name,
				client:   c,
				token:    t,
				call:     tab.refresh(t),
				received: func(request, verdict, apiclient.Answer) {},
			},
		)
	}
	for _, l := range r.lines {
		r.refused(l)
	}
}
