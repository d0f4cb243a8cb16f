package postgres_test

import (
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/store/postgres"
)

// TestCheckURL says what is wrong with a URL and shows nothing of it, whatever pgx takes for the
// password.
func TestCheckURL(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"postgres://ada:canary7@db.example/x?sslmode=canary8", "sslmode is none of"},
		{"postgres://ada:canary7:more@h1:1,h2:2/x?sslmode=canary8", "sslmode is none of"},
		{"postgres://ada:canary7@db.example:99999/x", "port is no number"},
		{"postgres://ada:canary7@db.example/x?connect_timeout=canary8", "connect_timeout is no number"},
		{"postgres://ada:canary7@db.example/x?target_session_attrs=canary8", "target_session_attrs"},
		{"postgres://ada:canary7@db.example/x?service=canary8", "service is not in the file"},
		{"postgres://ada:canary7@db.example/x?pool_max_conns=canary8", "pool_"},
		{"postgres://ada:canary7@db.example/x?statement_cache_capacity=canary8", "cache_capacity"},
		{"postgres://ada:canary7@db.example/x?default_query_exec_mode=canary8", "a parameter of its URL"},
		{"postgres://ada:canary7@db.example/x?sslmode=verify-full&sslrootcert=/canary8",
			"the file of sslrootcert cannot be read: no such file"},
		{"postgres://ada:canary7@db.example/x?sslkey=canary8", "one without the other"},
		{"postgres://ada:canary7@db.example/x", ""},
	} {
		err := postgres.CheckURL(test.url)
		switch {
		case (err == nil) != (test.want == ""):
			t.Errorf("CheckURL(%q) = %v, want %q", test.url, err, test.want)
		case err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") ||
			strings.Contains(err.Error(), "more")):
			t.Errorf("CheckURL(%q) = %v, want %q and nothing of the URL", test.url, err, test.want)
		}
	}
}
