package attacks

import (
	"fmt"
	"strings"
	"time"

	"github.com/handstamp/handstamp/bench/mint"
)

// claimClasses are correctly signed, for somebody else or by somebody else
func claimClasses() []Class {
	return []Class{
		{"iss", "The issuer is nearly ours.", issuerRows()},
		{"aud", "The audience is nearly ours.", audienceRows()},
		{"sub and others", "A claim that a program decides by is missing, or of another type.", otherClaimRows()},
	}
}

// issuerRows stand for signing keys that several issuers share
func issuerRows() []Row {
	const cite = "CVE-2024-53861, RFC 9068 §4, RFC 7519 §4.1.1"
	rows := []Row{
		{Name: "missing", Cites: cite, Make: noClaim("iss")},
		{Name: "`null`", Cites: cite, Make: claim("iss", "null")},
		{Name: "a list with ours", Cites: "CVE-2025-30144, RFC 7519 §4.1.1", Make: claim("iss", `["`+mint.Issuer+`"]`)},
		{Name: "a list with ours and another", Cites: "CVE-2025-30144, RFC 7519 §4.1.1",
			Make: claim("iss", `["https://evil.example","`+mint.Issuer+`"]`)},
		{Name: "an object", Cites: cite, Make: claim("iss", `{"`+mint.Issuer+`":1}`)},
	}
	for _, v := range []struct{ name, iss string }{
		{"a slash after", mint.Issuer + "/"},
		{"in capitals", strings.ToUpper(mint.Issuer)},
		{"http for https", "http" + strings.TrimPrefix(mint.Issuer, "https")},
		{"with its port", mint.Issuer + ":443"},
		{"a blank after", mint.Issuer + " "},
		{"a part of ours", strings.TrimSuffix(mint.Issuer, ".com")},
		{"ours as the beginning", mint.Issuer + ".evil.example"},
		{"ours as the user", mint.Issuer + "@evil.example"},
		{"empty", ""},
	} {
		rows = append(rows, Row{Name: v.name, Cites: cite, Make: claim("iss", mint.Quote(v.iss))})
	}
	return rows
}

// audienceRows are tokens for other services
func audienceRows() []Row {
	const cite = "RFC 7519 §4.1.3, RFC 9068 §4, RFC 8725 §3.9"
	const typed = "RFC 7519 §4.1.3: a string, or a list of strings"
	const among = "RFC 7519 §4.1.3: ours is among them"
	ours := mint.Quote(mint.Audience)
	rows := []Row{
		{Name: "missing", Cites: "CVE-2020-26160, RFC 9068 §4", Make: noClaim("aud")},
		{Name: "`null`", Cites: "CVE-2020-26160, " + typed, Make: claim("aud", "null")},
		{Name: "an empty list", Cites: "CVE-2020-26160, RFC 9068 §4", Make: claim("aud", "[]")},
		{Name: "a list of an empty string", Cites: "CVE-2020-26160", Make: claim("aud", `[""]`)},
		{Name: "an object with ours", Cites: typed, Make: claim("aud", "{"+ours+":true}")},
		{Name: "a list in a list", Cites: typed, Make: claim("aud", "[["+ours+"]]")},
		{Name: "ours beside a number", Cites: typed, LeftOpen: among, Make: claim("aud", "[1,"+ours+"]")},
		{Name: "ours beside `null`", Cites: typed, LeftOpen: among, Make: claim("aud", "["+ours+",null]")},
		{Name: "a number", Cites: typed, Make: claim("aud", "1")},
		{Name: "two in one string", Cites: cite, Make: claim("aud", mint.Quote("https://evil.example "+mint.Audience))},
	}
	for _, v := range []struct{ name, aud string }{
		{"a part of ours", strings.TrimSuffix(mint.Audience, ".com")},
		{"ours as the beginning", mint.Audience + ".evil.example"},
		{"a slash after", mint.Audience + "/"},
		{"in capitals", strings.ToUpper(mint.Audience)},
		{"a blank after", mint.Audience + " "},
		{"a wildcard", "*"},
		{"the issuer", mint.Issuer},
	} {
		rows = append(rows, Row{Name: v.name, Cites: cite, Make: claim("aud", mint.Quote(v.aud))})
	}
	return rows
}

// otherClaimRows are about who the user is, and what they may
func otherClaimRows() []Row {
	const required = "RFC 9068 §2.2: required"
	const optional = "RFC 7519 §4.1.2: optional"
	const unchecked = "RFC 7519 §4: the application decides what it checks"
	const ignored = "RFC 7519 §4: claims not understood are ignored"
	return []Row{
		{Name: "no `sub`", Cites: required, LeftOpen: optional, Make: noClaim("sub")},
		{Name: "`sub` empty", Cites: required, LeftOpen: optional, Make: claim("sub", `""`)},
		{Name: "`sub` `null`", Cites: "RFC 7519 §4.1.2: a string", LeftOpen: unchecked, Make: claim("sub", "null")},
		{Name: "`sub` a number", Cites: "RFC 7519 §4.1.2: a string", LeftOpen: unchecked, Make: claim("sub", "1")},
		{Name: "`sub` a list", Cites: "RFC 7519 §4.1.2: a string", LeftOpen: unchecked, Make: claim("sub", `["root"]`)},
		{Name: "`jti` a number", Cites: "RFC 7519 §4.1.7: a string", LeftOpen: unchecked, Make: claim("jti", "1")},
		{Name: "`scope` a list", Cites: "RFC 8693 §4.2: a string", LeftOpen: ignored,
			Make: claim("scope", `["admin"]`)},
		{Name: "`roles` a string", Cites: "RFC 9068 §2.2.3.1: a list", LeftOpen: ignored,
			Make: claim("roles", `"admin"`)},
		{Name: "`auth_time` a string", Cites: "RFC 9068 §2.2.1: a number", LeftOpen: ignored,
			Make: claim("auth_time", `"now"`)},
	}
}

