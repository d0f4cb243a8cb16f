// Command jwt-only is the plainest service there is: bearer tokens, checked with keys from a
// file. It keeps nothing, calls nobody, and an access token is good until it expires.
//
//	curl -s http://localhost:8787/.well-known/jwks.json > jwks.json
//	ISSUER=http://localhost:8787 JWKS=jwks.json go run ./examples/jwt-only
//	curl -H "Authorization: Bearer $ACCESS_TOKEN" http://localhost:8082/
//
// When the server rotates its keys, the file must be fetched again: a new key is published
// six minutes before it signs.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// main serves until it is killed.
func main() {
	issuer := cmp.Or(os.Getenv("ISSUER"), "http://localhost:8787")
	keys, err := os.ReadFile(cmp.Or(os.Getenv("JWKS"), "jwks.json"))
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(issuer, keys)
	if err != nil {
		log.Fatal(err)
	}
	address := cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:8082")
	server := &http.Server{
		Addr: address, Handler: handler,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	log.Printf("jwt-only: listening on http://%s for users of %s", server.Addr, issuer)
	log.Fatal(server.ListenAndServe())
}

// newHandler protects the one route with the issuer's keys.
func newHandler(issuer string, keys []byte) (http.Handler, error) {
	v, err := verify.New(context.Background(), verify.Config{
		Issuer: issuer, Audience: cmp.Or(os.Getenv("AUDIENCE"), issuer),
		Keys:       verify.StaticJWKS(keys),
		NoRedirect: true, // for programs alone: a browser gets 401 too
	})
	if err != nil {
		return nil, err
	}
	return v.RequireFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s\n", verify.FromContext(r.Context()).Subject)
	}), nil
}
