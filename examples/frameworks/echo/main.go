// Command echo protects the routes of an echo server. Echo has handlers of its own kind, so
// Authenticate decides and Refuse answers.
//
//	ISSUER=http://localhost:8787 go run ./echo
//	curl -H "Authorization: Bearer $ACCESS_TOKEN" http://localhost:8084/hello
package main

import (
	"cmp"
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v5"

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
		Addr: "127.0.0.1:8084", Handler: app(v),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// app has a route for anyone, one for who is signed in, and one for admins.
func app(v *verify.Verifier) http.Handler {
	e := echo.New()
	e.GET("/", func(c *echo.Context) error { return c.String(http.StatusOK, "welcome\n") })
	signedIn := e.Group("", require(v))
	signedIn.GET("/hello", hello)
	signedIn.GET("/admin", hello, require(v, verify.Role("admin")))
	return e
}

// require lets a request go on with a good access token that meets every demand. Handlers find the
// session by verify.FromContext, as they do everywhere.
func require(v *verify.Verifier, demands ...verify.Demand) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			s, err := v.Authenticate(c.Request(), demands...)
			if err != nil {
				v.Refuse(c.Response(), c.Request(), err)
				return nil // answered; an error would be answered again
			}
			c.SetRequest(c.Request().WithContext(verify.NewContext(c.Request().Context(), s)))
			return next(c)
		}
	}
}

// hello greets whoever the token belongs to.
func hello(c *echo.Context) error {
	return c.String(http.StatusOK, "hello "+verify.FromContext(c.Request().Context()).Subject+"\n")
}
