package verify_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
)

// claimed signs the good claims with one of them set to JSON text, or removed.
func claimed(name, value string) string {
	return forge(goodHeader(jose.ES256), goodClaims().with(name, value))
}

// issuerAttacks are good tokens of somebody else, or of nobody (JV-11).
func issuerAttacks() []attack {
	const class, cite, other = "iss", "CVE-2024-53861, RFC 9068 §4, RFC 8725 §3.8", "another issuer"
	list := []attack{
		{class, "missing", cite, claimed("iss", ""), "missing"},
		{class, "null", cite, claimed("iss", "null"), "not a string"},
		{class, "a number", cite, claimed("iss", "1"), "not a string"},
		{class, "a list with ours", "CVE-2025-30144", claimed("iss", "["+quote(issuer)+"]"), "not a string"},
		{class, "an object", cite, claimed("iss", "{}"), "not a string"},
		{class, "empty", cite, claimed("iss", `""`), "missing"},
	}
	for _, iss := range []string{
		issuer + "/", issuer + "/.", issuer + "?", issuer + "#", issuer + ":443", issuer + ".", issuer + " ",
		issuer + "\x00",
		strings.ToUpper(issuer), "HTTPS" + issuer[5:], "http" + issuer[5:], issuer[8:], issuer[:len(issuer)-1],
		issuer + ".evil.example",
		"https://evil.example/" + issuer, "https://auth.example.com@evil.example", "https://other.example.com", "https://auth.exаmple.com",
	} {
		list = append(list, attack{class, fmt.Sprintf("%q", iss), cite, claimed("iss", quote(iss)), other})
	}
	return list
}

// audienceAttacks are good tokens for somebody else, or for nobody (JV-13).
func audienceAttacks() []attack {
	const class, cite = "aud", "RFC 9068 §4, RFC 8725 §3.9"
	list := []attack{
		{class, "missing", cite, claimed("aud", ""), "missing"},
		{class, "null", "CVE-2020-26160", claimed("aud", "null"), "value"},
		{class, "a number", cite, claimed("aud", "1"), "value"},
		{class, "true", cite, claimed("aud", "true"), "value"},
		{class, "an object", cite, claimed("aud", "{}"), "value"},
		{class, "an object with ours", cite, claimed("aud", `{"0":`+quote(audience)+`}`), "value"},
		{class, "an empty list", "CVE-2020-26160", claimed("aud", "[]"), "missing"},
		{class, "a list of an empty string", "CVE-2020-26160", claimed("aud", `[""]`), "somebody else"},
		{class, "a list in a list", cite, claimed("aud", "[["+quote(audience)+"]]"), "not a string"},
		{class, "ours beside a number", cite, claimed("aud", "["+quote(audience)+",1]"), "not a string"},
		{class, "ours beside null", cite, claimed("aud", "[null,"+quote(audience)+"]"), "not a string"},
		{class, "ours in a list as text", cite, claimed("aud", quote("["+quote(audience)+"]")), "somebody else"},
		{class, "several in one string", cite, claimed("aud", quote("x "+audience)), "somebody else"},
	}
	for _, aud := range []string{
		"", audience + "/", audience + " ", " " + audience, strings.ToUpper(audience), audience[:len(audience)-1],
		audience + "x",
		"http" + audience[5:], "https://*.example.com", "*", ".*", "other",
	} {
		list = append(
			list,
			attack{class, fmt.Sprintf("%q", aud), cite, claimed("aud", "["+quote(aud)+"]"), "somebody else"},
		)
	}
	return list
}

