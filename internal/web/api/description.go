package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/handstamp/handstamp/internal/web"
)

// described is the description of the surface, written by hand and held to the program by
// tests. docs/api.md is made from it.
//
//go:embed openapi.json
var described []byte

// describedURL is the public URL that the description is written for, as it stands there.
const describedURL = `"url": "http://localhost:8787"`

// descriptionRoutes is the table of the one route that tools learn the others from.
func descriptionRoutes(publicURL string) []web.Route {
	return []web.Route{{
		Pattern: "GET /openapi.json", Access: web.Anyone, CORS: web.AnyOrigin,
		Handler: web.NoBody(description(publicURL)),
	}}
}

// Document returns the description of a server with this public URL.
func Document(publicURL string) []byte {
	url, err := jsontext.AppendQuote([]byte(`"url": `), publicURL)
	if err != nil {
		panic(err) // only for a URL that is not UTF-8, which config does not let in
	}
	return bytes.Replace(described, []byte(describedURL), url, 1)
}

// description answers with the description: bytes made once.
func description(publicURL string) web.HandlerFunc {
	document := Document(publicURL)
	sum := sha256.Sum256(document)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return func(w http.ResponseWriter, r *http.Request) error {
		h := w.Header()
		h.Set("Cache-Control", "public, max-age=3600")
		h.Set("ETag", etag)
		if matches(r.Header.Get("If-None-Match"), etag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(document))) // too long for net/http to count by itself
		w.Write(document)
		return nil
	}
}
