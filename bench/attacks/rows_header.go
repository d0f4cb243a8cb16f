package attacks

import (
	"bytes"
	"compress/flate"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/handstamp/handstamp/bench/mint"
)

// headerClasses ask for extensions, for other kinds of token, and for decryption
func headerClasses() []Class {
	return []Class{
		{"crit", "The issuer signed a header that says: refuse me unless you understand this.", critRows()},
		{"b64", "The payload is not base64url, which a JWT's must be.", b64Rows()},
		{"Another kind of token", "The issuer's key signed it, for another purpose.", typRows()},
		{"Encryption and compression", "The token wants to be decrypted, inflated or stretched before anything is " +
			"checked.", encryptionRows()},
	}
}

// critRows are correctly signed
func critRows() []Row {
	const cite = "CVE-2025-59420, CVE-2026-32597, RFC 7515 §4.1.11"
	const malformed = "RFC 7515 §4.1.11: a recipient may refuse"
	with := func(crit string, extra ...mint.Member) func(*Scene) string {
		return func(s *Scene) string {
			h := s.Header()
			if crit != "" {
				h = h.With("crit", crit)
			}
			return s.Sign(append(h, extra...), s.Claims())
		}
	}
	return []Row{
		{Name: "an unknown extension", Cites: cite, Make: with(`["x"]`, mint.Member{Name: "x", Value: "1"})},
		{Name: "an extension that is not there", Cites: cite, Make: with(`["x"]`)},
		{Name: "empty", Cites: "RFC 7515 §4.1.11", LeftOpen: malformed, Make: with(`[]`)},
		{Name: "`null`", Cites: "RFC 7515 §4.1.11", LeftOpen: malformed, Make: with(`null`)},
		{Name: "a string", Cites: "RFC 7515 §4.1.11", LeftOpen: malformed,
			Make: with(`"x"`, mint.Member{Name: "x", Value: "1"})},
		{Name: "a parameter of RFC 7515", Cites: "RFC 7515 §4.1.11", LeftOpen: malformed, Make: with(`["alg"]`)},
		{Name: "`exp` in the header, passed", Cites: cite, Make: with(`["exp"]`, mint.Member{Name: "exp", Value: "1"})},
		{Name: "an unknown extension, HS256", Cites: cite, Algorithm: mint.HS256,
			Make: with(`["x"]`, mint.Member{Name: "x", Value: "1"})},
	}
}

// b64Rows are of RFC 7797
func b64Rows() []Row {
	const cite = "RFC 7797 §7: a JWT must not use it"
	return []Row{
		{Name: "`b64` false, in `crit`, payload as it is", Cites: cite, Make: func(s *Scene) string {
			h := s.Header().With("b64", "false").With("crit", `["b64"]`)
			raw := strings.ReplaceAll(s.Claims().String(), ".", `\u002e`) // dots would end the part
			return s.Trust.Key.Seal(mint.Encode(h.String()) + "." + raw)
		}},
		{Name: "`b64` false, in `crit`, payload encoded all the same", Cites: cite, Make: func(s *Scene) string {
			return s.Sign(s.Header().With("b64", "false").With("crit", `["b64"]`), s.Claims())
		}},
		{Name: "`b64` false, not in `crit`", Cites: "RFC 7797 §6",
			LeftOpen: "RFC 7515 §4: parameters not understood are ignored", Make: func(s *Scene) string {
				return s.Sign(s.Header().With("b64", "false"), s.Claims())
			}},
		{Name: "`b64` true, in `crit`", Cites: "RFC 7797 §7",
			LeftOpen: "RFC 7797 §3: the same as without, for who knows the extension", Make: func(s *Scene) string {
				return s.Sign(s.Header().With("b64", "true").With("crit", `["b64"]`), s.Claims())
			}},
	}
}

