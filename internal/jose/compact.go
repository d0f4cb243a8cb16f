package jose

import (
	"errors"
	"strings"
)

// SignCompact makes a JWS in compact serialization (RFC 7515 §3.1) of claims, a JSON text. Its header
// is {"alg":…,"kid":…,"typ":…} in this order: one constant text for a key and typ.
func SignCompact(p *PrivateKey, typ string, claims []byte) (string, error) {
	header := make([]byte, 0, 96)
	header = append(header, `{"alg":"`...)
	header = append(header, p.public.alg...)
	header = append(header, `","kid":`...)
	header = AppendString(header, p.public.id)
	header = append(header, `,"typ":`...)
	header = AppendString(header, typ)
	header = append(header, '}')

	token := make([]byte, 0, EncodedLen(len(header))+EncodedLen(len(claims))+2+512)
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
	Header, Payload, Signature string
	SigningInput               string // header and payload with the dot between (RFC 7515 §5.2)
}

// SplitCompact cuts a token at its dots, of which there must be two.
func SplitCompact(token string) (Compact, error) {
	first := strings.IndexByte(token, '.')
	last := strings.LastIndexByte(token, '.')
	if first == last || strings.IndexByte(token[first+1:last], '.') >= 0 {
		return Compact{}, errors.New("not three parts")
	}
	return Compact{
		Header:       token[:first],
		Payload:      token[first+1 : last],
		Signature:    token[last+1:],
		SigningInput: token[:last],
	}, nil
}
