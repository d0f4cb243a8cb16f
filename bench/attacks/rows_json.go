package attacks

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/handstamp/handstamp/bench/mint"
)

// jsonClasses are correctly signed, and two parsers would understand them differently
func jsonClasses() []Class {
	return []Class{
		{"JSON: a name twice", "RFC 7515 §4 and RFC 7519 §4 leave two ways: refuse, or take the last. Taking the " +
			"first is not one of them.", duplicateRows()},
		{"JSON: a name in other letters", "Names are compared exactly; the rows in which the exact name is there " +
			"say which one counts.", foldedRows()},
		{"JSON: text", "The claims are not a JSON object in UTF-8, or not only that.", textRows()},
	}
}

// duplicateRows have a member that says two things
func duplicateRows() []Row {
	const cite, open = "CVE-2017-12635, RFC 7519 §4", "RFC 7519 §4: the last one counts"
	past := func(s *Scene) string { return fmt.Sprint(s.Now.Unix() - 3600) }
	future := func(s *Scene) string { return fmt.Sprint(s.Now.Unix() + 3600) }
	claims := func(of func(*Scene) mint.Object) func(*Scene) string {
		return func(s *Scene) string { return s.Sign(s.Header(), of(s)) }
	}
	return []Row{
		{Name: "`exp`: good, then passed", Cites: cite,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().With("exp", future(s)).Also("exp", past(s)) })},
		{Name: "`exp`: passed, then good", Cites: cite, LeftOpen: open,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().With("exp", past(s)).Also("exp", future(s)) })},
		{Name: "`aud`: ours, then another", Cites: cite,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().Also("aud", `"https://evil.example"`) })},
		{Name: "`aud`: another, then ours", Cites: cite, LeftOpen: open,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().Before("aud", `"https://evil.example"`) })},
		{Name: "`iss`: ours, then another", Cites: cite,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().Also("iss", `"https://evil.example"`) })},
		{Name: "`sub` twice", Cites: cite, LeftOpen: open,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().Also("sub", `"root"`) })},
		{Name: "`sub` twice, once escaped", Cites: cite, LeftOpen: open,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().Also(`s\u0075b`, `"root"`) })},
		{Name: "an unknown claim twice", Cites: cite, LeftOpen: open,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().Also("x", "1").Also("x", "2") })},
		{Name: "a name twice inside a claim", Cites: cite, LeftOpen: open,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().Also("x", `{"y":1,"y":2}`) })},
		{Name: "`alg` in the header: ES256, then none", Cites: "RFC 7515 §4",
			Make: func(s *Scene) string { return s.Sign(s.Header().Also("alg", `"none"`), s.Claims()) }},
		{Name: "`alg` in the header: none, then ES256", Cites: "RFC 7515 §4",
			LeftOpen: "RFC 7515 §4: the last one counts", Make: func(s *Scene) string {
				return s.Sign(s.Header().Before("alg", `"none"`), s.Claims())
			}},
		{Name: "`kid` in the header: good, then unknown", Cites: "RFC 7515 §4",
			LeftOpen: "RFC 7515 §4.1.4: kid is a hint, and optional", Make: func(s *Scene) string {
				return s.Sign(s.Header().Also("kid", `"x"`), s.Claims())
			}},
	}
}

// foldedRows have a member whose name differs from the right one by case
func foldedRows() []Row {
	const cite = "RFC 7519 §7.3, RFC 8259 §8.3, Go encoding/json"
	claims := func(of func(*Scene) mint.Object) func(*Scene) string {
		return func(s *Scene) string { return s.Sign(s.Header(), of(s)) }
	}
	past := func(s *Scene) string { return fmt.Sprint(s.Now.Unix() - 3600) }
	future := func(s *Scene) string { return fmt.Sprint(s.Now.Unix() + 3600) }
	return []Row{
		{Name: "`exp` passed, then `EXP` good", Cites: cite,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().With("exp", past(s)).Also("EXP", future(s)) })},
		{Name: "`Exp` alone", Cites: cite,
			Make: claims(func(s *Scene) mint.Object { return s.Claims().Without("exp").Also("Exp", future(s)) })},
		{Name: "`aud` another, then `AUD` ours", Cites: cite, Make: claims(func(s *Scene) mint.Object {
			return s.Claims().With("aud", `"https://evil.example"`).Also("AUD", mint.Quote(mint.Audience))
		})},
		{Name: "`iss` another, then `Iss` ours", Cites: cite, Make: claims(func(s *Scene) mint.Object {
			return s.Claims().With("iss", `"https://evil.example"`).Also("Iss", mint.Quote(mint.Issuer))
		})},
		{Name: "`iſs` with a long s, alone", Cites: cite,
			Make: claims(func(s *Scene) mint.Object {
				return s.Claims().Without("iss").Also("iſs", mint.Quote(mint.Issuer))
			})},
		{Name: "`KID` in the header, alone", Cites: "RFC 7515 §5.3",
			LeftOpen: "RFC 7515 §4.1.4: kid is a hint, and optional", Make: func(s *Scene) string {
				return s.Sign(s.Header().Without("kid").Also("KID", mint.Quote(s.Trust.Key.ID)), s.Claims())
			}},
	}
}