// claimAttacks have claims of types that mean nothing, or mean something else elsewhere.
func claimAttacks() []attack {
	const class, bound, cite = "claims", "bound to a key", "RFC 7519 §4, RFC 9068 §2.2"
	list := []attack{
		{class, "no sub", cite, claimed("sub", ""), "missing"},
		{class, "sub null", cite, claimed("sub", "null"), "not a string"},
		{class, "sub empty", cite, claimed("sub", `""`), "missing"},
		{class, "sub a number", cite, claimed("sub", "1"), "not a string"},
		{class, "sub true", cite, claimed("sub", "true"), "not a string"},
		{class, "sub a list", cite, claimed("sub", `["ada"]`), "not a string"},
		{class, "sub an object", "RFC 7519 §4.1.2", claimed("sub", `{"$ne":""}`), "not a string"},
		{class, "roles a string", cite, claimed("roles", `"admin"`), "another kind"},
		{class, "roles an object", cite, claimed("roles", `{"admin":true}`), "another kind"},
		{class, "roles of numbers", cite, claimed("roles", `[1]`), "not a string"},
		{class, "roles null", cite, claimed("roles", `null`), "another kind"},
		{class, "scope a list", "RFC 8693 §4.2", claimed("scope", `["admin"]`), "not a string"},
		{class, "scope null", "RFC 8693 §4.2", claimed("scope", `null`), "not a string"},
		{class, "amr a string", "RFC 8176 §1", claimed("amr", `"pwd"`), "another kind"},
		{class, "acr a number", cite, claimed("acr", `3`), "not a string"},
		{class, "auth_time a string", "RFC 9068 §2.2.1", claimed("auth_time", `"now"`), "not a number"},
		{class, "auth_time null", "RFC 9068 §2.2.1", claimed("auth_time", `null`), "not a number"},
		{class, "auth_time negative", "RFC 9068 §2.2.1", claimed("auth_time", `-1`), "not a time"},
		{
			bound,
			"by its thumbprint",
			"RFC 7800 §3.1, RFC 9449 §6.1",
			claimed("cnf", `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`),
			"bound to a key",
		},
		{bound, "by a certificate", "RFC 8705 §3.1", claimed("cnf", `{"x5t#S256":"AA"}`), "bound to a key"},
		{bound, "by nothing", "RFC 7800 §3.1", claimed("cnf", `{}`), "bound to a key"},
		{bound, "null", "RFC 7800 §3.1", claimed("cnf", `null`), "bound to a key"},
	}
	for _, name := range []string{"jti", "sid", "client_id"} {
		for _, value := range []string{"null", "1", "[]", "{}"} {
			list = append(list, attack{class, name + " " + value, cite, claimed(name, value), "not a string"})
		}
	}
	return list
}

// timeAttacks are too early, too late, or at no time at all (JV-09, JV-10).
func timeAttacks() []attack {
	const class = "times"
	seconds := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	list := []attack{
		{class, "no exp", "RFC 9068 §2.2", claimed("exp", ""), "missing"},
		{class, "no iat", "RFC 9068 §2.2", claimed("iat", ""), "missing"},
		{
			class,
			"exp called expires",
			"RFC 9068 §2.2",
			forge(goodHeader(jose.ES256), goodClaims().with("exp", "").with("expires", "9999999999")),
			"missing",
		},
		{
			class,
			"iat 31 s in the future",
			"RFC 7519 §4.1.6",
			claimed("iat", seconds(31*time.Second)),
			"iat is in the future",
		},
		{
			class,
			"iat 10 min in the future",
			"RFC 7519 §4.1.6",
			claimed("iat", seconds(10*time.Minute)),
			"iat is in the future",
		},
		{class, "iat in milliseconds", "RFC 7519 §2", claimed("iat", fmt.Sprint(now.UnixMilli())), "not a time"},
		{
			class,
			"nbf 31 s in the future",
			"RFC 7519 §4.1.5",
			claimed("nbf", seconds(31*time.Second)),
			"nbf is in the future",
		},
		{class, "nbf next year", "RFC 7519 §4.1.5", claimed("nbf", seconds(365*24*time.Hour)), "nbf is in the future"},
	}
	for _, name := range []string{"exp", "iat", "nbf"} {
		for value, why := range map[string]string{
			"null": "not a number", `""`: "not a number", `"9999999999"`: "not a number", `"2026-11-22T12:00:00Z"`: "not a number",
			"true": "not a number", "[]": "not a number", "{}": "not a number", "[9999999999]": "not a number",
			"-1": "not a time", "-1e9": "not a time", "1e308": "not a time",
			"1e400": "beyond what a double can hold", "1e-400": "not a time",
			"99999999999999999999": "not a time", "9223372036854775807": "not a time", "253402300800": "not a time",
		} {
			list = append(list, attack{class, name + " " + value, "RFC 7519 §2", claimed(name, value), why})
		}
	}
	return list
}
