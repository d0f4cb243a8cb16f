package verify

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
)

// reject counts and logs a refusal and fills in its realm. r is nil where no request is known. What
// an address sends that is being slowed is left out of the log.
func (v *Verifier) reject(r *http.Request, e *Error, token string) *Error {
	if e.realm == "" {
		e.realm = v.config.Audience
	}
	v.metrics.add(e.counter)
	log := v.config.Logger
	switch {
	case e.Code == CodeMissingToken, !log.Enabled(context.Background(), slog.LevelDebug):
	case r != nil && e.forged && v.bad.Slows(v.config.ClientAddress(r)):
	default:
		log.Debug("access refused", "code", string(e.Code), "token", v.marker.mark(token), "error", e.cause)
	}
	return e
}

// marker tells tokens apart in a log without giving them away. Its key is drawn when it is made, so
// that nobody can look for a token in a log, or compare logs of two processes.
type marker struct{ key [32]byte }

// newMarker draws a key
func newMarker() *marker {
	m := new(marker)
	rand.Read(m.key[:]) // never fails, by its contract
	return m
}

// mark is 64 bits of an HMAC of the token; empty for none
func (m *marker) mark(token string) string {
	if token == "" {
		return ""
	}
	mac := hmac.New(sha256.New, m.key[:])
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// clientAddress is where a request comes from, when Config.ClientAddress does not say; not valid
// when its server does not know either
func clientAddress(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr()
}