// timeClasses are correctly signed, and not good now
func timeClasses() []Class {
	return []Class{
		{"Times", "Too early or too late, by more than the leeway of 30 s; or undated.", timeRows()},
		{"Times that are none", "exp, nbf and iat are numbers (RFC 7519 §2), and not every number is a time.",
			noTimeRows()},
	}
}

// at is a NumericDate d from now
func at(name string, d time.Duration) func(*Scene) string {
	return func(s *Scene) string {
		return s.Sign(s.Header(), s.Claims().With(name, fmt.Sprint(s.Now.Add(d).Unix())))
	}
}

// timeRows hold numbers
func timeRows() []Row {
	return []Row{
		{Name: "`exp` passed 2 min ago", Cites: "RFC 7519 §4.1.4", Make: at("exp", -2*time.Minute)},
		{Name: "`exp` passed a day ago", Cites: "RFC 7519 §4.1.4", Make: at("exp", -24*time.Hour)},
		{Name: "`nbf` in 2 min", Cites: "RFC 7519 §4.1.5", LeftOpen: "RFC 7519 §4.1.5: a leeway of a few minutes",
			Make: at("nbf", 2*time.Minute)},
		{Name: "`nbf` in an hour", Cites: "RFC 7519 §4.1.5", Make: at("nbf", time.Hour)},
		{Name: "`iat` in an hour", Cites: "RFC 9068 §2.2", LeftOpen: "RFC 7519 §4.1.6: nothing is demanded of it",
			Make: at("iat", time.Hour)},
		{Name: "no `exp`", Cites: "RFC 9068 §2.2: required", Make: noClaim("exp")},
		{Name: "no `iat`", Cites: "RFC 9068 §2.2: required", LeftOpen: "RFC 7519 §4.1.6: optional",
			Make: noClaim("iat")},
	}
}

// noTimeRows hold what is no time
func noTimeRows() []Row {
	const typed = "RFC 7519 §4.1.4: a NumericDate"
	const far = "RFC 7519 §2: no upper bound is set"
	rows := []Row{
		{Name: "`exp` `null`", Cites: typed, Make: claim("exp", "null")},
		{Name: "`exp` a string of digits", Cites: typed, Make: claim("exp", `"9999999999"`)},
		{Name: "`exp` a date", Cites: typed, Make: claim("exp", `"2099-01-01T00:00:00Z"`)},
		{Name: "`exp` a list", Cites: typed, Make: claim("exp", "[9999999999]")},
		{Name: "`exp` true", Cites: typed, Make: claim("exp", "true")},
		{Name: "`exp` 0", Cites: "RFC 7519 §4.1.4", Make: claim("exp", "0")},
		{Name: "`exp` −1", Cites: "RFC 7519 §4.1.4", Make: claim("exp", "-1")},
		{Name: "`exp` 1e308", Cites: typed, LeftOpen: far, Make: claim("exp", "1e308")},
		{Name: "`exp` 1e400", Cites: typed, LeftOpen: far, Make: claim("exp", "1e400")},
		{Name: "`exp` 2⁶³", Cites: typed, LeftOpen: far, Make: claim("exp", "9223372036854775808")},
		{Name: "`exp` in milliseconds", Cites: "RFC 7519 §2: seconds", LeftOpen: far, Make: func(s *Scene) string {
			return s.Sign(s.Header(), s.Claims().With("exp", fmt.Sprint(s.Now.Add(time.Hour).UnixMilli())))
		}},
	}
	for _, name := range []string{"nbf", "iat"} {
		clause := map[string]string{
			"nbf": "RFC 7519 §4.1.5: a NumericDate", "iat": "RFC 7519 §4.1.6: a NumericDate",
		}[name]
		rows = append(rows,
			Row{Name: "`" + name + "` `null`", Cites: clause, Make: claim(name, "null")},
			Row{Name: "`" + name + "` a string of digits", Cites: clause, Make: claim(name, `"1"`)},
			Row{Name: "`" + name + "` −1", Cites: clause, LeftOpen: "RFC 7519 §2: no lower bound is set",
				Make: claim(name, "-1")})
	}
	return append(rows,
		Row{Name: "`nbf` 1e308", Cites: "RFC 7519 §4.1.5: not before then", Make: claim("nbf", "1e308")},
		Row{Name: "`nbf` 2⁶³", Cites: "RFC 7519 §4.1.5: not before then", Make: claim("nbf", "9223372036854775808")})
}
