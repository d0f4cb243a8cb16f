package model

// renaming is what canonicalize did to a state.
type renaming struct {
	tokens  [maxTokens]Token // what each is called now; None: it is gone
	swapped bool             // home and road have changed places
}

// canonicalize drops what nobody can present or compare any more, and numbers tokens, slots and
// strays in a way that does not depend on the order of events. States that differ in numbers alone
// are one state.
func (st *state) canonicalize() renaming {
	st.row.Forks = min(st.row.Forks, 1) // whether there are any is all that matters
	st.backup.Forks = min(st.backup.Forks, 1)
	names := st.order(st.needed())
	st.rename(&names)
	st.sort()
	return names
}

// swapHome exchanges home and the road where the last rotation came from the road: which of the two
// it was matters to nobody. It reports whether it did so.
func (st *state) swapHome() bool {
	if st.row.From != Road {
		return false
	}
	swapped := [...]Net{0, Home: Road, Road: Home, Elsewhere: Elsewhere}
	for _, net := range []*Net{&st.row.From, &st.backup.From, &st.rotated.from, &st.earlier.from} {
		*net = swapped[*net]
	}
	for i := range st.slots {
		st.slots[i].from = swapped[st.slots[i].from]
	}
	for i := range st.strays {
		st.strays[i].from = swapped[st.strays[i].from]
	}
	return true
}

// needed returns every token that is referred to, with all above it.
func (st *state) needed() set {
	s := st.line(st.row.Nonce) | st.line(st.row.Parent) | st.line(st.jar)
	if st.hasBackup {
		s |= st.line(st.backup.Nonce) | st.line(st.backup.Parent)
	}
	for i := range st.slots {
		if st.slots[i].phase != idle {
			s |= st.line(st.slots[i].token)
		}
		if st.slots[i].phase == reading {
			s |= st.line(st.slots[i].nonce)
		}
	}
	for i := range st.strays {
		if st.strays[i].used {
			s |= st.line(st.strays[i].token)
		}
	}
	for i := range st.tokens[:st.count] {
		if st.tokens[i].has(isStolen | wasConfirmed) {
			s |= st.line(Token(i))
		}
	}
	return s
}

// order numbers the needed tokens from the root down: first successors before forks, forks by
// what refers to them.
func (st *state) order(needed set) (names renaming) {
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
		children := st.children(t, needed)
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
func (st *state) children(t Token, needed set) (s siblings) {
	var weights [maxTokens]uint64
	for i := range st.tokens[:st.count] {
		if st.tokens[i].parent != t || !needed.has(Token(i)) {
			continue
		}
		at := s.n
		s.n++
		if s.n > 1 {
			if s.n == 2 {
				weights[0] = st.weight(s.all[0], needed)
			}
			weight := st.weight(Token(i), needed)
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
// Two siblings of one weight may still differ; then one state is searched twice, no more.
func (st *state) weight(t Token, needed set) uint64 {
	n := st.tokens[t]
	own := uint64(n.traits&^isFork) << 1
	refers := func(to Token, as uint64) {
		if to == t {
			own += mix(as)
		}
	}
	refers(st.row.Nonce, 1)
	refers(st.row.Parent, 2)
	refers(st.jar, 3)
	if st.hasBackup {
		refers(st.backup.Nonce, 4)
		refers(st.backup.Parent, 5)
	}
	for i := range st.slots {
		if s := st.slots[i]; s.phase != idle {
			refers(s.token, 6+s.key()<<8)
		}
		if s := st.slots[i]; s.phase == reading {
			refers(s.nonce, 7+s.key()<<8)
		}
	}
	for i := range st.strays {
		if s := st.strays[i]; s.used {
			refers(s.token, 8+s.key()<<8)
		}
	}
	sum := mix(own)
	for i := range st.tokens[:st.count] {
		if st.tokens[i].parent == t && needed.has(Token(i)) {
			sum += mix(st.weight(Token(i), needed) ^ 0x9e37)
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
func (st *state) rename(names *renaming) {
	var tokens [maxTokens]node
	count := int8(0)
	for i := range st.tokens[:st.count] {
		if to := names.tokens[i]; to != None {
			n := st.tokens[i]
			if n.parent != None {
				n.parent = names.tokens[n.parent]
			}
			tokens[to] = n
			count++
		}
	}
	st.tokens, st.count = tokens, count
	names.apply(&st.row.Nonce)
	names.apply(&st.row.Parent)
	names.apply(&st.jar)
	if st.hasBackup {
		names.apply(&st.backup.Nonce)
		names.apply(&st.backup.Parent)
	}
	for i := range st.slots {
		if st.slots[i].phase != idle {
			names.apply(&st.slots[i].token)
		}
		if st.slots[i].phase == reading {
			names.apply(&st.slots[i].nonce)
		}
	}
	for i := range st.strays {
		if st.strays[i].used {
			names.apply(&st.strays[i].token)
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
	return uint64(s.phase) | bit(s.thief)<<2 | uint64(s.from)<<3 | bit(s.overtaken)<<5 | uint64(s.waited)<<6 |
		uint64(s.verdict)<<10 | uint64(s.forks)<<14 | bit(s.before)<<16
}

// key is what is known of a stray but its token.
func (s stray) key() uint64 {
	return bit(s.used) | uint64(s.from)<<1 | bit(s.overtaken)<<3 | uint64(s.waited)<<4
}

// bit is 1 for true.
func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// sort orders slots and strays: which tab it is matters to nobody.
func (st *state) sort() {
	for i := 1; i < len(st.slots); i++ {
		for j := i; j > 0 && st.slots[j-1].sortKey() > st.slots[j].sortKey(); j-- {
			st.slots[j-1], st.slots[j] = st.slots[j], st.slots[j-1]
		}
	}
	for i := 1; i < len(st.strays); i++ {
		for j := i; j > 0 && st.strays[j-1].sortKey() > st.strays[j].sortKey(); j-- {
			st.strays[j-1], st.strays[j] = st.strays[j], st.strays[j-1]
		}
	}
}

// sortKey is a slot as one number.
func (s slot) sortKey() uint64 {
	return s.key()<<16 | uint64(uint8(s.token))<<8 | uint64(uint8(s.nonce))
}

// sortKey is a stray as one number.
func (s stray) sortKey() uint64 { return s.key()<<8 | uint64(uint8(s.token)) }
