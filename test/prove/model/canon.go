package model

// renaming is what canon did to a world.
type renaming struct {
	tokens [maxTokens]Token // what each is called now; None: it is gone
	turned bool             // home and road have changed places
}

// canon drops what nobody can present or compare any more, and gives tokens, slots and strays
// numbers that do not depend on the order in which things happened. Worlds that differ in
// those numbers alone are one world.
func (w *world) canon() renaming {
	w.row.Forks = min(w.row.Forks, 1) // whether there are any is all that is asked
	w.backup.Forks = min(w.backup.Forks, 1)
	names := w.order(w.needed())
	w.rename(&names)
	w.sort()
	return names
}

// moveHome has an honest client that moves between two places be at home for the last rotation:
// which of the two it was matters to nobody. It tells whether it did.
func (w *world) moveHome() bool {
	if w.row.From != Road {
		return false
	}
	turned := [...]Net{0, Home: Road, Road: Home, Elsewhere: Elsewhere}
	for _, net := range []*Net{&w.row.From, &w.backup.From, &w.rotated.from, &w.earlier.from} {
		*net = turned[*net]
	}
	for i := range w.slots {
		w.slots[i].from = turned[w.slots[i].from]
	}
	for i := range w.strays {
		w.strays[i].from = turned[w.strays[i].from]
	}
	return true
}

// needed gives every token that is referred to, with all above it.
func (w *world) needed() set {
	s := w.line(w.row.Nonce) | w.line(w.row.Parent) | w.line(w.jar)
	if w.kept {
		s |= w.line(w.backup.Nonce) | w.line(w.backup.Parent)
	}
	for i := range w.slots {
		if w.slots[i].phase != idle {
			s |= w.line(w.slots[i].token)
		}
		if w.slots[i].phase == reading {
			s |= w.line(w.slots[i].nonce)
		}
	}
	for i := range w.strays {
		if w.strays[i].used {
			s |= w.line(w.strays[i].token)
		}
	}
	for i := range w.tokens[:w.count] {
		if w.tokens[i].has(isStolen | wasConfirmed) {
			s |= w.line(Token(i))
		}
	}
	return s
}

// order numbers the needed tokens from the root down: first successors before forks, forks by
// what refers to them.
func (w *world) order(needed set) (names renaming) {
	for i := range names.tokens {
		names.tokens[i] = None
	}
	var stack [maxTokens]Token
	depth, next := 1, Token(0) // the stack holds the root
	for depth > 0 {
		depth--
		t := stack[depth]
		names.tokens[t] = next
		next++
		children := w.children(t, needed)
		for i := children.n - 1; i >= 0; i-- {
			stack[depth] = children.all[i]
			depth++
		}
	}
	return names
}

// siblings are the needed children of one token, in order.
type siblings struct {
	all [maxTokens]Token
	n   int
}

// children finds and orders them.
func (w *world) children(t Token, needed set) (s siblings) {
	var weights [maxTokens]uint64
	for i := range w.tokens[:w.count] {
		if w.tokens[i].parent != t || !needed.has(Token(i)) {
			continue
		}
		at := s.n
		s.n++
		if s.n > 1 {
			if s.n == 2 {
				weights[0] = w.weight(s.all[0], needed)
			}
			weight := w.weight(Token(i), needed)
			for ; at > 0 && weights[at-1] > weight; at-- {
				s.all[at], weights[at] = s.all[at-1], weights[at-1]
			}
			weights[at] = weight
		}
		s.all[at] = Token(i)
	}
	return s
}

// weight sums up what a token is and what refers to it and to those below it, without numbers.
// Two siblings of one weight may still differ; then one world is searched twice, no more.
func (w *world) weight(t Token, needed set) uint64 {
	n := w.tokens[t]
	own := uint64(n.traits&^isFork) << 1
	refers := func(to Token, as uint64) {
		if to == t {
			own += mix(as)
		}
	}
	refers(w.row.Nonce, 1)
	refers(w.row.Parent, 2)
	refers(w.jar, 3)
	if w.kept {
		refers(w.backup.Nonce, 4)
		refers(w.backup.Parent, 5)
	}
	for i := range w.slots {
		if s := w.slots[i]; s.phase != idle {
			refers(s.token, 6+s.key()<<8)
		}
		if s := w.slots[i]; s.phase == reading {
			refers(s.nonce, 7+s.key()<<8)
		}
	}
	for i := range w.strays {
		if s := w.strays[i]; s.used {
			refers(s.token, 8+s.key()<<8)
		}
	}
	sum := mix(own)
	for i := range w.tokens[:w.count] {
		if w.tokens[i].parent == t && needed.has(Token(i)) {
			sum += mix(w.weight(Token(i), needed) ^ 0x9e37)
		}
	}
	sum &^= 1 << 63
	if n.has(isFork) {
		sum |= 1 << 63 // forks come last
	}
	return sum
}

// mix spreads a number's bits (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// rename puts every token where its name says.
func (w *world) rename(names *renaming) {
	var tokens [maxTokens]node
	count := int8(0)
	for i := range w.tokens[:w.count] {
		if to := names.tokens[i]; to != None {
			n := w.tokens[i]
			if n.parent != None {
				n.parent = names.tokens[n.parent]
			}
			tokens[to] = n
			count++
		}
	}
	w.tokens, w.count = tokens, count
	names.apply(&w.row.Nonce)
	names.apply(&w.row.Parent)
	names.apply(&w.jar)
	if w.kept {
		names.apply(&w.backup.Nonce)
		names.apply(&w.backup.Parent)
	}
	for i := range w.slots {
		if w.slots[i].phase != idle {
			names.apply(&w.slots[i].token)
		}
		if w.slots[i].phase == reading {
			names.apply(&w.slots[i].nonce)
		}
	}
	for i := range w.strays {
		if w.strays[i].used {
			names.apply(&w.strays[i].token)
		}
	}
}

// apply renames one reference.
func (r *renaming) apply(t *Token) {
	if *t != None {
		*t = r.tokens[*t]
	}
}

// key is what is known of a slot but its tokens.
func (s slot) key() uint64 {
	return uint64(s.phase) | yes(s.thief)<<2 | uint64(s.from)<<3 | yes(s.overtaken)<<5 | uint64(s.waited)<<6 |
		uint64(s.verdict)<<10 | uint64(s.forks)<<14 | yes(s.before)<<16
}

// key is what is known of a stray but its token.
func (s stray) key() uint64 { return yes(s.used) | uint64(s.from)<<1 | yes(s.overtaken)<<3 }

// yes is 1 for true.
func yes(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// sort orders slots and strays: which tab it is matters to nobody.
func (w *world) sort() {
	for i := 1; i < len(w.slots); i++ {
		for j := i; j > 0 && w.slots[j-1].full() > w.slots[j].full(); j-- {
			w.slots[j-1], w.slots[j] = w.slots[j], w.slots[j-1]
		}
	}
	for i := 1; i < len(w.strays); i++ {
		for j := i; j > 0 && w.strays[j-1].full() > w.strays[j].full(); j-- {
			w.strays[j-1], w.strays[j] = w.strays[j], w.strays[j-1]
		}
	}
}

// full is a slot as one number.
func (s slot) full() uint64 { return s.key()<<16 | uint64(uint8(s.token))<<8 | uint64(uint8(s.nonce)) }

// full is a stray as one number.
func (s stray) full() uint64 { return s.key()<<8 | uint64(uint8(s.token)) }