// textRows differ from good claims in a few bytes
func textRows() []Row {
	const cite = "RFC 7519 §7.2, step 10; RFC 8259 §2"
	text := func(change func(string) string) func(*Scene) string {
		return func(s *Scene) string { return s.Sign(s.Header(), mint.Text(change(s.Claims().String()))) }
	}
	more := func(member string) func(*Scene) string {
		return text(func(c string) string { return c[:len(c)-1] + "," + member + "}" })
	}
	return []Row{
		{Name: "bytes after", Cites: cite, Make: text(func(c string) string { return c + "x" })},
		{Name: "another object after", Cites: cite, Make: text(func(c string) string { return c + c })},
		{Name: "a byte order mark before", Cites: "RFC 8259 §8.1", LeftOpen: "RFC 8259 §8.1: a parser may ignore it",
			Make: text(func(c string) string { return "\ufeff" + c })},
		{Name: "UTF-16", Cites: "RFC 7519 §7.2, step 10; RFC 8725 §3.7", Make: text(utf16LE)},
		{Name: "bytes that are not UTF-8 in a string", Cites: "RFC 7519 §7.2, step 10; RFC 8725 §3.7",
			Make: more("\"x\":\"\xff\xfe\"")},
		{Name: "bytes that are not UTF-8 in `sub`", Cites: "RFC 7519 §7.2, step 10; RFC 8725 §3.7",
			Make: func(s *Scene) string {
				return s.Sign(s.Header(), s.Claims().With("sub", "\"ada\xff\""))
			}},
		{Name: "half a surrogate pair in `sub`", Cites: "RFC 8259 §8.2",
			LeftOpen: "RFC 8259 §8.2: unpredictable, not forbidden", Make: claim("sub", `"ada\ud800"`)},
		{Name: "a line end in a string", Cites: "RFC 8259 §7", Make: more("\"x\":\"a\nb\"")},
		{Name: "an unknown escape", Cites: "RFC 8259 §7", Make: more(`"x":"\x41"`)},
		{Name: "a comment", Cites: cite, Make: text(func(c string) string { return c[:len(c)-1] + "/**/}" })},
		{Name: "a comma at the end", Cites: "RFC 8259 §4",
			Make: text(func(c string) string { return c[:len(c)-1] + ",}" })},
		{Name: "single quotes", Cites: "RFC 8259 §7", Make: more(`'x':1`)},
		{Name: "NaN", Cites: "RFC 8259 §6", Make: more(`"x":NaN`)},
		{Name: "a leading zero", Cites: "RFC 8259 §6", Make: more(`"x":01`)},
		{Name: "not closed", Cites: "RFC 8259 §4", Make: text(func(c string) string { return c[:len(c)-1] })},
		{Name: "in a list", Cites: "RFC 7519 §4", Make: text(func(c string) string { return "[" + c + "]" })},
		{Name: "`null`", Cites: "RFC 7519 §4", Make: text(func(string) string { return "null" })},
		{Name: "a header in a list", Cites: "RFC 7515 §4", Make: func(s *Scene) string {
			return s.Sign(mint.Text("["+s.Header().String()+"]"), s.Claims())
		}},
		{Name: "bytes after the header", Cites: cite,
			Make: func(s *Scene) string { return s.Sign(mint.Text(s.Header().String()+"x"), s.Claims()) }},
		{Name: "1,000 levels deep", Cites: "CVE-2020-36518, RFC 8259 §9",
			LeftOpen: "RFC 8259 §9: a parser may set limits",
			Make:     more(`"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000))},
	}
}

// utf16LE is text in UTF-16, little-endian
func utf16LE(text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}
