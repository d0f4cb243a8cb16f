package model

// The sizes of a state. No scenario needs more; one that did would say so, and fail.
const (
	maxTokens = 20
	maxSlots  = 5
	maxStrays = 3
)

// node is a token's place in the tree of all tokens that matter, and what happened to it.
type node struct {
	parent Token
	traits trait
}

// trait is what the state knows of a token. The row knows nothing of it.
type trait uint8

// The traits.
const (
	isFork       trait = 1 << iota // a successor handed out beyond the first
	wasForked                      // a fork of it was handed out
	wasConfirmed                   // even if the write was lost since
	isStolen                       // the thief has it
)

// has reports whether a token has a trait.
func (n node) has(t trait) bool { return n.traits&t != 0 }

// phase is where a request is.
type phase uint8

// The phases of a request.
const (
	idle     phase = iota
	sent           // on its way to the server
	reading        // a node has read the row, and has not written
	answered       // a token is on its way back
)

// slot is a tab, or a thief's connection: one request, from sending to the answer.
type slot struct {
	phase     phase
	thief     bool
	token     Token // presented; when answered: given
	from      Net
	overtaken bool // another token was confirmed while it was on its way
	waited    int8 // ticks since it was sent, or its answer was, where that is bounded

	// What a node holds while reading.
	verdict Case
	nonce   Token // the row's
	forks   int8  // the row's
	before  bool  // it came before anybody was told of the end
}

// stray is a request nobody waits for any more, or the second copy of one.
type stray struct {
	used      bool
	token     Token
	from      Net
	overtaken bool
	waited    int8 // as a slot's
}

// rotation is what truly happened when a token was confirmed, whatever the row says of it.
type rotation struct {
	from Net
	age  int8 // ticks since
}

// state is everything at one moment. Two states that differ in names only become equal by
// canonicalize, and are then equal to ==.
type state struct {
	row         Row
	backup      Row // what a restore gives back
	hasBackup   bool
	lostWrites  bool     // a restore took back a committed write
	endAnswered bool     // somebody was told that the session has ended
	restore     int8     // how often it was restored
	rotated     rotation // of the row's token
	earlier     rotation // of the backup's
	jar         Token
	count       int8 // of tokens; the root, number 0, is what sign-in put into the row
	tokens      [maxTokens]node
	slots       [maxSlots]slot
	strays      [maxStrays]stray
}

// generation counts the steps from the root.
func (st *state) generation(t Token) (n int8) {
	for ; t > 0; t = st.tokens[t].parent {
		n++
	}
	return n
}

// set holds tokens, a bit each.
type set uint32

// with returns it with a token more.
func (s set) with(t Token) set { return s | 1<<t }

// has reports whether a token is in it.
func (s set) has(t Token) bool { return t >= 0 && s>>t&1 == 1 }

// line returns a token and everything above it.
func (st *state) line(t Token) (s set) {
	for ; t >= 0; t = st.tokens[t].parent {
		s = s.with(t)
	}
	return s
}

// add appends a token.
func (st *state) add(parent Token, traits trait) Token {
	t := Token(st.count)
	st.tokens[t] = node{parent, traits}
	st.count++
	return t
}

// successor returns the token that always follows t, made on first use.
func (st *state) successor(t Token) Token {
	for i := range st.tokens[:st.count] {
		if st.tokens[i].parent == t && !st.tokens[i].has(isFork) {
			return Token(i)
		}
	}
	return st.add(t, 0)
}

// forks counts the forks that somebody still has.
func (st *state) forks() (n int8) {
	for _, t := range st.tokens[:st.count] {
		if t.has(isFork) {
			n++
		}
	}
	return n
}

// strayCount counts the requests that nobody waits for.
func (st *state) strayCount() (n int) {
	for i := range st.strays {
		n += int(bit(st.strays[i].used))
	}
	return n
}

// all returns the tokens with a trait.
func (st *state) all(t trait) (s set) {
	for i, n := range st.tokens[:st.count] {
		if n.has(t) {
			s = s.with(Token(i))
		}
	}
	return s
}
