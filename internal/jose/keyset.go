package jose

import (
	"errors"
	"fmt"
	"slices"
)

// maxKeys is how many keys a set that we read may have. An issuer needs three.
const maxKeys = 100

// KeySet is the keys of one issuer, by id. It never changes; the next one replaces it whole.
type KeySet struct {
	keys []*Key
	byID map[string]*Key // kid → key
}

// NewKeySet makes a set of keys. Of keys that share an id none is kept: no token may choose
// between two.
func NewKeySet(keys ...*Key) *KeySet {
	times := map[string]int{} // kid → how many keys have it
	for _, k := range keys {
		times[k.id]++
	}
	s := &KeySet{byID: make(map[string]*Key, len(keys))}
	for _, k := range keys {
		if times[k.id] == 1 {
			s.keys = append(s.keys, k)
			s.byID[k.id] = k
		}
	}
	return s
}

// After returns s with the keys that old has too taken from old, and old itself when it has all the
// same keys: who compares by pointer sees what has changed and nothing else. A key that only shares
// its id with one of old's is another key.
func (s *KeySet) After(old *KeySet) *KeySet {
	keys := s.Keys()
	same := len(old.keys) == len(keys)
	for i, k := range keys {
		if before := old.Lookup(k.id); before != nil && before.equal(k) {
			keys[i] = before
		}
		same = same && keys[i] == old.keys[i]
	}
	if same {
		return old
	}
	return NewKeySet(keys...)
}

// Lookup returns the key with exactly this id, or nil.
func (s *KeySet) Lookup(id string) *Key { return s.byID[id] }

// Keys returns the keys in the order they were given.
func (s *KeySet) Keys() []*Key { return slices.Clone(s.keys) }

// Len is how many keys there are.
func (s *KeySet) Len() int { return len(s.keys) }

// JSON is the set as the world may see it (RFC 7517 §5): public members only, and
// no HMAC key.
func (s *KeySet) JSON() []byte {
	b := []byte(`{"keys":[`)
	for _, k := range s.keys {
		if k.alg == HS256 {
			continue
		}
		if b[len(b)-1] == '}' {
			b = append(b, ',')
		}
		b = append(b, `{"alg":"`...)
		b = append(b, k.alg...)
		b = append(b, '"')
		b = k.half.appendJWK(b)
		b = append(b, `,"kid":`...)
		b = AppendString(b, k.id)
		b = append(b, `,"use":"sig"}`...)
	}
	return append(b, "]}"...)
}

// ParseKeySet reads a JWK Set (RFC 7517 §5). A key that should not be used is left out and says why
// in skipped; the others are kept. Text that is not strict JSON, no set, or one of more than 100
// keys is an error.
//
// A key must say its kid and its alg; it must not say that it is for anything but checking
// signatures (use, key_ops), hold no private or symmetric member, be strong enough, and share its
// kid with no other.
func ParseKeySet(data []byte) (set *KeySet, skipped []error, err error) {
	list, err := readKeySet(string(data))
	if err != nil {
		return nil, nil, fmt.Errorf("read key set: %w", err)
	}
	ids := map[string]int{} // kid → how many keys claim it, good or bad
	for _, m := range list {
		ids[m.kid]++
	}
	keys := make([]*Key, 0, len(list))
	for i, m := range list {
		key, err := m.key()
		if err == nil && ids[m.kid] > 1 {
			err = errors.New("its kid is used twice")
		}
		if err != nil {
			skipped = append(skipped, fmt.Errorf("key %d (kid %.64q): %w", i+1, m.kid, err))
			continue
		}
		keys = append(keys, key)
	}
	return NewKeySet(keys...), skipped, nil
}

// readKeySet takes the members of every key, without judging them
func readKeySet(text string) ([]jwk, error) {
	r := NewReader(text)
	var list []jwk
	found := false
	for name := range r.Object() {
		if name != "keys" {
			continue
		}
		found = true
		for i := range r.Array() {
			if i == maxKeys {
				r.Fail("more than 100 keys")
				break
			}
			list = append(list, readJWK(r.Raw()))
		}
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New(`no member "keys"`)
	}
	return list, nil
}
