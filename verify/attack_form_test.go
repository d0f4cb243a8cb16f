package verify_test

import (
	"bytes"
	"compress/flate"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strings"
	"unicode/utf16"

	"github.com/handstamp/handstamp/internal/jose"
)

// resign puts a signature over a header part and a claims part that are not necessarily base64url.
func resign(header, claims string) string {
	input := header + "." + claims
	return input + "." + signatureOf(signingKeys()[jose.ES256], input)
}

// encodingAttacks write the same bytes in another way, or other bytes in the same (JV-06, JV-07).
func encodingAttacks() []attack {
	const class, cite, why = "encoding", "RFC 7515 §2, RFC 4648 §3", "base64url"
	good, _ := jose.SplitCompact(goodToken())
	h, c, s := good.Header(), good.Payload(), good.Signature()
	padded := base64.URLEncoding.EncodeToString([]byte(goodHeader(jose.ES256).with("x", `"pad"`).String()))
	for n := 0; !strings.HasSuffix(padded, "="); n++ {
		padded = base64.URLEncoding.EncodeToString(
			[]byte(goodHeader(jose.ES256).with("x", quote(strings.Repeat("p", n))).String()),
		)
	}
	return []attack{
		{class, "padding in the header", cite, resign(padded, c), why},
		{class, "padding after the claims", cite, resign(h, c+"=="), why},
		{class, "padding after the signature", cite, goodToken() + "==", why},
		{class, "plus in the signature", cite, h + "." + c + ".+" + s[1:], why},
		{class, "slash in the signature", cite, h + "." + c + "./" + s[1:], why},
		{class, "LF after the signature", "RFC 4648 §3.3, Go encoding/base64", goodToken() + "\n", why},
		{
			class,
			"CR and LF in the signature",
			"RFC 4648 §3.3, Go encoding/base64",
			h + "." + c + "." + s[:9] + "\r\n" + s[9:],
			why,
		},
		{class, "LF in the header", "RFC 4648 §3.3, Go encoding/base64", resign(h[:4]+"\n"+h[4:], c), why},
		{class, "LF in the claims", "RFC 4648 §3.3, Go encoding/base64", resign(h, c[:4]+"\n"+c[4:]), why},
		{class, "a blank before", cite, " " + goodToken(), why},
		{class, "a blank after", cite, goodToken() + " ", why},
		{class, "a tab in the claims", cite, resign(h, c[:4]+"\t"+c[4:]), why},
		{class, "NUL after", cite, goodToken() + "\x00", why},
		{class, "bits beyond the signature", "Wycheproof 374, RFC 4648 §3.5", h + "." + c + "." + otherBits(s), why},
		{
			class,
			"bits beyond the header",
			"RFC 4648 §3.5",
			resign(otherBits(unaligned(goodHeader(jose.ES256))), c),
			why,
		},
		{class, "bits beyond the claims", "RFC 4648 §3.5", resign(h, otherBits(unaligned(goodClaims()))), why},
		{class, "a character too many", cite, resign(h, unaligned(goodClaims())[:5]), why},
		{class, "percent encoding", cite, strings.Replace(goodToken(), ".", "%2E", 1), "three parts"},
		{class, "a wide full stop", cite, strings.ReplaceAll(goodToken(), ".", "．"), "three parts"},
		{class, "a zero-width blank", cite, h + "." + c + "." + s + "\u200b", why},
		{class, "hexadecimal", cite, h + "." + c + "." + strings.Repeat("0f", 64), "signature does not match"},
		{class, "quotes around", cite, `"` + goodToken() + `"`, why},
		{class, "the scheme again", "RFC 6750 §2.1", "Bearer " + goodToken(), why},
	}
}

// unaligned encodes an object so that the last character has bits to spare.
func unaligned(m members) string {
	for n := 0; ; n++ {
		part := jose.EncodeBase64([]byte(m.with("pad", quote(strings.Repeat("p", n))).String()))
		if len(part)%4 == 2 {
			return part
		}
	}
}

