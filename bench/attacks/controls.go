package attacks

import (
	"crypto/elliptic"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
)

// controlsName is the heading of what should be taken
const controlsName = "Good tokens"

// Controls are tokens that a verifier should take, or may. Without them a table of refusals proves
// nothing.
func Controls() Class {
	changed := func(change func(s *Scene, h, c mint.Object) (mint.Object, mint.Object)) func(*Scene) string {
		return func(s *Scene) string {
			h, c := change(s, s.Header(), s.Claims())
			return s.Sign(h, c)
		}
	}
	good := func(s *Scene) string { return s.Sign(s.Header(), s.Claims()) }
	return Class{controlsName, "What a verifier should take, or may: the other side of the table.", []Row{
		{Name: "ES256", Cites: "RFC 7518 §3.4", Make: good},
		{Name: "EdDSA", Cites: "RFC 8037 §3.1", Algorithm: mint.EdDSA, Make: good},
		{Name: "RS256", Cites: "RFC 7518 §3.3", Algorithm: mint.RS256, Make: good},
		{Name: "HS256", Cites: "RFC 7518 §3.2", Algorithm: mint.HS256, Make: good},
		{Name: "signed by the issuer's next key", Cites: "RFC 7517 §4.5", Make: func(s *Scene) string {
			return s.Trust.Next.Token(s.Claims())
		}},
		{
			Name:  "`aud` a list with another",
			Cites: "RFC 7519 §4.1.3",
			Make:  claim("aud", `["https://other.example",`+mint.Quote(mint.Audience)+`]`),
		},
		{Name: "typ `AT+JWT`", Cites: "RFC 7515 §4.1.9", Make: parameter("typ", `"AT+JWT"`)},
		{Name: "typ `application/at+jwt`", Cites: "RFC 9068 §4", Make: parameter("typ", `"application/at+jwt"`)},
		{
			Name:  "an unknown parameter, an unknown claim",
			Cites: "RFC 7515 §4, RFC 7519 §4",
			Make: changed(func(_ *Scene, h, c mint.Object) (mint.Object, mint.Object) {
				return h.With("x", `{"y":1}`), c.With("x", `[1,null,"é"]`)
			}),
		},
		{
			Name:  "members in another order",
			Cites: "RFC 8259 §4",
			Make: changed(func(_ *Scene, h, c mint.Object) (mint.Object, mint.Object) {
				return mint.Object{h[2], h[0], h[1]}, append(c[5:len(c):len(c)], c[:5]...)
			}),
		},
		{Name: "white space between members", Cites: "RFC 8259 §2", Make: func(s *Scene) string {
			spaced := func(o mint.Object) mint.Text {
				return mint.Text(strings.ReplaceAll(o.String(), `,"`, " ,\r\n\t\""))
			}
			return s.Sign(spaced(s.Header()), spaced(s.Claims()))
		}},
		{Name: "a name with an escape (`\\u0065xp`)", Cites: "RFC 8259 §8.3", Make: func(s *Scene) string {
			return s.Sign(s.Header(), mint.Text(strings.Replace(s.Claims().String(), `"exp"`, `"\u0065xp"`, 1)))
		}},
		{Name: "`exp` with a fraction", Cites: "RFC 7519 §2", Make: func(s *Scene) string {
			return s.Sign(s.Header(), s.Claims().With("exp", fmt.Sprint(s.Now.Unix()+600)+".5"))
		}},
		{Name: "`exp` with an exponent", Cites: "RFC 8259 §6", Make: func(s *Scene) string {
			return s.Sign(s.Header(), s.Claims().With("exp", fmt.Sprint(s.Now.Unix()/1000+1)+"e3"))
		}},
		{Name: "`exp` passed 10 s ago, within the leeway", Cites: "RFC 7519 §4.1.4", Make: at("exp", -10*time.Second)},
		{Name: "ES256 with n − s for s", Cites: "SEC 1 §4.1.4: as good as s", Make: bytesOf(func(b []byte) []byte {
			n := elliptic.P256().Params().N
			new(big.Int).Sub(n, new(big.Int).SetBytes(b[32:])).FillBytes(b[32:])
			return b
		})},
	}}
}
