package verifytest_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/handstamp/handstamp/verify"
	"github.com/handstamp/handstamp/verify/verifytest"
)

// A protected handler is tested in four lines. In a test, t is its *testing.T.
func ExampleNewIssuer() {
	test := func(t testing.TB) {
		iss := verifytest.NewIssuer(t)
		h := iss.Verifier(t).Require(hello, verify.Role("admin"))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, iss.Request("GET", "/", verifytest.User("ada"), verifytest.Role("admin")))
		fmt.Println(w.Code, w.Body)

		w = httptest.NewRecorder()
		h.ServeHTTP(w, iss.Request("GET", "/", verifytest.User("bob")))
		fmt.Println(w.Code)
	}
	test(new(testing.B))
	// Output:
	// 200 hello ada
	// 403
}