// otherBits sets a bit of the last character that stands for no byte.
func otherBits(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + alphabet[last|1:last|1+1]
}

// shapeAttacks are no JWS in compact serialization, or not of two objects.
func shapeAttacks() []attack {
	const class, object, serialized, cite = "shape", "no object", "JSON serialization", "RFC 7515 §7.1, RFC 8725 §3.14"
	good, _ := jose.SplitCompact(goodToken())
	h, c, s := good.Header(), good.Payload(), good.Signature()
	flattened := mustJSON(map[string]string{"protected": h, "payload": c, "signature": s})
	general := mustJSON(
		map[string]any{"payload": c, "signatures": []any{map[string]string{"protected": h, "signature": s}}},
	)
	part := func(s string) string { return jose.EncodeBase64([]byte(s)) }
	claimed := func(claims string) string { return forge(goodHeader(jose.ES256), text(claims)) }
	return []attack{
		{class, "a dot", cite, ".", "three parts"},
		{class, "two dots", cite, "..", "json"},
		{class, "three dots", cite, "...", "three parts"},
		{class, "one part", cite, h, "three parts"},
		{class, "two parts", cite, h + "." + c, "three parts"},
		{class, "four parts", cite, goodToken() + "." + s, "three parts"},
		{class, "a dot after", cite, goodToken() + ".", "three parts"},
		{class, "a dot before", cite, "." + goodToken(), "three parts"},
		{class, "no header", cite, "." + c + "." + s, "json"},
		{class, "no claims", cite, resign(h, ""), "json"},
		{class, "no signature", cite, h + "." + c + ".", "signature does not match"},
		{class, "a header alone", cite, h + "..", "signature does not match"},
		{serialized, "flattened JSON", "RFC 7515 §7.2.2, CVE-2022-39227", flattened, "three parts"},
		{serialized, "general JSON", "RFC 7515 §7.2.1, CVE-2022-39227", general, "three parts"},
		{
			serialized,
			"JSON with dots",
			"RFC 7515 §7.2.1, CVE-2022-39227",
			`{" ` + h + `.` + c + `.":"` + s + `"}`,
			"base64url",
		},
		{object, "a header that is a list", "RFC 7515 §4", resign(part("[]"), c), "json"},
		{object, "a header that is a string", "RFC 7515 §4", resign(part(`"alg"`), c), "json"},
		{object, "a header that is null", "RFC 7515 §4", resign(part("null"), c), "json"},
		{object, "a header that is empty", "RFC 7515 §4", resign(part("{}"), c), "kid"},
		{object, "claims that are a list", "RFC 7519 §4", claimed("[" + goodClaims().String() + "]"), "json"},
		{object, "claims that are a string", "RFC 7519 §4", claimed(quote(goodClaims().String())), "json"},
		{object, "claims that are null", "RFC 7519 §4", claimed("null"), "json"},
		{object, "claims that are a number", "RFC 7519 §4", claimed("1"), "json"},
		{object, "claims that are empty", "RFC 7519 §4", claimed("{}"), "missing"},
		{
			object,
			"a token in a token",
			"RFC 7519 §5.2",
			forge(goodHeader(jose.ES256).with("cty", `"JWT"`), text(goodToken())),
			"json",
		},
		{class, "two tokens", cite, goodToken() + "," + goodToken(), "three parts"},
		{class, "an opaque token", "RFC 6750 §2.1", "hsr_AAECAwQFBgcICQoLDA0ODw", "three parts"},
	}
}

