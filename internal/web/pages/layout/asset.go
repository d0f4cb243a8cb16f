package layout

import (
	"crypto/sha256"
	_ "embed" // for the files beside this one
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/handstamp/handstamp/internal/fault"
)

// styleCSS is the one stylesheet.
//
//go:embed style.css
var styleCSS []byte

// iconSVG is what browsers show beside a title.
//
//go:embed icon.svg
var iconSVG []byte

// AssetPattern is the path of the route that Asset answers.
const AssetPattern = "/assets/{name}"

// Addresses of the assets: whatever is served under one never changes.
var (
	stylePath = "/assets/" + hashed(styleCSS) + ".css"
	iconPath  = "/assets/" + hashed(iconSVG) + ".svg"
)

// asset is a file that pages load.
type asset struct {
	body []byte
	kind string // its media type
}

// assets are all there are.
var assets = map[string]asset{ // path → file
	stylePath: {styleCSS, "text/css; charset=utf-8"},
	iconPath:  {iconSVG, "image/svg+xml; charset=utf-8"},
}

// hashed names a file after what is in it.
func hashed(file []byte) string {
	sum := sha256.Sum256(file)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// Asset answers with a file that browsers may keep for good.
func Asset(w http.ResponseWriter, r *http.Request) error {
	file, ok := assets["/assets/"+r.PathValue("name")]
	if !ok {
		return fault.New(fault.NotFound)
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", file.kind)
	h.Set("Content-Length", strconv.Itoa(len(file.body)))
	w.Write(file.body)
	return nil
}