// typRows are other products of the same issuer
func typRows() []Row {
	const cite, open = "RFC 9068 §4, RFC 8725 §3.11", "RFC 7519 §5.1: typ is for applications to check"
	rows := []Row{
		{Name: "no typ", Cites: cite, LeftOpen: open, Make: noParameter("typ")},
		{Name: "typ a number", Cites: cite, LeftOpen: "RFC 7515 §4.1.9: JWS implementations ignore it",
			Make: parameter("typ", "1")},
	}
	for _, typ := range []string{"JWT", "logout+jwt", "secevent+jwt", "dpop+jwt", "statuslist+jwt", "at+jwt; v=2"} {
		rows = append(rows, Row{Name: "typ `" + typ + "`", Cites: cite, LeftOpen: open,
			Make: parameter("typ", mint.Quote(typ))})
	}
	return append(rows,
		Row{Name: "an ID token (typ `JWT`, nonce, at_hash)", Cites: "RFC 9068 §4, RFC 8725 §3.12", LeftOpen: open,
			Make: func(s *Scene) string {
				return s.Sign(s.Header().With("typ", `"JWT"`),
					s.Claims().With("nonce", `"n"`).With("at_hash", `"h"`).Without("scope"))
			}},
		Row{Name: "a logout token (typ `logout+jwt`, events)", Cites: "OIDC Back-Channel Logout §2.4, RFC 8725 §3.12",
			LeftOpen: open, Make: func(s *Scene) string {
				return s.Sign(s.Header().With("typ", `"logout+jwt"`),
					s.Claims().With("events", `{"http://schemas.openid.net/event/backchannel-logout":{}}`))
			}},
		Row{Name: "bound to a DPoP key (`cnf.jkt`), sent as bearer", Cites: "RFC 9449 §7.1, RFC 7800 §3",
			LeftOpen: "RFC 7519 §4: claims not understood are ignored",
			Make:     claim("cnf", `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`)},
		Row{Name: "bound to a certificate (`cnf.x5t#S256`), sent as bearer", Cites: "RFC 8705 §3, RFC 7800 §3",
			LeftOpen: "RFC 7519 §4: claims not understood are ignored",
			Make:     claim("cnf", `{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`)},
	)
}

// encryptionRows need no secret of the issuer's but its public key, and hardly that
func encryptionRows() []Row {
	encrypted := func(payload func(*Scene) string, options *jose.EncrypterOptions) func(*Scene) string {
		return func(s *Scene) string { return encrypt(s, payload(s), options) }
	}
	good := func(s *Scene) string { return s.Claims().String() }
	return []Row{
		{Name: "JWE of claims, to the RSA key", Cites: "CVE-2026-29000, RFC 8725 §2.3", Algorithm: mint.RS256,
			Make: encrypted(good, nil)},
		{Name: "JWE of an unsigned token, to the RSA key", Cites: "CVE-2026-29000, RFC 8725 §2.3",
			Algorithm: mint.RS256, Make: encrypted(func(s *Scene) string {
				return mint.Unsigned(mint.Object{{Name: "alg", Value: `"none"`}}, s.Claims())
			}, nil)},
		{Name: "JWE of a good token, to the RSA key", Cites: "RFC 9068 §2.1, RFC 8725 §3.12", Algorithm: mint.RS256,
			Make: encrypted(func(s *Scene) string {
				return s.Sign(s.Header(), s.Claims())
			}, nil)},
		{Name: "JWE that inflates to 10 MB", Cites: "CVE-2024-28180, CVE-2024-28122", Algorithm: mint.RS256,
			Make: encrypted(func(s *Scene) string {
				return s.Claims().With("x", mint.Quote(strings.Repeat("x", 10<<20))).String()
			}, &jose.EncrypterOptions{Compression: jose.DEFLATE})},
		{Name: "JWE with PBES2 of 2³¹ rounds", Cites: "CVE-2022-36083, CVE-2023-6681, CVE-2023-49290",
			Make: func(*Scene) string {
				return mint.Encode(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,`+
					`"p2s":"AAAAAAAAAAA"}`) +
					".AAAA.AAAA.AAAA.AAAA"
			}},
		{Name: "claims that need inflating (`zip` in a JWS)", Cites: "RFC 7516 §4.1.3", Make: func(s *Scene) string {
			return s.Sign(s.Header().With("zip", `"DEF"`), mint.Text(deflate(s.Claims().String())))
		}},
	}
}

// encrypt is a JWE for the issuer's RSA key
func encrypt(s *Scene, payload string, options *jose.EncrypterOptions) string {
	recipient := jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: s.Trust.Key.Public(), KeyID: s.Trust.Key.ID}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, recipient, options)
	if err != nil {
		panic(err) // keys of our own
	}
	object, err := encrypter.Encrypt([]byte(payload))
	if err != nil {
		panic(err)
	}
	token, err := object.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return token
}

// deflate is text as zip DEF would have it (RFC 1951)
func deflate(text string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err) // a level of its own
	}
	_, _ = w.Write([]byte(text)) // into memory
	_ = w.Close()
	return b.String()
}
