package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/secret"
)

// admitService lets in whoever shows a service key, and notes whose it is. In development, over
// http on loopback, whoever calls from this machine needs none; one that is shown must be good all
// the same.
func (m *Middleware) admitService(r *http.Request) error {
	if err := m.sameOrigin(r); err != nil {
		return err
	}
	if len(r.Header.Values("Authorization")) == 0 {
		if !m.site.HTTPS && m.site.ClientIP(r).IsLoopback() {
			return nil
		}
		return fault.New(fault.InvalidServiceKey).Because(errors.New("no key"))
	}
	key, err := m.serviceKey(r)
	if err != nil {
		return fault.New(fault.InvalidServiceKey).Because(err)
	}
	shown, err := m.services.Check(r.Context(), Caller(r), key)
	if err != nil {
		return err
	}
	visitOf(r).service = shown
	return nil
}

// serviceKey reads the key that a request shows: as Bearer (RFC 6750 §2.1), or as the password of
// Basic with the key's id as the name, where OAuth clients put it (RFC 6749 §2.3.1).
func (m *Middleware) serviceKey(r *http.Request) (secret.Text, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return secret.Text{}, errors.New("two credentials")
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	if strings.EqualFold(scheme, "Bearer") { // RFC 9110 §11.1
		return secret.New(strings.TrimLeft(rest, " ")), nil
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		return secret.Text{}, errors.New("neither Bearer nor Basic")
	}
	id, errName := url.QueryUnescape(name)
	text, errKey := url.QueryUnescape(password)
	key := secret.New(text)
	if named, ours := m.services.IDOf(key); errors.Join(errName, errKey) != nil || !ours || string(named) != id {
		return secret.Text{}, errors.New("the key that Basic names is not the one it shows")
	}
	return key, nil
}
