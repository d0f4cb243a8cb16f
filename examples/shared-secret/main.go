// Command shared-secret is one program that signs people in and checks their tokens with one
// secret (HS256). There is no key to publish and nothing to fetch; in return, no other
// program can check a token without being able to make one.
//
//	openssl rand -hex 32 > secret
//	go run ./examples/shared-secret
//	open http://localhost:8083/
package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/handstamp/handstamp"
	"github.com/handstamp/handstamp/verify"
)

// main serves until it is killed.
func main() {
	folder, port := cmp.Or(os.Getenv("FOLDER"), "."), cmp.Or(os.Getenv("PORT"), "8083")
	secret, err := os.ReadFile(filepath.Join(folder, "secret"))
	if err != nil {
		log.Fatalf("%v: make one with: openssl rand -hex 32 > secret", err)
	}
	handler, err := newHandler(folder, "http://localhost:"+port, bytes.TrimSpace(secret))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr: "127.0.0.1:" + port, Handler: handler,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	log.Printf("shared-secret: open http://localhost:%s/", port)
	log.Fatal(server.ListenAndServe())
}

// newHandler puts the sign-in server and the app that it protects together.
func newHandler(folder, url string, secret []byte) (http.Handler, error) {
	auth, err := handstamp.Open(context.Background(), handstamp.Config{
		PublicURL:     url + "/auth",
		Database:      "sqlite:" + filepath.Join(folder, "handstamp.db"),
		MasterKeyFile: filepath.Join(folder, "handstamp.key"),
		SharedSecret:  secret,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", auth)
	mux.Handle("GET /{$}", auth.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s\n", verify.FromContext(r.Context()).Subject)
	})))
	return mux, nil
}
