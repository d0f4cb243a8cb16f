package verify

import (
	"math"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/verify/internal/cache"
)

// What a remembered token says is kept packed in one piece of memory, and unpacked for each
// request: so nobody who gets a Session can reach what others get, and a token takes no more memory
// than its text and its claims.
//
// unpacked returns what newEntry was given, but for parts of a microsecond; and no reader of a
// token's text ever sees the packed one: it is made after the check, from what was checked.

// room is how many items of a Session's lists need no memory of their own
const room = 12

// roomySession is a Session with room for what its lists hold, so that both are one piece of memory
type roomySession struct {
	Session
	items [room]string
}

// noTime stands for a time that a token does not say
const noTime = math.MinInt64

// packedTexts is how many texts are packed before the items of lists: Subject, ID, ClientID,
// TokenID, KeyID, ACR
const packedTexts = 6

// newEntry returns the entry of a token that key signed and that says s. It is packed in b, which
// it does not keep: the lengths of all texts and items, in two bytes each, and then these in a row.
// None is longer than a token.
func newEntry(token string, key *jose.Key, s *Session, b []byte) *cache.Entry {
	kid := s.KeyID
	if kid == key.ID() {
		kid = "" // which none is
	}
	texts := append(make([]string, 0, 2*room), s.Subject, s.ID, s.ClientID, s.TokenID, kid, s.ACR)
	lists := [4][]string{s.Audience, s.Roles, s.Scope, s.AMR}
	for _, list := range lists {
		texts = append(texts, list...)
	}
	for _, text := range texts {
		b = append(b, byte(len(text)), byte(len(text)>>8))
	}
	for _, text := range texts {
		b = append(b, text...)
	}
	k := cache.NewEntry(token, b)
	for i, list := range lists {
		k.Lists[i] = uint16(len(list))
	}
	k.Key = key
	k.AuthTime, k.IssuedAt, k.ExpiresAt = packTime(s.AuthTime), packTime(s.IssuedAt), packTime(s.ExpiresAt)
	return k
}

// packTime returns a time in microseconds since 1970
func packTime(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	return t.UnixMicro()
}

// unpackTime returns the time that was packed
func unpackTime(micro int64) time.Time {
	if micro == noTime {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

// unpack fills in what k says, but for the lists
func (s *Session) unpack(k *cache.Entry) {
	p := unpackerOf(k)
	s.Subject, s.ID, s.ClientID = p.text(0), p.text(1), p.text(2)
	s.TokenID, s.KeyID, s.ACR = p.text(3), p.text(4), p.text(5)
	if s.KeyID == "" {
		s.KeyID = k.Key.ID()
	}
	s.AuthTime, s.IssuedAt, s.ExpiresAt = unpackTime(k.AuthTime), unpackTime(k.IssuedAt), unpackTime(k.ExpiresAt)
}

// lists is the lists of a Session
type lists struct{ audience, roles, scope, amr []string }

// unpackLists returns the lists of what k says. They use items as far as it has room, and appending
// to one touches no other.
func unpackLists(k *cache.Entry, items []string) (l lists) {
	p := unpackerOf(k)
	for i := range packedTexts {
		p.at += p.length(i)
	}
	n := itemsOf(k)
	if n > len(items) {
		items = make([]string, n)
	}
	for i := range n {
		items[i] = p.text(packedTexts + i)
	}
	l.audience, items = cut(items, k.Lists[0])
	l.roles, items = cut(items, k.Lists[1])
	l.scope, items = cut(items, k.Lists[2])
	l.amr, _ = cut(items, k.Lists[3])
	return l
}

// cut takes n items off, nil for none
func cut(items []string, n uint16) (list, rest []string) {
	if n == 0 {
		return nil, items
	}
	return items[:n:n], items[n:]
}

// unpacker takes texts off, one after the other
type unpacker struct {
	packed string
	at     int // where the next text begins
}

// itemsOf returns how many items the lists have together
func itemsOf(k *cache.Entry) int {
	return int(k.Lists[0]) + int(k.Lists[1]) + int(k.Lists[2]) + int(k.Lists[3])
}

// unpackerOf returns one that stands before the first text of what k says
func unpackerOf(k *cache.Entry) unpacker { return unpacker{k.Says(), 2 * (packedTexts + itemsOf(k))} }

// length returns a length by its place
func (p *unpacker) length(i int) int { return int(p.packed[2*i]) | int(p.packed[2*i+1])<<8 }

// text takes the text off whose length is at a place
func (p *unpacker) text(i int) string {
	from := p.at
	p.at += p.length(i)
	return p.packed[from:p.at]
}

// unpacked returns what k says. Its lists use items as far as it has room.
func unpacked(k *cache.Entry, items []string) (s Session) {
	s.unpack(k)
	l := unpackLists(k, items)
	s.Audience, s.Roles, s.Scope, s.AMR = l.audience, l.roles, l.scope, l.amr
	return s
}
