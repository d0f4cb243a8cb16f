package feed

import (
	"bufio"
	"errors"
	"io"

	"github.com/handstamp/handstamp/internal/jose"
)

// maxPiece is the longest value that is read whole, in bytes
const maxPiece = 8 << 10

// pieces takes a JSON text that is too long for memory apart. What lies between the values is read
// here; each value is handed out as text, for a jose.Reader to judge. The first fault stays, and
// ends all loops.
type pieces struct {
	in   *bufio.Reader
	text []byte // of the value at hand
	err  error
}

// newPieces begins to read a text
func newPieces(r io.Reader) *pieces { return &pieces{in: bufio.NewReaderSize(r, 64<<10)} }

// note keeps the first fault
func (p *pieces) note(err error) {
	if p.err == nil {
		p.err = err
	}
}

// close says whether the text was exactly one value
func (p *pieces) close() error {
	if p.err != nil {
		return p.err
	}
	if p.peek(); p.err == io.ErrUnexpectedEOF {
		return nil
	}
	p.note(errors.New("bytes after the value"))
	return p.err
}

// object takes an object. member takes the value of each, whose names are all different.
func (p *pieces) object(member func(name string)) {
	seen := map[string]bool{}
	p.each('{', '}', func() {
		r := jose.NewReader(p.value())
		name := r.String()
		if seen[name] || len(seen) == 64 {
			r.Fail("a member name twice, or very many")
		}
		seen[name] = true
		p.note(r.Close())
		p.expect(':')
		if p.err == nil {
			member(name)
		}
	})
}

// array takes an array, each of whose elements element takes
func (p *pieces) array(element func()) { p.each('[', ']', element) }

// each takes what lies between open and close, and the commas between
func (p *pieces) each(open, close byte, element func()) {
	p.expect(open)
	if p.peek() == close {
		p.expect(close)
		return
	}
	for p.err == nil {
		element()
		if p.peek() == close {
			p.expect(close)
			return
		}
		p.expect(',')
	}
}

// peek is the next byte that is no blank; 0 after a fault
func (p *pieces) peek() byte {
	for p.err == nil {
		c := p.byte()
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			p.back()
			return c
		}
	}
	return 0
}

// expect takes c
func (p *pieces) expect(c byte) {
	if p.peek() != c {
		p.note(errors.New("json: another character than " + string(rune(c))))
		return
	}
	p.byte()
}

// byte takes the next byte; 0 after a fault
func (p *pieces) byte() byte {
	if p.err != nil {
		return 0
	}
	c, err := p.in.ReadByte()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	p.note(err)
	return c
}

// back unreads the last byte
func (p *pieces) back() {
	if p.err == nil {
		p.note(p.in.UnreadByte())
	}
}

// value takes a value and returns its text, or what may be one: its brackets and quotes match
func (p *pieces) value() string {
	p.text = p.text[:0]
	p.peek()
	depth := 0
	for p.err == nil {
		c := p.byte()
		switch c {
		case '"':
			p.quoted()
		case '{', '[':
			depth++
			p.keep(c)
		case '}', ']', ',', ' ', '\t', '\n', '\r', ':':
			if depth == 0 { // it follows a number or a word
				p.back()
				return p.taken()
			}
			if c == '}' || c == ']' {
				depth--
			}
			p.keep(c)
		default:
			p.keep(c)
			continue
		}
		if depth == 0 {
			return p.taken()
		}
	}
	return ""
}

// quoted takes a string, after its first quote
func (p *pieces) quoted() {
	p.keep('"')
	for p.err == nil {
		c := p.byte()
		p.keep(c)
		switch c {
		case '"':
			return
		case '\\':
			p.keep(p.byte())
		}
	}
}

// keep adds a byte to the value at hand
func (p *pieces) keep(c byte) {
	if len(p.text) == maxPiece {
		p.note(errors.New("json: a value that is too long"))
		return
	}
	p.text = append(p.text, c)
}

// taken is the text of the value at hand
func (p *pieces) taken() string {
	if p.err != nil {
		return ""
	}
	return string(p.text)
}
