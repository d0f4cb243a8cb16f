package api_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// signedIn is a server with somebody signed in, whose credentials are there to be bent.
type signedIn struct {
	*handstamptest.Server
	access, refresh string
}

// startSignedIn starts one.
func startSignedIn(t *testing.T) signedIn {
	t.Helper()
	s := handstamptest.Start(t, handstamptest.Options{})
	s.MustUser("ada@example.com")
	in := s.Program(phone).SignIn("ada@example.com")
	return signedIn{s, in.Text("access_token"), in.Text("refresh_token")}
}

// raw sends a request with these header lines as they are.
func (s signedIn) raw(method, path string, lines ...string) handstamptest.Answer {
	head := method + " " + path + " HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	return s.Raw(head + "\r\n")
}

// unreadable reports whether an answer is net/http's own, for what is no HTTP request.
func unreadable(a handstamptest.Answer) bool {
	return (a.Status == 400 || a.Status == 431) && strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain")
}

// TestBadAuthorization sends headers that were bent by chance, in every place of them.
// standards JV-18
func TestBadAuthorization(t *testing.T) {
	s := startSignedIn(t)
	before := s.Dump()
	chance := rand.New(rand.NewPCG(18, 18))
	for i := range 1000 {
		value := bentAuthorization(chance, s.access)
		got := s.raw("GET", "/v1/user", "Authorization: "+value)
		if !unreadable(got) {
			refused(t, fmt.Sprintf("%d: %q", i, value), got)
		}
		if t.Failed() {
			return
		}
	}
	if after := s.Dump(); after != before {
		t.Errorf("something has changed:\n%s\nwas:\n%s", after, before)
	}
	s.raw("GET", "/v1/user", "Authorization: Bearer "+s.access).Want(200)
}

// bentAuthorization returns a header that no signed-in client sends.
func bentAuthorization(chance *rand.Rand, token string) string {
	scheme := pick(chance, "Bearer ", "bearer ", "BEARER  ", "Bearer\t", "Bearer", "Bearer,", "Basic ", "Digest ",
		"DPoP ", "", " ", "Bearer Bearer ", "Bearer\x00")
	parts := strings.Split(token, ".")
	switch chance.IntN(10) {
	case 0:
		return scheme + randomBytes(chance, 64)
	case 1:
		return scheme + token[:chance.IntN(len(token))]
	case 2:
		return scheme + replaceAt(token, chance.IntN(len(token)), randomBytes(chance, 2))
	case 3:
		return scheme + parts[1] + "." + parts[0] + "." + parts[2]
	case 4:
		return scheme + parts[chance.IntN(3)] + "." + parts[chance.IntN(2)] + "."
	case 5:
		return scheme + strings.Repeat(".", chance.IntN(9000))
	case 6:
		return scheme + strings.Repeat(pick(chance, "A", "eyJ", token), 1+chance.IntN(12)) + "="
	case 7:
		return scheme + `"` + token + `"`
	case 8:
		return scheme + token + pick(chance, "=", ".", "\x80", ", Bearer "+token, " "+token, ";", "%00", "\r\n x")
	}
	return pick(chance, "token="+token, token, "Bearer token="+token, "Bearer:"+token, "JWT "+token,
		"Bearer "+strings.ToUpper(token))
}

// pick returns one of several texts.
func pick(chance *rand.Rand, texts ...string) string { return texts[chance.IntN(len(texts))] }

// randomBytes returns up to n bytes of any value, but at least one.
func randomBytes(chance *rand.Rand, n int) string {
	b := make([]byte, 1+chance.IntN(n))
	for i := range b {
		b[i] = byte(chance.UintN(256))
	}
	return string(b)
}

// replaceAt puts other where text has one byte, and never the same byte.
func replaceAt(text string, at int, other string) string {
	if other == text[at:at+1] {
		other += "A"
	}
	return text[:at] + other + text[at+1:]
}

// TestBadCookies sends Cookie headers that were bent by chance. standards CK-13, CK-15
func TestBadCookies(t *testing.T) {
	s := startSignedIn(t)
	before := s.Dump()
	chance := rand.New(rand.NewPCG(15, 15))
	for i := range 500 {
		value := bentCookies(chance, s.access, s.refresh)
		for _, request := range []string{"GET /v1/user", "POST /v1/session/refresh"} {
			method, path, _ := strings.Cut(request, " ")
			got := s.raw(method, path, "Sec-Fetch-Site: same-origin", "Cookie: "+value)
			if !unreadable(got) {
				refused(t, fmt.Sprintf("%d: %s: %q", i, request, value), got)
			}
		}
		if t.Failed() {
			return
		}
	}
	if after := s.Dump(); after != before {
		t.Errorf("something has changed:\n%s\nwas:\n%s", after, before)
	}
	s.raw("GET", "/v1/user", "Cookie: hs_access="+s.access).Want(200)
	s.raw("POST", "/v1/session/refresh", "Sec-Fetch-Site: same-origin", "Cookie: hs_refresh="+s.refresh).Want(200)
}

