package jose

import (
	"errors"
	"strings"
)

// SignCompact makes a JWS in compact serialization (RFC 7515 §3.1) of claims, a JSON text. Its
// header is {"alg":…,"kid":…,"typ":…} in this order: one constant text for a key and typ.
func SignCompact(p *PrivateKey, typ string, claims []byte) (string, error) {
	header := make([]byte, 0, 96)
	header = append(header, `{"alg":"`...)
	header = append(header, p.public.alg...)
	header = append(header, `","kid":`...)
	header = AppendString(header, p.public.id)
	header = append(header, `,"typ":`...)
	header = AppendString(header, typ)
	header = append(header, '}')

	token := make(
		[]byte,
		0,
		EncodedLen(len(header))+EncodedLen(len(claims))+2+EncodedLen(es256Len),
	) // RS256 needs more, and makes room
	token = AppendBase64(token, header)
	token = append(token, '.')
	token = AppendBase64(token, claims)
	signature, err := p.Sign(token)
	if err != nil {
		return "", err
	}
	token = append(token, '.')
	return string(AppendBase64(token, signature)), nil
}

// Compact is a JWS in compact serialization, cut at its dots. Its parts are still base64url.
type Compact struct {
	Token              string // the whole
	payload, signature int    // where they begin
}

// Header is the first part.
func (c Compact) Header() string { return c.Token[:c.payload-1] }

// Payload is the second part.
func (c Compact) Payload() string { return c.Token[c.payload : c.signature-1] }

// Signature is the third part.
func (c Compact) Signature() string { return c.Token[c.signature:] }

// SigningInput is header and payload with the dot between (RFC 7515 §5.2).
func (c Compact) SigningInput() string { return c.Token[:c.signature-1] }

// errParts is all that is said of text that is not cut by two dots
var errParts = errors.New("not three parts")

// SplitCompact cuts a token at its dots, of which there must be two. It looks at no character more
// than once.
func SplitCompact(token string) (Compact, error) {
	payload := strings.IndexByte(token, '.') + 1
	if payload == 0 {
		return Compact{}, errParts
	}
	signature := payload + strings.IndexByte(token[payload:], '.') + 1
	if signature == payload || strings.IndexByte(token[signature:], '.') >= 0 {
		return Compact{}, errParts
	}
	return Compact{token, payload, signature}, nil
}
