// Command chi protects the routes of a chi router. Require is a plain net/http middleware, so chi
// takes it as it is.
//
//	ISSUER=http://localhost:8787 go run ./chi
//	curl -H "Authorization: Bearer $ACCESS_TOKEN" http://localhost:8082/hello
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/handstamp/handstamp/verify"
)

// main serves until it is killed.
func main() {
	issuer := cmp.Or(os.Getenv("ISSUER"), "http://localhost:8787")
	v, err := verify.New(context.Background(),
		verify.Config{Issuer: issuer, Audience: cmp.Or(os.Getenv("AUDIENCE"), issuer)})
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
	server := &http.Server{
		Addr: "127.0.0.1:8082", Handler: router(v),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// router has a route for anyone, one for who is signed in, and one for admins.
func router(v *verify.Verifier) http.Handler {
	r := chi.NewRouter()
	r.Get("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "welcome") })
	r.Group(func(r chi.Router) {
		r.Use(require(v))
		r.Get("/hello", hello)
		r.With(require(v, verify.Role("admin"))).Get("/admin", hello)
	})
	return r
}

// require is v.Require in the form that chi's Use and With take.
func require(v *verify.Verifier, demands ...verify.Demand) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return v.Require(next, demands...) }
}

// hello greets whoever the token belongs to.
func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "hello", verify.FromContext(r.Context()).Subject)
}
