package verify

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/handstamp/handstamp/internal/jose"
)

// bench is where a token is taken apart. It is lent from benches, so that a refused token leaves nothing to
// collect.
type bench struct {
	input              [maxToken]byte // room for what was signed
	decoded            [maxToken]byte // room for the other two
	payload, signature []byte
}

// benches are those that nobody works at
var benches = sync.Pool{New: func() any { return new(bench) }}

// decode decodes payload and signature, and reports whether they were base64url
func (b *bench) decode(parts jose.Compact) bool {
	var err error
	if b.payload, err = jose.AppendDecoded(b.decoded[:0], parts.Payload()); err != nil {
		return false
	}
	b.signature, err = jose.AppendDecoded(b.payload[len(b.payload):], parts.Signature())
	return err == nil
}

// maxHeaders is how many headers are learned. An issuer has one for each key.
const maxHeaders = 64

// headers are texts of headers that came with a good signature, with what they say: an issuer writes the same one
// into each token of a key. That they were read before is all that is remembered; the key is looked for each time.
type headers struct {
	known atomic.Pointer[map[string]header]
	mu    sync.Mutex // held by whoever learns
}

// find returns what a text says, if it was learned
func (h *headers) find(text string) (header, bool) {
	known := h.known.Load()
	if known == nil {
		return header{}, false
	}
	says, ok := (*known)[text]
	return says, ok
}

// learn remembers what a text says. When there are too many, all are forgotten: an issuer whose headers
// are all different is read each time.
func (h *headers) learn(text string, says header) {
	if _, known := h.find(text); known {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	next := map[string]header{}
	if known := h.known.Load(); known != nil && len(*known) < maxHeaders {
		for text, says := range *known {
			next[text] = says
		}
	}
	next[strings.Clone(text)] = header{alg: strings.Clone(says.alg), kid: strings.Clone(says.kid), typ: strings.Clone(says.typ)}
	h.known.Store(&next)
}
