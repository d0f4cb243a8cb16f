package jose

import (
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may lie in one another; the outermost is 1
const maxDepth = 16

// Kind is what a JSON value is.
type Kind byte

// The kinds of JSON values. Invalid is also what follows a fault.
const (
	Invalid Kind = iota
	Null
	Bool
	Num
	Str
	Array
	Object
)

// Reader reads one JSON text (RFC 8259), and refuses what two readers could understand differently
// (RFC 7515 §4, RFC 7519 §4, RFC 8725 §3.7): a member name twice in one object, bytes that are not
// UTF-8, halves of surrogate pairs, more than 16 levels, anything after the value.
//
// Values are taken in the order of the text. The first fault stays: everything read after it is
// zero, loops end, and Close returns it. So there is one check, at the end, and nothing read may be
// used before it.
//
//	r := jose.NewReader(text)
//	for name := range r.Object() {
//		switch name {
//		case "iss":
//			issuer = r.String()
//		}
//	}
//	if err := r.Close(); err != nil { … }
//
// A member that a loop does not take is checked and skipped. Strings without escapes share text's
// memory.
type Reader struct {
	text  string
	pos   int // len(text) after a fault: nothing can be taken there
	depth int
	err   error
}

// NewReader begins to read text. The compiler puts it where it is called, and a Reader that nobody
// keeps takes no memory from the heap then.
func NewReader(text string) *Reader {
	r := &Reader{text: text}
	r.begin()
	return r
}

// begin checks what no reader of a part could
func (r *Reader) begin() {
	if !utf8.ValidString(r.text) {
		r.fail("not UTF-8")
	}
}

// Close says whether text was exactly one value, and all that was asked of it true.
func (r *Reader) Close() error {
	r.space()
	if r.err == nil && r.pos != len(r.text) {
		r.fail("bytes after the value")
	}
	return r.err
}

// Kind looks at the next value without taking it.
func (r *Reader) Kind() Kind {
	r.space()
	switch c := r.peek(); {
	case c == '{':
		return Object
	case c == '[':
		return Array
	case c == '"':
		return Str
	case c == '-' || '0' <= c && c <= '9':
		return Num
	case c == 't' || c == 'f':
		return Bool
	case c == 'n':
		return Null
	}
	return Invalid
}

// Object takes an object: each round of the loop has a member's name, and takes its value.
// Leaving the loop early is a fault.
func (r *Reader) Object() iter.Seq[string] {
	return func(yield func(string) bool) {
		var seen nameSet
		for first := true; r.more(&first, '{', '}'); {
			name := r.name()
			if r.err == nil && !seen.add(name) {
				r.fail("a member name twice")
			}
			r.space()
			before := r.pos
			if r.err != nil || !yield(name) {
				r.fail("not read to its end")
			}
			r.skipUnless(before)
		}
	}
}

// Array takes an array: each round of the loop takes one element. Leaving the loop early
// is a fault.
func (r *Reader) Array() iter.Seq[int] {
	return func(yield func(int) bool) {
		i := 0
		for first := true; r.more(&first, '[', ']'); i++ {
			before := r.pos
			if !yield(i) {
				r.fail("not read to its end")
			}
			r.skipUnless(before)
		}
	}
}

// skipUnless skips a value that begins at before, unless a loop has taken it
func (r *Reader) skipUnless(before int) {
	if r.err == nil && r.pos == before {
		r.Skip()
	}
}

// more steps to the next element between open and close, and reports whether there is one
func (r *Reader) more(first *bool, open, close byte) bool {
	r.space()
	if *first {
		if !r.take(open) {
			r.fail("another kind of value")
			return false
		}
		if r.depth++; r.depth > maxDepth {
			r.fail("too deep")
			return false
		}
		r.space()
	}
	switch {
	case r.take(close):
		r.depth--
		return false
	case !*first && !r.take(','):
		r.fail("no comma or end")
		return false
	}
	*first = false
	r.space()
	return true
}

// name takes a member's name and the colon after it
func (r *Reader) name() string {
	name := r.String()
	r.space()
	if !r.take(':') {
		r.fail("no colon")
	}
	return name
}

// String takes a string.
func (r *Reader) String() string {
	r.space()
	text, start := r.text, r.pos+1
	if start > len(text) || text[start-1] != '"' {
		r.fail("not a string")
		return ""
	}
	end := start
	for end < len(text) && !special[text[end]] {
		end++
	}
	if end < len(text) && text[end] == '"' {
		r.pos = end + 1
		return text[start:end]
	}
	return r.oddString(start, end)
}

// oddString takes a string that began at start and whose end is not what comes next, at pos
func (r *Reader) oddString(start, pos int) string {
	r.pos = pos
	switch {
	case pos == len(r.text):
		r.fail("a string without end")
	case r.text[pos] == '\\':
		return r.unescape(start)
	default:
		r.fail("a control character in a string") // RFC 8259 §7: must be escaped
	}
	return ""
}

// special are the bytes that are not simply a part of a string
var special = func() (is [256]bool) {
	for c := range 0x20 {
		is[c] = true
	}
	is['"'], is['\\'] = true, true
	return is
}()

// Bool takes true or false.
func (r *Reader) Bool() bool {
	r.space()
	if r.word("true") {
		return true
	}
	if !r.word("false") {
		r.fail("not true or false")
	}
	return false
}

// Null takes null.
func (r *Reader) Null() {
	r.space()
	if !r.word("null") {
		r.fail("not null")
	}
}

// Skip takes a value of any kind, as strictly as if it were used.
func (r *Reader) Skip() {
	switch r.Kind() {
	case Object:
		for range r.Object() {
		}
	case Array:
		for range r.Array() {
		}
	case Str:
		_ = r.String()
	case Num:
		r.Number()
	case Bool:
		r.Bool()
	case Null:
		r.Null()
	default:
		r.fail("not a value")
	}
}

// Raw takes a value of any kind, and returns its text.
func (r *Reader) Raw() string {
	r.space()
	start := r.pos
	r.Skip()
	if r.err != nil {
		return ""
	}
	return r.text[start:r.pos]
}

// Fail records a fault of meaning beside those of form: what the caller was promised is not so.
func (r *Reader) Fail(what string) { r.fail(what) }

// fail keeps the first fault, with its place but without the stranger's text
func (r *Reader) fail(what string) {
	if r.err == nil {
		r.err = &syntaxError{r.pos, what}
		r.pos = len(r.text)
	}
}

// syntaxError is what is wrong with a JSON text, and where. It is put into words only when somebody
// reads them.
type syntaxError struct {
	pos  int
	what string
}

// Error is for logs.
func (e *syntaxError) Error() string { return fmt.Sprintf("json at byte %d: %s", e.pos, e.what) }

// space passes the four blanks of RFC 8259 §2, of which there are mostly none
func (r *Reader) space() {
	if r.pos >= len(r.text) || r.text[r.pos] > ' ' {
		return
	}
	r.blanks()
}

// blanks is space where there is one
func (r *Reader) blanks() {
	for r.pos < len(r.text) {
		switch r.text[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek is the next byte, or 0 at the end
func (r *Reader) peek() byte {
	if r.pos >= len(r.text) {
		return 0
	}
	return r.text[r.pos]
}

// take passes c when it is next
func (r *Reader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.pos++
	return true
}

// word passes w when it is next
func (r *Reader) word(w string) bool {
	if len(r.text)-r.pos < len(w) || r.text[r.pos:r.pos+len(w)] != w {
		return false
	}
	r.pos += len(w)
	return true
}

// nameSet is the names seen in one object: a few are compared one by one, unless a glance tells
// that a name is new, and many go to a map, so that no object takes quadratic time
type nameSet struct {
	glance uint64 // a bit for each name
	few    [16]string
	n      int
	many   map[string]struct{}
}

// add reports whether name is new
func (s *nameSet) add(name string) bool {
	bit := nameBit(name)
	if s.glance&bit != 0 && s.has(name) {
		return false
	}
	s.glance |= bit
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	if s.many == nil {
		s.many = map[string]struct{}{}
	}
	s.many[name] = struct{}{}
	return true
}

// has reports whether name was added
func (s *nameSet) has(name string) bool {
	if slices.Contains(s.few[:s.n], name) {
		return true
	}
	_, seen := s.many[name]
	return seen
}

// nameBit is one of 64 bits, seldom the same for two names of a token
func nameBit(name string) uint64 {
	if name == "" {
		return 1
	}
	return 1 << ((uint(name[0]) + 3*uint(name[len(name)-1])) % 64)
}
