package verify

import (
	"sync"

	"github.com/handstamp/handstamp/internal/jose"
)

// scratch holds the buffers for decoding one token. It is pooled, so that a refused token leaves
// nothing to collect.
type scratch struct {
	input              [maxToken]byte // room for what was signed, and then for what is packed
	decoded            [maxToken]byte // room for the other two parts
	payload, signature []byte
	items              [2 * room]string // room for those of the lists that are read
}

// scratches are those that nobody uses
var scratches = sync.Pool{New: func() any { return new(scratch) }}

// decode decodes payload and signature, and reports whether they were base64url
func (b *scratch) decode(parts jose.Compact) bool {
	var err error
	if b.payload, err = jose.AppendDecoded(b.decoded[:0], parts.Payload()); err != nil {
		return false
	}
	b.signature, err = jose.AppendDecoded(b.payload[len(b.payload):], parts.Signature())
	return err == nil
}
