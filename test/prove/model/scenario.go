// Package model is a model checker of the refresh table. A state is a session, the tabs or the
// native client that hold its refresh token, a thief, the messages between them and the server, a
// clock, and a database that fails or loses writes. The server follows the table of
// docs/protocol.md §4, written down anew from its words and without a look at internal/store. Every
// action that can follow any state is taken, breadth first, and held to the promises R1–R5; what
// breaks one is reported as the shortest counterexample.
package model

// Scenario bounds a search: who takes part, and which actions there are. Every action that is
// possible within it happens, in every order.
type Scenario struct {
	Name string

	Tabs   int   // of one browser, with one jar. A native client is one tab that sends late requests of its own
	Strays int   // requests on their way that nobody waits for: late ones, second copies
	Homes  []Net // where the honest client may be

	Thief       []Net // where the thief may be; empty: there is none
	Connections int   // the thief's own connections. 0: its requests take no time, which suits it best

	// Timeout is after how many ticks a client gives up and takes its request back. 0: never, and
	// the request goes on.
	Timeout int8
	// Flight is how many ticks a request is on its way at most, and then its answer. 0: any number.
	Flight int8
	Locked bool // one refresh at a time in all tabs

	Generations int8 // no token beyond this one is presented
	Forks       int8 // so many forks that anybody still has; another one is beyond the scenario
	Windows
	Life int8 // ticks until the absolute limit; Always: none in sight

	Twice    bool // messages may arrive twice
	SetBack  bool // the clock may be set back
	Restores int8 // how often the database may lose writes
	Nodes    bool // a node reads the row first and writes later
	Copies   bool // there is a copy of the database that lags behind
	SignsOut bool // the person may end the session

	Judged Judged
}

// Judged says what a scenario holds its honest client to.
type Judged uint8

// The ways of judging.
const (
	// ByPromises holds every step to R2–R5, whatever clients and thief do.
	ByPromises Judged = iota

	// ByConditions has no thief. It follows a path as long as it keeps R1's conditions (a)–(d),
	// and holds it to R1 too.
	ByConditions

	// ByHabits has no thief either, and holds a client that behaves as §4 asks to keeping
	// (a)–(c) by itself. A path that breaks (d) is not followed.
	ByHabits

	// ByOverlap has no thief either, and asks of the client only that its messages keep to Flight.
	// Answers may be applied in any order. A path that breaks (d), or recovers a token more often
	// than the table has openings for, is not followed.
	ByOverlap
)

// honest reports whether R1 is checked.
func (s *Scenario) honest() bool { return s.Judged != ByPromises }

// watches reports whether R1's conditions (a)–(c) are watched.
func (s *Scenario) watches() bool { return s.Judged == ByConditions || s.Judged == ByHabits }

// start is the state after sign-in: the row holds generation 0 and its nonce, which no client
// ever holds, and the jar holds the token of generation 1.
func (s *Scenario) start() state {
	st := state{
		row:     Row{Nonce: 0, Parent: None, From: Home, Left: s.Life},
		rotated: rotation{from: Home},
		count:   1,
	}
	st.tokens[0].parent = None
	st.jar = st.successor(0)
	if s.Hold > 0 {
		st.row.Opened = s.oldest() // sign-in opens no overlap: nobody else has a token
	}
	for i := range s.Connections {
		st.slots[i].thief = true
	}
	st.canonicalize()
	return st
}

// oldest is the age at which no window matters any more.
func (s *Scenario) oldest() int8 {
	age := s.Grace
	if s.Recovery != Always {
		age = max(age, s.Recovery)
	}
	return max(age, s.Hold) + 1
}

// longest is how many ticks a request or an answer may be on its way. A client that gives up early
// has done so before its timeout is over.
func (s *Scenario) longest() int8 {
	most := Always
	if s.Timeout > 0 {
		most = s.Timeout - 1
	}
	if s.Flight > 0 {
		most = min(most, s.Flight)
	}
	return most
}

// Promise is what a step may break.
type Promise uint8

// The promises of §4, and what it says beside them.
const (
	R1 Promise = iota + 1
	R2
	R3
	R4
	R5
	Habits    // clients that behave as asked keep (a)–(c)
	AheadOnly // "ahead" is possible only when committed writes were lost
	Over      // no token of a session that is over
	Window    // no token again when the longer of grace and recovery has passed
)

// String names the promise, and says what it is about.
func (p Promise) String() string {
	switch p {
	case R1:
		return "R1: an honest client is never logged out"
	case R2:
		return "R2: two parties cannot stay together unseen"
	case R3:
		return "R3: confirmed tokens form one line"
	case R4:
		return "R4: nothing succeeds after \"ended\" was answered"
	case R5:
		return "R5: a storage error leaves the presented token usable"
	case Habits:
		return "clients keep (a)–(c)"
	case AheadOnly:
		return "ahead is possible only when committed writes were lost"
	case Over:
		return "no token of a session that is over"
	case Window:
		return "no token again when the longer of grace and recovery has passed"
	}
	return "no promise"
}

// Condition is one of R1's.
type Condition uint8

// R1's conditions.
const (
	A Condition = iota + 1 // whenever a token is confirmed, the jar holds it
	B                      // no response is applied after a sibling or child of its token was confirmed
	// C: what was overtaken arrives while its token is the direct parent, within grace,
	// and not recovered.
	C
	D // none is retried later than the longer of grace and recovery
	// Often is one of the proposed table's: no token is recovered more often than the table has
	// openings for, later than grace after the last of them.
	Often
	conditions // how many there are, and one
)

// String names the condition as the document does.
func (c Condition) String() string {
	return [conditions]string{"no condition", "(a)", "(b)", "(c)", "(d)", "too many recoveries"}[c]
}
