package verify

import (
	"strings"
	"sync/atomic"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revoked"
)

// verified is all that is known of a token that was verified. Its session goes to handlers, by the same pointer to
// all that show the same token. What later decisions go by is kept beside it, where no handler can change it.
type verified struct {
	session Session
	text    string // the token, whole

	token  revoked.Token // what endings go by
	roles  []string
	scope  []string
	acr    string
	proven int64 // when the user last proved who they are, in µs since 1970; -1: not said
	from   int64 // the first µs since 1970 at which it is good, leeway included
	until  int64 // the first at which it no longer is

	key        *jose.Key                   // what signed it
	keys       atomic.Pointer[jose.KeySet] // where key was last found; nil: not yet
	generation atomic.Uint64               // of the endings when they were last asked
	asked      atomic.Pointer[moment]      // when the server was last asked and said that it is active; nil: never

	watch *watcher
	done  chan struct{} // guarded by watch; nil: nobody has asked

	// What the table needs.
	hash  uint64       // of the token's tail
	used  atomic.Int64 // when it was last shown, in seconds since 1970
	owner uint32       // part of the hash of the subject
	size  int32        // bytes that it takes
}

// keep makes one buffer of the token and of all text that was taken from its claims, so that a remembered token
// is few pieces of memory, and holds nothing else in memory
func (k *verified) keep(token string) {
	s := &k.session
	fields := [...]*string{&s.Subject, &s.ID, &s.ClientID, &s.TokenID, &s.ACR}
	lists := [...]*[]string{&s.Audience, &s.Roles, &s.Scope, &s.AMR}
	size, items := len(token), len(s.Roles)+len(s.Scope) // once more, for the copies
	for _, f := range fields {
		size += len(*f)
	}
	for _, list := range lists {
		items += len(*list)
		for _, item := range *list {
			size += len(item)
		}
	}
	var text strings.Builder
	text.Grow(size)
	text.WriteString(token)
	keep := func(s string) string {
		from := text.Len()
		text.WriteString(s)
		return text.String()[from:] // there is room for all: the buffer stays the same
	}
	for _, f := range fields {
		*f = keep(*f)
	}
	room := make([]string, 0, items)
	for _, list := range lists {
		if *list == nil {
			continue
		}
		from := len(room)
		for _, item := range *list {
			room = append(room, keep(item))
		}
		*list = room[from:len(room):len(room)]
	}
	k.text = text.String()[:len(token)]
	k.size = int32(verifiedBytes + size + size/8 + 16*items)
	room = append(room, s.Roles...)
	k.roles = room[len(room)-len(s.Roles):]
	room = append(room, s.Scope...)
	k.scope = room[len(room)-len(s.Scope):]
	k.acr = s.ACR
	k.proven = -1
	if !s.AuthTime.IsZero() {
		k.proven = s.AuthTime.UnixMicro()
	}
	k.token = revoked.Token{Session: s.ID, Subject: s.Subject, Client: s.ClientID, KeyID: s.KeyID, IssuedAt: s.IssuedAt.Unix()}
	s.from = k
}

// payload is the claims, strict JSON. They are decoded once more for whoever wants those that were added: to keep them
// would take a quarter of the memory.
func (k *verified) payload() string {
	parts, err := jose.SplitCompact(k.text)
	if err != nil {
		return ""
	}
	payload, err := jose.DecodeBase64(parts.Payload)
	if err != nil {
		return ""
	}
	return string(payload)
}

// verifiedBytes is what a verified takes beside its text and lists
const verifiedBytes = 512
