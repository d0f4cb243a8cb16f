package web_test

import "testing"

// TestHost answers under the public host however clients may write it, and under no other name.
// standards ER-10
func TestHost(t *testing.T) {
	const plain, port, local = "https://auth.example.com", "https://auth.example.com:8443", "http://auth.localhost"
	for _, tt := range []struct {
		publicURL, host string
		status          int
	}{
		{plain, "auth.example.com", 200},
		{plain, "AUTH.example.com", 200},
		{plain, "auth.example.com:443", 200},
		{plain, "auth.example.com:", 200},
		{plain, "auth.example.com.", 200},
		{plain, "auth.example.com.:443", 200},
		{plain, "auth.example.com:80", 421},
		{plain, "auth.example.com:8443", 421},
		{plain, "auth.example.com:0443", 421},
		{plain, "auth.example.com..", 421},
		{plain, ".auth.example.com", 421},
		{plain, "example.com", 421},
		{plain, "auth.example.com@evil.example", 421},
		{plain, "", 421},
		{plain, ":443", 421},
		{port, "auth.example.com:8443", 200},
		{port, "auth.example.com.:8443", 200},
		{port, "auth.example.com", 421},
		{port, "auth.example.com:443", 421},
		{local, "auth.localhost:80", 200},
		{local, "auth.localhost.", 200},
		{local, "auth.localhost:443", 421},
		{plain, "localhost:8787", 200},
		{plain, "localhost.:8787", 200},
		{plain, "127.0.0.1", 200},
		{plain, "[::1]:8787", 200},
		{plain, "[::1]", 200},
		{plain, "localhost.evil.example", 421},
		{plain, "[2001:db8::1]", 421},
	} {
		t.Run(tt.publicURL+" "+tt.host, func(t *testing.T) {
			guard(t, tt.publicURL).send(t, request{"", "GET /open", []string{"Host", tt.host}, tt.status, ""})
		})
	}
}
