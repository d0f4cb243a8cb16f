package verify

import (
	"strings"
	"sync/atomic"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// verified is all that is known of a token that was verified. Its session goes to handlers, by the same pointer to
// all that show the same token. What later decisions go by is kept beside it, where no handler can change it.
type verified struct {
	// What is looked at each time that the token is shown: together, the first seven in one line of a processor's cache.
	length     int                         // of the token, in bytes
	from       int64                       // the first µs since 1970 at which it is good, leeway included
	until      int64                       // the first at which it no longer is
	keys       atomic.Pointer[jose.KeySet] // where key was last found; nil: not yet
	generation atomic.Uint64               // of the endings when they were last asked
	used       atomic.Int64                // when it was last shown, in seconds since 1970
	accepted   *padded                     // where it is counted that the token was let through
	head       [headLen]byte               // the token, or as much of it as there is room for
	rest       string                      // what there is no room for

	// What the table needs.
	hash  uint64 // of the token's tail
	owner uint32 // part of the hash of the subject
	size  int32  // bytes that it takes, a multiple of shareUnit

	key    *jose.Key              // what signed it
	token  revoked.Token          // what endings go by
	asked  atomic.Pointer[moment] // when the server was last asked and said that it is active; nil: never
	roles  []string
	scope  []string
	acr    string
	proven int64 // when the user last proved who they are, in µs since 1970; -1: not said

	session Session
	payload string     // the claims, for whoever wants those that were added
	items   [12]string // room for what the lists hold; more are kept elsewhere

	watch *watcher
	done  chan struct{} // guarded by watch; nil: nobody has asked
}

// headLen is how many characters of a token lie beside what is looked at with them, so that its memory is waited for
// once and not twice: more than a usual one has under ES256 or EdDSA. With it, a verified fills the 1,408 bytes that
// it is given.
const headLen = 656

// hold keeps the token and its claims. All text that is taken from the claims shares one buffer, so that a remembered
// token is two pieces of memory, and holds nothing else in memory.
func (k *verified) hold(token string, payload []byte) {
	k.length = len(token)
	rest := token[copy(k.head[:], token):]
	var text strings.Builder
	text.Grow(len(rest) + len(payload))
	text.WriteString(rest)
	text.Write(payload)
	k.rest, k.payload = text.String()[:len(rest)], text.String()[len(rest):]
}

// is reports whether k is what is known of this very token
func (k *verified) is(token string) bool {
	switch {
	case len(token) != k.length:
		return false
	case len(token) <= headLen:
		return string(k.head[:len(token)]) == token
	}
	return string(k.head[:]) == token[:headLen] && k.rest == token[headLen:]
}

// text is the token, whole
func (k *verified) text() string { return string(k.head[:min(k.length, headLen)]) + k.rest }

// keep notes what later decisions go by, once the session has been read. items are those of all its lists.
func (k *verified) keep(items []string) {
	s := &k.session
	items = append(items, s.Roles...)
	k.roles = items[len(items)-len(s.Roles):]
	items = append(items, s.Scope...)
	k.scope = items[len(items)-len(s.Scope):]
	k.acr = s.ACR
	k.proven = -1
	if !s.AuthTime.IsZero() {
		k.proven = s.AuthTime.UnixMicro()
	}
	k.token = revoked.Token{Session: s.ID, Subject: s.Subject, Client: s.ClientID, KeyID: s.KeyID, IssuedAt: s.IssuedAt.Unix()}
	s.from = k
	size := len(k.rest) + len(k.payload)
	if strings.IndexByte(k.payload, '\\') >= 0 {
		size += len(k.payload) // what is written with escapes has memory of its own
	}
	if len(items) > len(k.items) {
		size += 32 * cap(items) // and what they outgrew
	}
	k.size = int32(verifiedBytes+size+size/8+shareUnit-1) / shareUnit * shareUnit
}

// verifiedBytes is what a verified takes beside its buffer
const verifiedBytes = 1408
