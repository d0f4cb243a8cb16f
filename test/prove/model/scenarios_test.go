package model_test

import . "github.com/handstamp/handstamp/test/prove/model"

// The windows of the scenarios, in ticks.
var (
	lasting = Windows{Grace: 1, Recovery: Always, Idle: Always} // the default: recovery as long as the session lives
	ending  = Windows{Grace: 1, Recovery: 2, Idle: Always}
	off     = Windows{Grace: 1, Recovery: 0, Idle: Always}      // recovery off
	never   = Windows{Grace: 0, Recovery: Always, Idle: Always} // no grace
	finer   = Windows{Grace: 2, Recovery: Always, Idle: Always} // a client can give up within grace
	limited = Windows{Grace: 1, Recovery: Always, Idle: 3}
)

// Where people are.
var (
	home  = []Net{Home}
	moves = []Net{Home, Road} // the honest client changes networks
	away  = []Net{Elsewhere}
	both  = []Net{Home, Elsewhere} // the thief also sits behind the victim's address
)

// Scenarios without a thief: R1 under its conditions, and the rest.
var (
	tabs = Scenario{
		Name: "two tabs, two late requests", Tabs: 2, Strays: 2, Homes: home, Generations: 3, Forks: 2,
		Windows: lasting, Life: Always, Judged: ByConditions,
	}
	three = Scenario{
		Name: "three tabs, two networks", Tabs: 3, Homes: moves, Generations: 3, Forks: 2,
		Windows: lasting, Life: Always, Judged: ByConditions,
	}
	ends = Scenario{
		Name: "recovery that ends", Tabs: 2, Strays: 1, Homes: home, Generations: 3, Forks: 1,
		Windows: ending, Life: Always, Judged: ByConditions,
	}
	strict = Scenario{
		Name: "recovery off", Tabs: 2, Strays: 1, Homes: home, Generations: 3, Forks: 1,
		Windows: off, Life: Always, Judged: ByConditions,
	}
	graceless = Scenario{
		Name: "grace off", Tabs: 2, Strays: 1, Homes: home, Generations: 3, Forks: 1,
		Windows: never, Life: Always, Judged: ByConditions,
	}
	native = Scenario{
		Name: "native client, three late requests", Tabs: 1, Strays: 3, Homes: moves, Generations: 3, Forks: 1,
		Windows: lasting, Life: Always, Judged: ByConditions,
	}
	twice = Scenario{
		Name: "messages that come twice", Tabs: 2, Strays: 1, Twice: true, Homes: home, Generations: 3, Forks: 1,
		Windows: lasting, Life: Always, Judged: ByConditions,
	}
	back = Scenario{
		Name: "clock set back", Tabs: 2, SetBack: true, Homes: moves, Generations: 3, Forks: 1,
		Windows: ending, Life: Always, Judged: ByConditions,
	}
	restored = Scenario{
		Name: "writes lost", Tabs: 2, Homes: home, Generations: 4, Forks: 1,
		Windows: lasting, Life: Always, Restores: 1, Judged: ByConditions,
	}
	nodes = Scenario{
		Name: "nodes that read, then write", Tabs: 3, Nodes: true, Homes: home, Generations: 3, Forks: 1,
		Windows: lasting, Life: Always, Judged: ByConditions,
	}
	locked = Scenario{
		Name: "clients that behave", Tabs: 3, Locked: true, Timeout: 2, Homes: moves, Generations: 4, Forks: 2,
		Windows: finer, Life: Always, Judged: ByHabits,
	}
)

// Scenarios with a thief, or with an end that is nobody's fault: R2–R5.
var (
	thief = Scenario{
		Name: "thief elsewhere", Tabs: 2, Homes: home, Thief: away, Generations: 3, Forks: 1,
		Windows: lasting, Life: Always,
	}
	neighbour = Scenario{
		Name: "thief behind the victim's address", Tabs: 2, Homes: home, Thief: home, Generations: 3, Forks: 1,
		Windows: lasting, Life: Always,
	}
	roaming = Scenario{
		Name: "thief who is here and there, late request", Tabs: 1, Strays: 1, Homes: home, Thief: both,
		Generations: 2, Forks: 2,
		Windows: lasting, Life: Always,
	}
	caught = Scenario{
		Name: "thief, recovery off", Tabs: 1, Strays: 1, Homes: home, Thief: both, Generations: 3, Forks: 1,
		Windows: off, Life: Always,
	}
	limits = Scenario{
		Name: "limits, clock set back", Tabs: 1, Homes: home, Thief: away, Generations: 2, Forks: 1,
		Windows: limited, Life: 5, SetBack: true,
	}
	robbed = Scenario{
		Name: "thief, writes lost", Tabs: 1, Homes: home, Thief: away, Generations: 3, Forks: 1,
		Windows: lasting, Life: Always, Restores: 1,
	}
	raced = Scenario{
		Name: "thief, nodes that read, then write", Tabs: 1, Connections: 1, Homes: home, Thief: away,
		Generations: 2, Forks: 1,
		Windows: lasting, Life: Always, Nodes: true,
	}
	leaves = Scenario{
		Name: "person who signs out, copy that lags", Tabs: 2, Homes: home, Thief: away, Generations: 2, Forks: 1,
		Windows: lasting, Life: Always, Copies: true, SignsOut: true,
	}
)

