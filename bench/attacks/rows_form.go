package attacks

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/handstamp/handstamp/bench/mint"
)

// formClasses are not written as a token is written
func formClasses() []Class {
	return []Class{
		{"base64: a good token written differently", "Anybody can make these from a good token, without a key: two " +
			"texts, one token, so that lists and caches keyed by the text miss.", respellingRows()},
		{"base64: signed as written", "The issuer signed this very text.", encodingRows()},
		{"Number of parts", "A token is three parts and two dots.", partsRows()},
		{"Other serializations", "JSON forms of JWS, and tokens in tokens.", serializationRows()},
	}
}

// respellingRows change the text and not the bytes
func respellingRows() []Row {
	const cite = "RFC 7515 §2, RFC 4648 §3.3"
	changed := func(change func(h, c, sig string) string) func(*Scene) string {
		return func(s *Scene) string {
			parts := strings.Split(s.Sign(s.Header(), s.Claims()), ".")
			return change(parts[0], parts[1], parts[2])
		}
	}
	return []Row{
		{Name: "padding after the signature", Cites: cite,
			Make: changed(func(h, c, sig string) string { return h + "." + c + "." + sig + "==" })},
		{Name: "LF after the token", Cites: cite,
			Make: changed(func(h, c, sig string) string { return h + "." + c + "." + sig + "\n" })},
		{Name: "CR LF in the signature", Cites: cite,
			Make: changed(func(h, c, sig string) string { return h + "." + c + "." + sig[:40] + "\r\n" + sig[40:] })},
		{Name: "a blank after the token", Cites: cite,
			Make: changed(func(h, c, sig string) string { return h + "." + c + "." + sig + " " })},
		{Name: "a blank before the token", Cites: cite,
			Make: changed(func(h, c, sig string) string { return " " + h + "." + c + "." + sig })},
		{Name: "a tab in the signature", Cites: cite,
			Make: changed(func(h, c, sig string) string { return h + "." + c + "." + sig[:40] + "\t" + sig[40:] })},
		{Name: "bits set beyond the signature", Cites: "Wycheproof 374, RFC 4648 §3.5",
			LeftOpen: "RFC 4648 §3.5: a decoder may refuse", Make: changed(func(h, c, sig string) string {
				return h + "." + c + "." +
					otherBits(sig)
			})},
		{Name: "`+` and `/` for `-` and `_`", Cites: cite, Make: func(s *Scene) string {
			for { // until there is something to write otherwise
				input, sig := cutSignature(s.Sign(s.Header(), s.Claims()))
				if other := strings.NewReplacer("-", "+", "_", "/").Replace(sig); other != sig {
					return input + "." + other
				}
			}
		}},
		{Name: "percent encoding", Cites: cite,
			Make: changed(func(h, c, sig string) string {
				return h + "." + c + ".%" + fmt.Sprintf("%02X", sig[0]) + sig[1:]
			})},
		{Name: "an unprintable character after the token", Cites: cite,
			Make: changed(func(h, c, sig string) string { return h + "." + c + "." + sig + "\x00" })},
	}
}

// cutSignature cuts a token at its last dot
func cutSignature(token string) (input, signature string) {
	i := strings.LastIndexByte(token, '.')
	return token[:i], token[i+1:]
}

// otherBits sets the lowest bit of the last character, which stands for no byte
func otherBits(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last|1])
}

// encodingRows have a good signature over odd text
func encodingRows() []Row {
	const cite = "RFC 7515 §2, RFC 4648 §3.3"
	odd := func(change func(h, c string) string) func(*Scene) string {
		return func(s *Scene) string {
			return s.Trust.Key.Seal(change(mint.Encode(s.Header().String()), mint.Encode(s.Claims().String())))
		}
	}
	return []Row{
		{Name: "LF in the header", Cites: cite,
			Make: odd(func(h, c string) string { return h[:8] + "\n" + h[8:] + "." + c })},
		{Name: "CR LF in the claims", Cites: cite,
			Make: odd(func(h, c string) string { return h + "." + c[:8] + "\r\n" + c[8:] })},
		{Name: "a blank in the claims", Cites: cite,
			Make: odd(func(h, c string) string { return h + "." + c[:8] + " " + c[8:] })},
		{Name: "padding in the claims", Cites: cite, Make: func(s *Scene) string {
			return s.Trust.Key.Seal(mint.Encode(s.Header().String()) + "." +
				base64.URLEncoding.EncodeToString([]byte(aligned(s.Claims(), 1))))
		}},
		{Name: "padding in the header", Cites: cite, Make: func(s *Scene) string {
			return s.Trust.Key.Seal(base64.URLEncoding.EncodeToString([]byte(aligned(s.Header(), 1))) +
				"." + mint.Encode(s.Claims().String()))
		}},
		{Name: "the other alphabet in the claims", Cites: cite, Make: func(s *Scene) string {
			claims := s.Claims().With("x", `"???>>>"`).String()
			return s.Trust.Key.Seal(mint.Encode(s.Header().String()) + "." +
				base64.RawStdEncoding.EncodeToString([]byte(claims)))
		}},
		{Name: "bits set beyond the claims", Cites: "RFC 4648 §3.5", LeftOpen: "RFC 4648 §3.5: a decoder may refuse",
			Make: func(s *Scene) string {
				return s.Trust.Key.Seal(mint.Encode(s.Header().String()) + "." +
					otherBits(mint.Encode(aligned(s.Claims(), 1))))
			}},
		{Name: "no base64 at all", Cites: cite, Make: func(s *Scene) string {
			return s.Trust.Key.Seal(s.Header().String() + "." + strings.ReplaceAll(s.Claims().String(), ".", `\u002e`))
		}},
	}
}

