// Command gin protects the routes of a gin engine. Gin has handlers of its own kind, so
// Authenticate decides and Refuse answers.
//
//	ISSUER=http://localhost:8787 go run ./gin
//	curl -H "Authorization: Bearer $ACCESS_TOKEN" http://localhost:8083/hello
package main

import (
	"cmp"
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

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
		Addr: "127.0.0.1:8083", Handler: engine(v),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// engine has a route for anyone, one for who is signed in, and one for admins.
func engine(v *verify.Verifier) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.Recovery())
	r.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "welcome\n") })
	signedIn := r.Group("/", require(v))
	signedIn.GET("/hello", hello)
	signedIn.GET("/admin", require(v, verify.Role("admin")), hello)
	return r
}

// require lets a request go on with a good access token that meets every demand. Handlers find the
// session by verify.FromContext, as they do everywhere.
func require(v *verify.Verifier, demands ...verify.Demand) gin.HandlerFunc {
	return func(c *gin.Context) {
		s, err := v.Authenticate(c.Request, demands...)
		if err != nil {
			v.Refuse(c.Writer, c.Request, err)
			c.Abort() // without it the next handler would run
			return
		}
		c.Request = c.Request.WithContext(verify.NewContext(c.Request.Context(), s))
		c.Next()
	}
}

// hello greets whoever the token belongs to.
func hello(c *gin.Context) {
	c.String(http.StatusOK, "hello %s\n", verify.FromContext(c.Request.Context()).Subject)
}