// jsonAttacks are signed by the good key, and two parsers would understand them differently
// (JV-08).
func jsonAttacks() []attack {
	const class, duplicate, names, utf8 = "JSON", "a name twice", "names by letter", "UTF-8"
	good := goodClaims().String()
	within := func(more string) string { return forge(goodHeader(jose.ES256), text(good[:len(good)-1]+more+"}")) }
	claims := func(s string) string { return forge(goodHeader(jose.ES256), text(s)) }
	header := goodHeader(jose.ES256).String()
	headed := func(more string) string { return forge(text(header[:len(header)-1]+more+"}"), goodClaims()) }
	without := func(name string) string { s := goodClaims().with(name, "").String(); return s[:len(s)-1] }
	const twice, cite = "twice", "RFC 7519 §4, RFC 8725 §2.4, CVE-2017-12635"
	return []attack{
		{duplicate, "sub twice", cite, within(`,"sub":"root"`), twice},
		{duplicate, "sub twice alike", cite, within(`,"sub":"ada"`), twice},
		{duplicate, "sub twice by escape", cite, within(`,"s\u0075b":"root"`), twice},
		{duplicate, "exp twice", cite, within(`,"exp":9999999999`), twice},
		{duplicate, "aud twice", cite, within(`,"aud":"x"`), twice},
		{duplicate, "roles twice", cite, within(`,"roles":["admin"]`), twice},
		{duplicate, "an unknown claim twice", cite, within(`,"x":1,"x":2`), twice},
		{duplicate, "a name twice deep below", cite, within(`,"x":[{"y":{"z":1,"z":2}}]`), twice},
		{duplicate, "alg twice", "RFC 7515 §4", headed(`,"alg":"none"`), twice},
		{duplicate, "kid twice", "RFC 7515 §4", headed(`,"kid":"x"`), twice},
		{duplicate, "typ twice", "RFC 7515 §4", headed(`,"typ":"at+jwt"`), twice},
		{duplicate, "an unknown parameter twice", "RFC 7515 §4", headed(`,"x":1,"x":1`), twice},
		{names, "SUB for sub", "RFC 7519 §4, Go encoding/json", claims(without("sub") + `,"SUB":"ada"}`), "missing"},
		{names, "Sub for sub", "RFC 7519 §4, Go encoding/json", claims(without("sub") + `,"Sub":"ada"}`), "missing"},
		{
			names,
			"sub with a long s",
			"RFC 7519 §4, Go encoding/json",
			claims(without("sub") + `,"ſub":"ada"}`),
			"missing",
		},
		{
			names,
			"EXP for exp",
			"RFC 7519 §4, Go encoding/json",
			claims(without("exp") + `,"EXP":9999999999}`),
			"missing",
		},
		{utf8, "bytes that are not UTF-8", "RFC 8725 §3.7", within(",\"x\":\"\xff\""), "UTF-8"},
		{utf8, "overlong UTF-8", "RFC 8725 §3.7, CVE-2000-0884", within(",\"x\":\"\xc0\xae\""), "UTF-8"},
		{utf8, "a surrogate in UTF-8", "RFC 8725 §3.7", within(",\"x\":\"\xed\xa0\x80\""), "UTF-8"},
		{utf8, "UTF-16", "RFC 8725 §3.7", claims(utf16LE(good)), "json"},
		{utf8, "a byte order mark", "RFC 8259 §8.1", claims("\ufeff" + good), "json"},
		{utf8, "half a surrogate pair", "RFC 8259 §8.2", within(`,"x":"\ud800"`), "surrogate"},
		{utf8, "half a pair in a name", "RFC 8259 §8.2", within(`,"\udc00":1`), "surrogate"},
		{class, "bytes after", "RFC 8259 §2", claims(good + "x"), "after the value"},
		{class, "NUL after", "RFC 8259 §2", claims(good + "\x00"), "after the value"},
		{class, "another object after", "RFC 8259 §2", claims(good + good), "after the value"},
		{class, "a comment", "RFC 8259 §2", claims(good[:len(good)-1] + "/* */}"), "comma"},
		{class, "a comma at the end", "RFC 8259 §4", within(`,`), "string"},
		{class, "single quotes", "RFC 8259 §7", within(`,'x':1`), "string"},
		{class, "NaN", "RFC 8259 §6", within(`,"x":NaN`), "value"},
		{class, "a leading zero", "RFC 8259 §6", within(`,"x":01`), "comma"},
		{class, "hexadecimal", "RFC 8259 §6", within(`,"x":0x10`), "comma"},
		{class, "a plus sign", "RFC 8259 §6", within(`,"x":+1`), "value"},
		{class, "a line end in a string", "RFC 8259 §7", within(",\"x\":\"a\nb\""), "control character"},
		{class, "an unknown escape", "RFC 8259 §7", within(`,"x":"\x41"`), "escape"},
		{
			class,
			"17 levels",
			"CVE-2020-36518",
			within(`,"x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16)),
			"deep",
		},
		{
			class,
			"17 levels in the header",
			"CVE-2020-36518",
			headed(`,"x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16)),
			"deep",
		},
		{class, "3000 levels", "CVE-2020-36518", within(`,"x":` + strings.Repeat("[", 3000)), "deep"},
		{class, "not closed", "RFC 8259 §4", claims(good[:len(good)-1]), "comma"},
		{class, "YAML", "RFC 8259 §2", claims("sub: ada"), "json"},
	}
}

// utf16LE is s in UTF-16, little-endian.
func utf16LE(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

// signatureAttacks leave everything as it was but the signature.
func signatureAttacks() []attack {
	const class, ed25519, rs256, why = "ECDSA signature", "Ed25519 signature", "RSA signature",
		"signature does not match"
	good, _ := jose.SplitCompact(goodToken())
	raw, _ := jose.DecodeBase64(good.Signature())
	with := func(signature []byte) string { return good.SigningInput() + "." + jose.EncodeBase64(signature) }
	pair := func(r, s []byte) string { return with(append(append([]byte{}, r...), s...)) }
	zero, one, r, s := make([]byte, 32), append(make([]byte, 31), 1), raw[:32], raw[32:]
	order := elliptic.P256().Params().N.Bytes()
	der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)})
	if err != nil {
		panic(err)
	}
	other, _ := jose.SplitCompact(bobsToken())
	eddsa, rsa := goodTokens()[jose.EdDSA], goodTokens()[jose.RS256]
	return []attack{
		{class, "two zeros", "CVE-2022-21449", pair(zero, zero), why},
		{class, "r zero", "CVE-2022-21449", pair(zero, s), why},
		{class, "s zero", "CVE-2022-21449", pair(r, zero), why},
		{class, "r and s one", "CVE-2022-21449", pair(one, one), why},
		{class, "r the order", "CVE-2022-21449", pair(order, s), why},
		{class, "s the order", "CVE-2022-21449", pair(r, order), why},
		{class, "both the order", "CVE-2022-21449", pair(order, order), why},
		{class, "all bits", "RFC 7518 §3.4", with(bytes.Repeat([]byte{0xFF}, 64)), why},
		{class, "r and s swapped", "RFC 7518 §3.4", pair(s, r), why},
		{class, "DER", "RFC 7518 §3.4", with(der), why},
		{class, "of 63 bytes", "RFC 7518 §3.4", with(raw[:63]), why},
		{class, "of 65 bytes", "RFC 7518 §3.4", with(append(append([]byte{}, raw...), 0)), why},
		{class, "of 65 bytes, zero first", "RFC 7518 §3.4", with(append([]byte{0}, raw...)), why},
		{class, "twice", "RFC 7518 §3.4", with(append(append([]byte{}, raw...), raw...)), why},
		{class, "of r alone", "RFC 7518 §3.4", with(r), why},
		{class, "of another token", "RFC 7515 §5.2", good.SigningInput() + "." + other.Signature(), why},
		{ed25519, "with S beyond the order", "RFC 8032 §5.1.7, CVE-2020-36843", addOrder(eddsa), why},
		{
			ed25519,
			"of zeros",
			"RFC 8032 §5.1.7",
			eddsa[:strings.LastIndex(eddsa, ".")+1] + strings.Repeat("A", 86),
			why,
		},
		{rs256, "of zero", "RFC 8017 §8.2.2", rsa[:strings.LastIndex(rsa, ".")+1] + strings.Repeat("A", 512), why},
		{
			rs256,
			"of one",
			"RFC 8017 §8.2.2",
			rsa[:strings.LastIndex(rsa, ".")+1] + strings.Repeat("A", 510) + "AB",
			why,
		},
		{rs256, "of another length", "RFC 8017 §8.2.2", rsa + "AAAA", why},
	}
}