// quick are the scenarios of make check.
var quick = []Scenario{
	tabs, three, ends, strict, graceless, native, twice, back, restored, nodes, locked,
	thief, neighbour, roaming, caught, limits, robbed, raced, leaves,
}

// larger returns a scenario with other bounds, and says which.
func larger(s Scenario, how string, change func(*Scenario)) Scenario {
	change(&s)
	s.Name += "; " + how
	return s
}

// deep are the scenarios of make prove, beside the quick ones.
var deep = []Scenario{
	larger(tabs, "four generations, three late requests", func(s *Scenario) { s.Generations, s.Strays = 4, 3 }),
	larger(tabs, "two networks, three forks", func(s *Scenario) { s.Homes, s.Forks = moves, 3 }),
	larger(three, "four generations", func(s *Scenario) { s.Generations = 4 }),
	larger(three, "two late requests", func(s *Scenario) { s.Strays, s.Forks = 2, 1 }),
	larger(three, "one network, four generations, three late requests", func(s *Scenario) {
		s.Homes, s.Generations, s.Strays = home, 4, 3
	}),
	larger(ends, "two networks, two late requests", func(s *Scenario) { s.Homes, s.Strays = moves, 2 }),
	larger(strict, "three tabs, four generations", func(s *Scenario) {
		s.Homes, s.Tabs, s.Generations = moves, 3, 4
	}),
	larger(graceless, "three tabs, two networks", func(s *Scenario) { s.Homes, s.Tabs = moves, 3 }),
	larger(native, "four generations, three forks", func(s *Scenario) { s.Generations, s.Forks = 4, 3 }),
	larger(twice, "two networks, two late requests", func(s *Scenario) { s.Homes, s.Strays = moves, 2 }),
	larger(back, "three tabs, two late requests", func(s *Scenario) { s.Tabs, s.Strays, s.Homes = 3, 2, home }),
	larger(restored, "twice", func(s *Scenario) { s.Restores = 2 }),
	larger(restored, "two late requests", func(s *Scenario) { s.Strays, s.Generations = 2, 3 }),
	larger(nodes, "two networks, two forks", func(s *Scenario) { s.Homes, s.Forks = moves, 2 }),
	larger(locked, "recovery off", func(s *Scenario) { s.Windows.Recovery = 0 }),
	larger(thief, "four generations", func(s *Scenario) { s.Generations = 4 }),
	larger(thief, "two forks, one late request", func(s *Scenario) { s.Forks, s.Strays = 2, 1 }),
	larger(thief, "three tabs", func(s *Scenario) { s.Tabs = 3 }),
	larger(thief, "one tab, four generations, two forks, two late requests", func(s *Scenario) {
		s.Tabs, s.Generations, s.Forks, s.Strays = 1, 4, 2, 2
	}),
	larger(thief, "victim on the road", func(s *Scenario) { s.Homes = moves }),
	larger(neighbour, "four generations", func(s *Scenario) { s.Generations = 4 }),
	larger(neighbour, "two forks, one late request", func(s *Scenario) { s.Forks, s.Strays = 2, 1 }),
	larger(roaming, "three generations, two tabs", func(s *Scenario) { s.Generations, s.Tabs = 3, 2 }),
	larger(caught, "two tabs, two forks", func(s *Scenario) { s.Tabs, s.Forks = 2, 2 }),
	larger(limits, "two tabs, signing out", func(s *Scenario) { s.Tabs, s.SignsOut = 2, true }),
	larger(robbed, "four generations", func(s *Scenario) { s.Generations = 4 }),
	larger(robbed, "here and there, one late request", func(s *Scenario) { s.Thief, s.Strays = both, 1 }),
	larger(robbed, "restored twice", func(s *Scenario) { s.Restores, s.Generations = 2, 2 }),
	larger(raced, "two tabs", func(s *Scenario) { s.Tabs = 2 }),
	larger(leaves, "one late request, writes lost", func(s *Scenario) {
		s.Strays, s.Restores, s.Copies = 1, 1, false
	}),
}
