// Command websocket keeps a WebSocket open for as long as its session lives: it is closed when the
// session ends anywhere, and when the token expires. The client then refreshes, and connects again.
//
//	ISSUER=http://localhost:8787 go run ./websocket
//	websocat -H "Authorization: Bearer $ACCESS_TOKEN" ws://localhost:8085/echo
package main

import (
	"cmp"
	"context"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"golang.org/x/net/websocket"

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
	server := &http.Server{
		Addr: "127.0.0.1:8085", Handler: router(v),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// router has one route, for who is signed in. Require has looked at where a request comes from
// whose token came by cookie; a token in the header needs no such look, so there is no handshake of
// the library's own.
func router(v *verify.Verifier) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /echo", v.Require(websocket.Server{Handler: echo}))
	return mux
}

// echo says back what it hears. A connection that was taken over does not end with its request, so
// the session's context closes it.
func echo(conn *websocket.Conn) {
	r := conn.Request()
	ctx := verify.FromContext(r.Context()).Context(r.Context())
	defer context.AfterFunc(ctx, func() { _ = conn.WriteClose(1008); _ = conn.Close() })() // RFC 6455 §7.4.1: policy
	_, _ = io.Copy(conn, conn)
}
