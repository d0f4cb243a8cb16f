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

// noTime stands for a time that a token does not say
const noTime = math.MinInt64

// packedTexts is how many texts are packed before the items of lists: Subject, ID, ClientID,
// TokenID, KeyID, ACR
const packedTexts = 6

// newEntry returns the entry of a token that key signed and that says s. It is packed in b, which
// it does not keep. No place takes more than two bytes, because a token has at most 8 KiB.
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
	place := 2 * (len(texts) + 1)
	for _, text := range texts {
		b = append(b, byte(place), byte(place>>8))
		place += len(text)
	}
	b = append(b, byte(place), byte(place>>8))
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

// packed is texts in a row, those of lists last, behind the place of each in two bytes and of the
// end
type packed string

// text returns the i-th text
func (p packed) text(i int) string { return string(p[p.place(i):p.place(i+1)]) }

// place returns where the i-th text begins, and the one before it ends
func (p packed) place(i int) int { return int(p[2*i]) | int(p[2*i+1])<<8 }

// unpack fills in what k says, but for the lists, which it returns: the compiler keeps what gets a
// pointer to itself elsewhere off the stack of whoever made it. The lists use s.items as far as it
// has room, and appending to one touches no other.
func (s *Session) unpack(k *cache.Entry) (audience, roles, scope, amr []string) {
	p := packed(k.Says())
	s.Subject, s.ID, s.ClientID = p.text(0), p.text(1), p.text(2)
	s.TokenID, s.KeyID, s.ACR = p.text(3), p.text(4), p.text(5)
	if s.KeyID == "" {
		s.KeyID = k.Key.ID()
	}
	s.AuthTime, s.IssuedAt, s.ExpiresAt = unpackTime(k.AuthTime), unpackTime(k.IssuedAt), unpackTime(k.ExpiresAt)
	n, items := int(k.Lists[0])+int(k.Lists[1])+int(k.Lists[2])+int(k.Lists[3]), s.items[:]
	if n > len(items) {
		items = make([]string, n)
	}
	from := p.place(packedTexts)
	for i := range items[:n] {
		to := p.place(packedTexts + i + 1)
		items[i] = string(p[from:to])
		from = to
	}
	audience, items = cut(items, k.Lists[0])
	roles, items = cut(items, k.Lists[1])
	scope, items = cut(items, k.Lists[2])
	amr, _ = cut(items, k.Lists[3])
	return audience, roles, scope, amr
}

// cut takes n items off, nil for none
func cut(items []string, n uint16) (list, rest []string) {
	if n == 0 {
		return nil, items
	}
	return items[:n:n], items[n:]
}
