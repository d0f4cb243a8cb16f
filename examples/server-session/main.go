// Command server-session is a service that asks the server about every request, so that a session
// here is what it is in a plain server-side design: good exactly as long as the server says so.
// Each request costs one question to the server, and nothing works while the server is away. The
// feed, which other services use, costs neither.
//
//	ISSUER=http://localhost:8787 go run ./examples/server-session
//	curl -H "Authorization: Bearer $ACCESS_TOKEN" http://localhost:8084/
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
	v, err := verify.New(context.Background(), verify.Config{
		Issuer: issuer, Audience: cmp.Or(os.Getenv("AUDIENCE"), issuer), ServiceKey: os.Getenv("HANDSTAMP_SERVICE_KEY"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
	listen := cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:8084")
	server := &http.Server{
		Addr: listen, Handler: newHandler(v),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	log.Printf("server-session: listening on http://%s for users of %s", listen, issuer)
	log.Fatal(server.ListenAndServe())
}

// newHandler lets in whom the server knows to be signed in at this moment.
func newHandler(v *verify.Verifier) http.Handler {
	hello := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s\n", verify.FromContext(r.Context()).Subject)
	}
	return v.RequireFunc(hello, verify.MaxStaleness(0, verify.Introspect))
}