// addOrder adds the order of the group to S, which an unchecked verifier does not notice.
func addOrder(token string) string {
	parts, _ := jose.SplitCompact(token)
	raw, _ := jose.DecodeBase64(parts.Signature())
	order, _ := new(
		big.Int,
	).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := raw[32:]
	reverse(s)
	new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(s)
	reverse(s)
	return parts.SigningInput() + "." + jose.EncodeBase64(raw)
}

// reverse turns b around in place.
func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

// sizeAttacks are meant to cost more than they are worth (JV-16).
func sizeAttacks() []attack {
	const class, why = "size", "bytes long"
	padded := func(n int) string {
		return forge(goodHeader(jose.ES256), goodClaims().with("x", quote(strings.Repeat("x", n))))
	}
	return []attack{
		{class, "a good token of over 8 KiB", "CVE-2025-30204", padded(5800), why},
		{class, "a good token of a mebibyte", "CVE-2025-30204", padded(1 << 20), why},
		{class, "a mebibyte of dots", "CVE-2025-30204, CVE-2025-27144", strings.Repeat(".", 1<<20), why},
		{class, "a mebibyte of letters", "CVE-2025-30204", strings.Repeat("A", 1<<20), why},
		{class, "8 KiB of dots", "CVE-2025-30204, CVE-2025-27144", strings.Repeat(".", 8<<10), "three parts"},
		{class, "8 KiB of letters", "CVE-2025-30204", strings.Repeat("A", 8<<10), "three parts"},
		{class, "a header of 8 KB", "CVE-2025-30204", strings.Repeat("A", 8000) + ".AA.AA", "json"},
		{
			class,
			"a signature of 7 KB",
			"CVE-2025-30204",
			goodToken() + strings.Repeat("A", 7000),
			"signature does not match",
		},
	}
}

