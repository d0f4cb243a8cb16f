package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"strings"
	"sync"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store"
)

// The layout of a refresh token. protocol.md §4
const (
	refreshPrefix  = "hsr_" // lets secret scanners find a leaked token
	refreshVersion = 1
	macKeyID       = 1                            // the only MAC key so far
	bodyLength     = 1 + 1 + 16 + 4 + 8 + 8 + 4   // all before the MAC
	tokenLength    = bodyLength + sha256.Size     // bytes, before base64url
	textLength     = (tokenLength*8 + 6 - 1) / 6  // characters, without the prefix
	successorLabel = "successor"                  // separates the nonce's HMAC from the token's
	purposeMAC     = "refresh token MAC, key id " // and the id, for HKDF
)

// Refusals of Read. Neither reaches the database.
var (
	ErrNotRefreshToken = errors.New("not a refresh token of this server")
	ErrRefreshExpired  = errors.New("refresh token past its session's absolute end")
)

// Refresh is a refresh token, read: good MAC, not expired.
type Refresh struct {
	Session    store.SessionID
	Generation uint32
	Parent     store.Nonce
	Nonce      store.Nonce
	ExpiresAt  time.Time // the session's absolute end, whole seconds; never moved
}

// Refresher makes and reads refresh tokens. What it reads it has made: a stolen database
// mints nothing, since the MAC key is derived from the master key.
type Refresher struct{ macs sync.Pool } // of hash.Hash, keyed: keying one takes as long as signing

// NewRefresher derives the MAC key.
func NewRefresher(master secret.Master) *Refresher {
	key := master.Derive(purposeMAC + "1").Reveal()
	return &Refresher{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// NewNonce makes a random nonce.
func NewNonce() store.Nonce {
	return store.Nonce(secret.Random(len(store.Nonce{})))
}

// First returns the token that a new session's client gets.
func (r *Refresher) First(s store.Session) secret.Text {
	return r.write(Refresh{s.ID, s.Line.Generation + 1, s.Line.Nonce, NewNonce(), s.ExpiresAt})
}

// Successor returns the one token that follows t when nothing was lost: always the same
// bytes, so that it does not matter which of several answers arrives last.
func (r *Refresher) Successor(t Refresh) secret.Text {
	return r.write(Refresh{t.Session, t.Generation + 1, t.Nonce, r.successorNonce(t), t.ExpiresAt})
}

// Fork returns another successor of t, unlike every other.
func (r *Refresher) Fork(t Refresh) secret.Text {
	return r.write(Refresh{t.Session, t.Generation + 1, t.Nonce, NewNonce(), t.ExpiresAt})
}

// successorNonce is HMAC(key, "successor" ‖ sid ‖ generation ‖ nonce), truncated to 8 bytes.
func (r *Refresher) successorNonce(t Refresh) (n store.Nonce) {
	message := append([]byte(successorLabel), t.Session[:]...)
	message = binary.BigEndian.AppendUint32(message, t.Generation)
	message = append(message, t.Nonce[:]...)
	copy(n[:], r.mac(message))
	return n
}

// write lays a token out and signs it.
func (r *Refresher) write(t Refresh) secret.Text {
	body := make([]byte, 0, tokenLength)
	body = append(body, refreshVersion, macKeyID)
	body = append(body, t.Session[:]...)
	body = binary.BigEndian.AppendUint32(body, t.Generation)
	body = append(body, t.Parent[:]...)
	body = append(body, t.Nonce[:]...)
	body = binary.BigEndian.AppendUint32(body, uint32(t.ExpiresAt.Unix()))
	return secret.New(refreshPrefix + base64.RawURLEncoding.EncodeToString(append(body, r.mac(body)...)))
}

// mac signs a message.
func (r *Refresher) mac(message []byte) []byte {
	h := r.macs.Get().(hash.Hash)
	defer r.macs.Put(h)
	h.Reset()
	h.Write(message)
	return h.Sum(nil)
}

// Read checks a token's form, MAC and expiry, in this order, and touches nothing else. The
// error is ErrNotRefreshToken or, for a token that was one, ErrRefreshExpired.
func (r *Refresher) Read(text secret.Text, now time.Time) (Refresh, error) {
	t, err := r.ReadExpired(text)
	if err == nil && !now.Before(t.ExpiresAt) {
		err = ErrRefreshExpired
	}
	return t, err
}

// ReadExpired is Read for signing out, which an old token may do too.
func (r *Refresher) ReadExpired(text secret.Text) (Refresh, error) {
	body, ok := decode(text.Reveal())
	if !ok || body[0] != refreshVersion || body[1] != macKeyID {
		return Refresh{}, ErrNotRefreshToken
	}
	if !hmac.Equal(body[bodyLength:], r.mac(body[:bodyLength])) {
		return Refresh{}, ErrNotRefreshToken
	}
	t := Refresh{
		Generation: binary.BigEndian.Uint32(body[18:]),
		ExpiresAt:  time.Unix(int64(binary.BigEndian.Uint32(body[38:])), 0).UTC(),
	}
	copy(t.Session[:], body[2:])
	copy(t.Parent[:], body[22:])
	copy(t.Nonce[:], body[30:])
	return t, nil
}

// decode returns the token's bytes if text is their one spelling.
func decode(text string) ([]byte, bool) {
	encoded, ok := strings.CutPrefix(text, refreshPrefix)
	if !ok || len(encoded) != textLength {
		return nil, false
	}
	raw, err := jose.DecodeBase64(encoded)
	return raw, err == nil && len(raw) == tokenLength
}

// Present turns the token into a question to the store.
func (t Refresh) Present(from store.Client, window store.Window) store.Presented {
	return store.Presented{
		Session: t.Session, Generation: t.Generation, Parent: t.Parent, Nonce: t.Nonce, From: from, Window: window,
	}
}