// aligned is an object of a length that leaves rest when divided by three
func aligned(o mint.Object, rest int) string {
	for pad := ""; ; pad += "p" {
		if text := o.With("pad", mint.Quote(pad)).String(); len(text)%3 == rest {
			return text
		}
	}
}

// partsRows have too few or too many
func partsRows() []Row {
	const cite = "RFC 7515 §3.1, §7.1"
	changed := func(change func(token, h, c string) string) func(*Scene) string {
		return func(s *Scene) string {
			token := s.Sign(s.Header(), s.Claims())
			parts := strings.Split(token, ".")
			return change(token, parts[0], parts[1])
		}
	}
	return []Row{
		{Name: "one", Cites: cite, Make: changed(func(_, h, _ string) string { return h })},
		{Name: "two", Cites: cite, Make: changed(func(_, h, c string) string { return h + "." + c })},
		{Name: "four, the last empty", Cites: cite,
			Make: changed(func(token, _, _ string) string { return token + "." })},
		{Name: "four", Cites: cite, Make: changed(func(token, h, _ string) string { return token + "." + h })},
		{Name: "five", Cites: cite,
			Make: changed(func(token, h, c string) string { return token + "." + h + "." + c })},
		{Name: "a dot before", Cites: cite, Make: changed(func(token, _, _ string) string { return "." + token })},
		{Name: "claims elsewhere (detached)", Cites: "RFC 7515 appendix F",
			Make: changed(func(token, h, _ string) string {
				_, signature := cutSignature(token)
				return h + ".." + signature
			})},
		{Name: "only dots", Cites: cite, Make: func(*Scene) string { return ".." }},
		{Name: "two tokens", Cites: cite,
			Make: changed(func(token, _, _ string) string { return token + "," + token })},
	}
}

// serializationRows hold a good signature in another form
func serializationRows() []Row {
	const cite = "CVE-2022-39227, RFC 7519 §1: always compact"
	parts := func(s *Scene) (h, c, sig string) {
		p := strings.Split(s.Sign(s.Header(), s.Claims()), ".")
		return p[0], p[1], p[2]
	}
	return []Row{
		{Name: "flattened JSON", Cites: cite, Make: func(s *Scene) string {
			h, c, sig := parts(s)
			return fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, h, c, sig)
		}},
		{Name: "general JSON", Cites: cite, Make: func(s *Scene) string {
			h, c, sig := parts(s)
			return fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, c, h, sig)
		}},
		{Name: "general JSON, the attacker's signature first", Cites: cite, Make: func(s *Scene) string {
			h, c, sig := parts(s)
			evil := mint.Encode(string(s.Evil.Key.Sign([]byte(h + "." + c))))
			return fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q},`+
				`{"protected":%q,"signature":%q}]}`,
				c, h, evil, h, sig)
		}},
		{Name: "flattened JSON, alg and kid unprotected", Cites: cite, Make: func(s *Scene) string {
			claims := mint.Encode(s.Claims().String())
			sig := mint.Encode(string(s.Trust.Key.Sign([]byte("." + claims))))
			return fmt.Sprintf(`{"header":%s,"payload":%q,"signature":%q}`, s.Header(), claims, sig)
		}},
		{Name: "JSON around a compact token", Cites: cite, Make: func(s *Scene) string {
			h, c, sig := parts(s)
			return `{" ` + h + `.` + c + `.":"` + sig + `"}`
		}},
		{Name: "a token in a token", Cites: "RFC 7519 §5.2", LeftOpen: "RFC 7519 §7.2, step 8: nested signing",
			Make: func(s *Scene) string {
				return s.Sign(s.Header().With("cty", `"JWT"`), mint.Text(s.Sign(s.Header(), s.Claims())))
			}},
		{Name: "the claims themselves", Cites: cite, Make: func(s *Scene) string { return s.Claims().String() }},
	}
}