// encryptionAttacks want something inflated, derived or decrypted (JV-17).
func encryptionAttacks() []attack {
	const class = "encryption"
	var small bytes.Buffer
	w, _ := flate.NewWriter(&small, flate.BestCompression)
	_, _ = w.Write([]byte(goodClaims().String()))
	_ = w.Close()
	jwe := func(header string) string { return jose.EncodeBase64([]byte(header)) + ".AA.AA.AA.AA" }
	h := goodHeader(jose.ES256)
	return []attack{
		{class, "JWE", "RFC 7516 §3.1, RFC 8725 §3.14", jwe(`{"alg":"RSA-OAEP","enc":"A128GCM"}`), "three parts"},
		{class, "JWE with a shared key", "RFC 7516 §3.1", jwe(`{"alg":"dir","enc":"A128GCM"}`), "three parts"},
		{
			class,
			"JWE that inflates",
			"CVE-2024-28180, RFC 8725 §3.15",
			jwe(`{"alg":"dir","enc":"A128GCM","zip":"DEF"}`),
			"three parts",
		},
		{
			class,
			"PBES2 of two thousand million rounds",
			"CVE-2023-6681, CVE-2022-36083",
			jwe(`{"alg":"PBES2-HS256+A128KW","p2c":2147483648,"p2s":"AA"}`),
			"three parts",
		},
		{
			class,
			"PBES2 in three parts",
			"CVE-2023-6681",
			forge(h.with("alg", `"PBES2-HS256+A128KW"`).with("p2c", "2147483648"), goodClaims()),
			"alg",
		},
		{
			class,
			"ECDH-ES off the curve",
			"CVE-2017-16007",
			jwe(`{"alg":"ECDH-ES","epk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}}`),
			"three parts",
		},
		{
			class,
			"claims that need inflating",
			"RFC 7516 §4.1.3",
			forge(h.with("zip", `"DEF"`), text(small.String())),
			"json",
		},
	}
}
