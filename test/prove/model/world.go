package model

// The sizes of a world. No scenario needs more; one that did would say so, and fail.
const (
	maxTokens = 16
	maxSlots  = 3
	maxStrays = 3
)

// node is a token's place in the tree of all tokens that matter, and what happened to it.
type node struct {
	parent Token
	traits trait
}

// trait is what the world knows of a token. The row knows nothing of it.
type trait uint8

// The traits.
const (
	isFork       trait = 1 << iota // a successor handed out beyond the first
	wasForked                      // a fork of it was handed out
	wasConfirmed                   // even if the write was lost since
	isStolen                       // the thief has it
)

// has tells whether a token has a trait.
func (n node) has(t trait) bool { return n.traits&t != 0 }

// phase is where a request is.
type phase uint8

// The phases of a request.
const (
	idle     phase = iota
	asked          // on its way to the server
	reading        // a node has read the row, and has not written
	answered       // a token is on its way back
)

// slot is a tab, or a thief's connection: one request, from asking to the answer.
type slot struct {
	phase     phase
	thief     bool
	token     Token // presented; when answered: given
	from      Net
	overtaken bool // another token was confirmed while it was on its way
	waited    int8 // ticks since it was sent, where clients watch the time

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
}

// turn is what truly happened when a token was confirmed, whatever the row says of it.
type turn struct {
	from Net
	age  int8 // ticks since
}

// world is everything at one moment. Two worlds that differ in names only become equal by
// canon, and are then equal to ==.
type world struct {
	row     Row
	backup  Row // what a restore gives back
	kept    bool
	lost    bool // a restore took back a committed write
	said    bool // somebody was told that the session has ended
	restore int8 // how often it was restored
	rotated turn // of the row's token
	earlier turn // of the backup's
	jar     Token
	count   int8 // of tokens; the root, number 0, is what sign-in put into the row
	tokens  [maxTokens]node
	slots   [maxSlots]slot
	strays  [maxStrays]stray
}

// generation counts the steps from the root.
func (w *world) generation(t Token) (n int8) {
	for ; t > 0; t = w.tokens[t].parent {
		n++
	}
	return n
}

// set is tokens, a bit each.
type set uint32

// with adds one.
func (s set) with(t Token) set { return s | 1<<t }

// has tells whether it is there.
func (s set) has(t Token) bool { return t >= 0 && s>>t&1 == 1 }

// line gives a token and everything above it.
func (w *world) line(t Token) (s set) {
	for ; t >= 0; t = w.tokens[t].parent {
		s = s.with(t)
	}
	return s
}

// add appends a token.
func (w *world) add(parent Token, traits trait) Token {
	t := Token(w.count)
	w.tokens[t] = node{parent, traits}
	w.count++
	return t
}

// successor gives the token that always follows t, made on first use.
func (w *world) successor(t Token) Token {
	for i := range w.tokens[:w.count] {
		if w.tokens[i].parent == t && !w.tokens[i].has(isFork) {
			return Token(i)
		}
	}
	return w.add(t, 0)
}

// forks counts the forks that somebody still has.
func (w *world) forks() (n int8) {
	for _, t := range w.tokens[:w.count] {
		if t.has(isFork) {
			n++
		}
	}
	return n
}

// late counts the requests that nobody waits for.
func (w *world) late() (n int) {
	for i := range w.strays {
		n += int(yes(w.strays[i].used))
	}
	return n
}

// all gives the tokens with a trait.
func (w *world) all(t trait) (s set) {
	for i, n := range w.tokens[:w.count] {
		if n.has(t) {
			s = s.with(Token(i))
		}
	}
	return s
}
