// Command service is a whole microservice that checks access tokens by itself. It knows only the
// issuer's URL: it fetches the public keys from there, hears of sessions that end, and asks nothing
// for each request.
//
//	ISSUER=http://localhost:8787 go run ./examples/service
//	curl -H "Authorization: Bearer $ACCESS_TOKEN" http://localhost:8081/hello
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/handstamp/handstamp/verify"
)

// main serves until it is killed.
func main() {
	issuer := cmp.Or(os.Getenv("ISSUER"), "http://localhost:8787")
	listen := cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:8081")

	key, err := serviceKey()
	if err != nil {
		log.Fatal(err)
	}
	v, err := verify.New(context.Background(), verify.Config{
		Issuer: issuer, Audience: cmp.Or(os.Getenv("AUDIENCE"), issuer),
		ServiceKey: key, // needless where the issuer is on loopback
	})
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()

	mux := http.NewServeMux()
	mux.Handle("GET /hello", v.RequireFunc(hello))
	mux.Handle("POST /danger", v.RequireFunc(danger, verify.Fresh(15*time.Minute)))
	mux.Handle("GET /admin", v.RequireFunc(hello, verify.Role("admin")))

	log.Printf("service: listening on http://%s for users of %s", listen, issuer)
	server := &http.Server{
		Addr: listen, Handler: mux,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// serviceKey returns the service key: from HANDSTAMP_SERVICE_KEY, or from the file that
// HANDSTAMP_SERVICE_KEY_FILE names, as places that mount secrets have it. Empty: there is none.
func serviceKey() (string, error) {
	file := os.Getenv("HANDSTAMP_SERVICE_KEY_FILE")
	if file == "" {
		return strings.TrimSpace(os.Getenv("HANDSTAMP_SERVICE_KEY")), nil
	}
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}

// hello answers whoever is signed in.
func hello(w http.ResponseWriter, r *http.Request) {
	s := verify.FromContext(r.Context())
	fmt.Fprintf(w, "hello %s, in session %s\n", s.Subject, s.ID)
}

// danger is only for somebody who has just signed in.
func danger(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "done")
}
