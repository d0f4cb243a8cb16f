package api_test

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
)

// special provokes what is an operation's own, by its id.
var special = map[string]func(p *prober){ // operationId → what to try
	"signUp":            signUpSpecial,
	"signIn":            signInSpecial,
	"session":           func(*prober) {},
	"signOut":           signOutSpecial,
	"refresh":           refreshSpecial,
	"user":              func(*prober) {},
	"rename":            func(*prober) {},
	"deleteUser":        func(*prober) {},
	"export":            func(*prober) {},
	"changePassword":    changePasswordSpecial,
	"sessions":          func(*prober) {},
	"endOthers":         func(p *prober) { p.sendTo(p.now(), p.o.Path, "", p.bearer()) },
	"endSession":        endSessionSpecial,
	"revocations":       feedSpecial,
	"revocationStream":  feedSpecial,
	"introspect":        func(p *prober) { p.oauthSpecial(storetest.OpSession) },
	"revoke":            func(p *prober) { p.oauthSpecial(storetest.OpEndSession) },
	"jwks":              func(*prober) {},
	"metadata":          func(*prober) {},
	"metadataForOpenID": func(*prober) {},
	"description":       func(*prober) {},
}

// signUpSpecial signs up where nobody may, twice, and as a page.
func signUpSpecial(p *prober) {
	closed := startProber(p.t, p.o, map[string]string{"signup": "closed"})
	closed.send(p.now(), closed.good(), nil)
	maps.Copy(p.seen, closed.seen)
	page := strings.Replace(p.good(), "token", "cookie", 1)
	p.send(p.now(), page, []string{"Sec-Fetch-Site", "same-origin"})
	p.send(p.now(), page, nil) // cookies, and from nowhere
	p.send(p.now(), strings.Replace(page, "cookie", "token", 1), nil)
}

// signInSpecial signs in with a wrong password, and as a page.
func signInSpecial(p *prober) {
	p.send(p.now(), strings.Replace(p.good(), handstamptest.GoodPassword, "a password of somebody else", 1), nil)
	page := strings.Replace(p.good(), "token", "cookie", 1)
	p.send(p.now(), page, []string{"Sec-Fetch-Site", "same-origin"})
	p.send(p.now(), strings.Replace(page, "true", "false", 1), p.byPage())
}

// signOutSpecial signs out with nothing, with what is no token, and as a page.
func signOutSpecial(p *prober) {
	p.send(p.now(), "", nil)
	p.send(p.now(), `{"refresh_token":"hsr_x"}`, nil)
	p.send(p.now(), "", []string{"Authorization", "Bearer x"})
	p.send(p.now(), "", append(p.bearer(), "Authorization", "Bearer x"))
	p.send(p.now(), "", p.byPage())
}

// refreshSpecial refreshes as a page, with a token that was overtaken, one that was left
// behind, one of a session that is over, and none.
func refreshSpecial(p *prober) {
	p.send(p.now(), "", p.byPage())
	p.send(p.now(), "", nil)
	p.send(p.now(), `{"refresh_token":"hsr_x"}`, nil)
	first := p.refresh
	for range 2 {
		p.refresh = successorOf(p.send(p.now(), p.good(), nil).Body.String())
	}
	p.send(p.now(), `{"refresh_token":"`+first+`"}`, nil) // the direct parent, within grace: superseded
	p.refresh = successorOf(p.send(p.now(), p.good(), nil).Body.String())
	p.send(p.now(), `{"refresh_token":"`+first+`"}`, nil) // older: reuse_detected
}

// successorOf returns the refresh token of an answer.
func successorOf(body string) string {
	_, rest, _ := strings.Cut(body, `"refresh_token":"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// changePasswordSpecial returns a wrong current password, and gives up waiting.
func changePasswordSpecial(p *prober) {
	p.send(p.now(), strings.Replace(p.good(), handstamptest.GoodPassword, "a password of somebody else", 1), p.bearer())
	cancelled, cancel := context.WithCancel(p.now())
	cancel()
	p.send(cancelled, p.good(), p.bearer())
}

// endSessionSpecial ends what is not there, and the session that asks.
func endSessionSpecial(p *prober) {
	p.sendTo(p.now(), "/v1/user/sessions/AAAAAAAAAAAAAAAAAAAAAA", "", p.bearer())
	p.sendTo(p.now(), "/v1/user/sessions/"+p.other, "", p.byPage())
}

// oauthSpecial asks about ada's token while an operation of the store fails, and shows a password
// as a browser does from another site.
func (p *prober) oauthSpecial(failing storetest.Operation) {
	for _, failure := range []error{errors.New("bug"), outage(), nil} {
		p.faults.FailBefore(failing, failure)
		p.send(p.now(), p.good(), p.bearer())
	}
	p.send(p.now(), p.good(), []string{"Authorization", "Basic c3ZjX3g6eA==", "Sec-Fetch-Site", "cross-site", "Origin",
		"https://evil.example"})
}

// feedSpecial reads the feed while the log cannot be read.
func feedSpecial(p *prober) {
	for _, failure := range []error{errors.New("bug"), outage(), nil} {
		p.faults.FailBefore(storetest.OpHead, failure)
		p.send(p.now(), "", p.bearer())
	}
}
