package server

import (
	"bytes"
	"fmt"
	"sync/atomic"
)

// repeater sends the same requests again and again.
type repeater struct {
	requests [][]byte
	want     int // status
	sent     int
}

// next returns the next question.
func (c *repeater) next() []byte {
	c.sent++
	return c.requests[c.sent%len(c.requests)]
}

// take wants the one status.
func (c *repeater) take(a answer) error { return wantStatus(a, c.want) }

// wantStatus is an error for any other status.
func wantStatus(a answer, want int) error {
	if a.status != want {
		return fmt.Errorf("answer %d, want %d: %s", a.status, want, a.body)
	}
	return nil
}

// refresher holds sessions, and refreshes one after the other with the token that it got last.
type refresher struct {
	tokens []string
	at     int
}

// next returns a refresh with the newest token of the session.
func (c *refresher) next() []byte {
	return request("POST /v1/session/refresh", "", refreshBody(c.tokens[c.at]))
}

// take keeps the successor.
func (c *refresher) take(a answer) error {
	if err := wantStatus(a, 200); err != nil {
		return err
	}
	c.tokens[c.at] = member(a.body, "refresh_token")
	if c.tokens[c.at] == "" {
		return fmt.Errorf("no refresh token in %s", a.body)
	}
	c.at = (c.at + 1) % len(c.tokens)
	return nil
}

// refreshBody carries a refresh token.
func refreshBody(token string) string { return `{"refresh_token":"` + token + `"}` }

// member returns a text of an answer of ours by its name, wherever it stands; no text of ours that
// is read so has an escape in it.
func member(body []byte, name string) string {
	_, rest, _ := bytes.Cut(body, []byte(`"`+name+`":"`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

// signOuts signs out of sessions, each once.
type signOuts struct{ tokens []string }

// next returns the sign-out of the next one.
func (c *signOuts) next() []byte {
	token := c.tokens[0]
	c.tokens = c.tokens[1:]
	return request("DELETE /v1/session", "", refreshBody(token))
}

// take wants the session ended.
func (c *signOuts) take(a answer) error { return wantStatus(a, 204) }

// signUps makes users, each with an address that nobody has.
type signUps struct{ number *atomic.Int64 }

// next returns the sign-up of the next one.
func (c signUps) next() []byte {
	return request("POST /v1/users", "", credentials(fmt.Sprintf("new-%d@example.com", c.number.Add(1))))
}

// take wants a user made.
func (c signUps) take(a answer) error { return wantStatus(a, 201) }

// goodPassword is everybody's.
const goodPassword = "violet teapots orbit quietly"

// credentials returns a body with an address and everybody's password.
func credentials(email string) string {
	return `{"email":"` + email + `","password":"` + goodPassword + `"}`
}