// bentCookies returns a Cookie header that holds no good credential under its own name.
func bentCookies(chance *rand.Rand, access, refresh string) string {
	name := pick(chance, "hs_access", "hs_refresh")
	switch chance.IntN(9) {
	case 0:
		return randomBytes(chance, 200)
	case 1:
		return name + "=" + randomBytes(chance, 200)
	case 2: // one kind in place of the other
		return "hs_access=" + refresh + "; hs_refresh=" + access
	case 3: // many, none of them good
		return strings.Repeat(name+"=x; ", 1+chance.IntN(300))
	case 4:
		return strings.Repeat(";", chance.IntN(1000)) + name + "==; =" + access
	case 5: // names that are not ours, or not here
		return pick(chance, "HS_ACCESS", "__Host-Http-hs_access", "__Host-hs_access", "__Secure-hs_access",
			" hs_access2", "$hs_access") + "=" + access
	case 6: // too large for any header
		return name + "=" + strings.Repeat("A", 1+chance.IntN(30_000))
	case 7: // bent
		return "hs_access=" + replaceAt(access, chance.IntN(len(access)), "~") + "; hs_refresh=" + replaceAt(refresh,
			chance.IntN(len(refresh)), "~")
	}
	return name + `="` + pick(chance, "", "x", "\\", `\"`) + `"` + randomBytes(chance, 4)
}

// badRequest is bytes that are no request of ours.
type badRequest struct {
	name    string
	request string
	status  int
	code    string // of the problem; empty: net/http answers
}

// TestBadRequests sends what no HTTP client sends: lines broken in the wrong place, lengths
// that contradict each other, other hosts and methods. standards ER-06, ER-07, ER-10
func TestBadRequests(t *testing.T) {
	s := startSignedIn(t)
	body := `{"email":"ada@example.com","password":"` + handstamptest.GoodPassword + `"}`
	post := func(lines string) string {
		return "POST /v1/session HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nContent-Type: application/json\r\n" +
			lines + "\r\n"
	}
	get := func(path, lines string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n" + lines + "\r\n"
	}
	tests := []badRequest{
		{"line feed in a header", get("/v1/user", "Authorization: Bearer a\nX-Role: admin\r\n"), 400, ""},
		{"carriage return in a header", get("/v1/user", "Authorization: Bearer a\rX-Role: admin\r\n"), 400, ""},
		{"NUL in a header", get("/v1/user", "Authorization: Bearer a\x00b\r\n"), 400, ""},
		{"space before the colon", get("/v1/user", "Authorization : Bearer a\r\n"), 400, ""},
		{"no colon", get("/v1/user", "Authorization\r\n"), 400, ""},
		{"two hosts", get("/v1/user", "Host: evil.example\r\n"), 400, ""},
		{"another host", strings.Replace(get("/v1/user", ""), "HOST", "evil.example", 1), 421, "wrong_host"},
		{"another host by an absolute address",
			"GET http://evil.example/v1/user HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", 421, "wrong_host"},
		{"a host that ends like ours", strings.Replace(get("/v1/user", ""), "HOST", "localhost.evil.example", 1), 421,
			"wrong_host"},
		{"no host", "GET /v1/user HTTP/1.1\r\nConnection: close\r\n\r\n", 400, ""},
		{"length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400, ""},
		{"two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n") + body, 400, ""},
		{"negative length", post("Content-Length: -1\r\n") + body, 400, ""},
		{"length with a sign", post("Content-Length: +5\r\n") + body, 400, ""},
		{"unknown transfer coding", post("Transfer-Encoding: gzip\r\n") + body, 501, ""},
		{"obfuscated transfer coding", post("Transfer-Encoding: xchunked\r\n") + body, 501, ""},
		{"bad chunk", post("Transfer-Encoding: chunked\r\n") + "zz\r\n" + body + "\r\n0\r\n\r\n", 400,
			"malformed_body"},
		{"chunk without an end", post("Transfer-Encoding: chunked\r\n") + "-1\r\n", 400, "malformed_body"},
		{"head too large", get("/v1/user", strings.Repeat("X-Fill: "+strings.Repeat("a", 1000)+"\r\n", 30)), 431, ""},
		{"address too large", get("/v1/user?"+strings.Repeat("a", 40_000), ""), 431, ""},
		{"tab in the address", get("/v1/us\ter", ""), 400, ""},
		{"dots", get("/v1/../v1/user", ""), 404, "not_found"},
		{"escaped dots", get("/v1/%2e%2e/v1/user", ""), 404, "not_found"},
		{"two slashes", get("/v1//user", ""), 404, "not_found"},
		{"escaped slash", get("/v1%2fuser", ""), 404, "not_found"},
		{"slash at the end", get("/v1/user/", ""), 404, "not_found"},
		{"in capitals", get("/V1/user", ""), 404, ""},
		{"bad escape", get("/v1/%zz", ""), 400, ""},
		{"method of no route", "PUT /v1/user HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", 405,
			"method_not_allowed"},
		{"made-up method", "STEAL /v1/user HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n", 405,
			"method_not_allowed"},
		{"tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n", 421, ""},
		{"method override", post("X-HTTP-Method-Override: DELETE\r\nContent-Length: 2\r\n") + "{}", 400,
			"invalid_request"},
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n", 400, ""},
	}
	before := s.Dump()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.Raw(tt.request)
			if got.Status != tt.status {
				t.Fatalf("%.300q = %d, want %d: %.300s", tt.request, got.Status, tt.status, got.Body)
			}
			if tt.code != "" {
				refused(t, tt.name, got)
			}
			if tt.code != "" && got.Text("code") != tt.code {
				t.Errorf("%.300q: %s, want %s", tt.request, got.Body, tt.code)
			}
			if got.Status == 405 && got.Header.Get("Allow") == "" {
				t.Errorf("%.300q: no Allow beside 405", tt.request)
			}
		})
	}
	if after := s.Dump(); after != before {
		t.Errorf("something has changed:\n%s\nwas:\n%s", after, before)
	}
}
