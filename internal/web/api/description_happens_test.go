package api_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/api/openapi"
)

// unprovoked are answers that are described and that no request alone brings about.
var unprovoked = []string{
	// Nothing but a bug makes these fail: they ask nobody.
	"GET /v1/session: 500 internal",
	"GET /.well-known/jwks.json: 500 internal",
	"GET /.well-known/oauth-authorization-server: 500 internal",
	"GET /.well-known/openid-configuration: 500 internal",
	"GET /openapi.json: 500 internal",
}

// patient is an engine that reads users for callers who have given up, so that these get as
// far as the password.
type patient struct{ store.Store }

// User returns one user.
func (p patient) User(ctx context.Context, id store.UserID) (store.User, error) {
	return p.Store.User(context.WithoutCancel(ctx), id)
}

// UserByEmail returns the user of an address.
func (p patient) UserByEmail(ctx context.Context, key string) (store.User, error) {
	return p.Store.UserByEmail(context.WithoutCancel(ctx), key)
}

// prober provokes the answers of one operation, on a server of its own.
type prober struct {
	*handstamptest.Server
	t       *testing.T
	o       *openapi.Operation
	faults  *storetest.FaultStore
	access  string          // ada's, or a service key
	refresh string          // ada's
	cookies string          // of ada's browser
	other   string          // the id of ada's session in the browser
	people  int             // who have signed up, or tried
	seen    map[string]bool // status and code
}

// startProber starts one. ada is signed in with a program and with a browser.
func startProber(t *testing.T, o *openapi.Operation, settings map[string]string) *prober {
	t.Helper()
	faults := storetest.NewFaultStore()
	wrap := func(engine store.Store) store.Store { return patient{faults.Wrap(engine)} }
	s := handstamptest.Start(t, handstamptest.Options{Wrap: wrap, Settings: settings})
	s.MustUser("ada@example.com")
	in := s.Program(phone).SignIn("ada@example.com")
	browser := s.Browser(firefox)
	other := browser.SignIn("ada@example.com").Text("session.id")
	p := &prober{
		s, t, o, faults, in.Text("access_token"), in.Text("refresh_token"), browser.Cookies("/"), other, 0,
		map[string]bool{},
	}
	if o.Access == web.Service.String() {
		_, p.access = s.MustService("prober")
	}
	return p
}

// good is the body that the operation takes, empty if none. Each time somebody else signs up.
func (p *prober) good() string {
	p.people++
	fill := strings.NewReplacer("REFRESH", p.refresh, "new@", fmt.Sprintf("new%d@", p.people))
	return fill.Replace(goodBodies[p.o.Pattern()] + goodForms[p.o.Pattern()])
}

// bearer is the header that shows ada's access token.
func (p *prober) bearer() []string { return []string{"Authorization", "Bearer " + p.access} }

// byPage is what ada's browser sends from a page of the server.
func (p *prober) byPage() []string {
	return []string{"Cookie", p.cookies, "Sec-Fetch-Site", "same-origin"}
}

// send sends a request of the operation and notes the answer. Headers are name, value, …
func (p *prober) send(ctx context.Context, body string, headers []string) *httptest.ResponseRecorder {
	p.t.Helper()
	path := strings.Replace(p.o.Path, "{id}", p.other, 1)
	if p.o.Pattern() == "DELETE /v1/user/sessions" {
		path += "?keep=current"
	}
	return p.sendTo(ctx, path, body, headers)
}

// sendTo is send for an address of its own.
func (p *prober) sendTo(ctx context.Context, path, body string, headers []string) *httptest.ResponseRecorder {
	p.t.Helper()
	r := httptest.NewRequestWithContext(ctx, p.o.Method, path, strings.NewReader(body))
	r.Host = strings.TrimPrefix(p.URL, "http://")
	r.Header.Set("User-Agent", phone)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if p.o.Body.IsForm() {
		r.Header.Set("Content-Type", openapi.FormType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Del(headers[i])
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	w := untilFlushed{httptest.NewRecorder(), func() {}}
	if p.o.ID == "revocationStream" {
		ctx, cancel := context.WithCancel(ctx)
		r, w.flushed = r.WithContext(ctx), cancel
	}
	p.ServeHTTP(w, r)
	p.note(handstamptest.Exchange{p.o.Method, path, body, w.Code, w.Header(), w.Body.String()})
	return w.ResponseRecorder
}

// untilFlushed records an answer that goes on, up to its first piece.
type untilFlushed struct {
	*httptest.ResponseRecorder
	flushed func()
}

// Flush ends it.
func (w untilFlushed) Flush() {
	w.ResponseRecorder.Flush()
	w.flushed()
}

// note judges an answer and keeps its status and code.
func (p *prober) note(e handstamptest.Exchange) {
	p.t.Helper()
	for _, wrong := range handstamptest.Judge(e) {
		p.t.Error(wrong)
	}
	p.seen[kindOf(e.Status, codeOf(e.Body))] = true
}

// kindOf names an answer by its status and its code, if it has one.
func kindOf(status int, code string) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + code)
}

// codeOf returns the code of a problem, or OAuth's, empty for anything else.
func codeOf(body string) string {
	_, rest, problem := strings.Cut(body, `"code":"`)
	if !problem {
		_, rest, _ = strings.Cut(body, `"error":"`)
	}
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// now is the context of a caller who waits.
func (p *prober) now() context.Context { return p.t.Context() }

// refusals are what every operation of this kind refuses.
func (p *prober) refusals() {
	p.send(p.now(), "", []string{"Host", "evil.example"})
	large := p.Program(phone).
		Do(p.o.Method, strings.Replace(p.o.Path, "{id}", p.other, 1), "", "X-Large", strings.Repeat("x", 32<<10))
	p.seen[kindOf(large.Status, "")] = true
	if p.o.Body != nil {
		p.send(p.now(), "{", p.bearer())
		p.send(p.now(), `{"x":1}`, p.bearer())
		p.send(p.now(), strings.Repeat(" ", 65<<10), p.bearer())
		p.send(p.now(), "{}", append(p.bearer(), "Content-Type", "text/plain"))
	}
	if p.o.Access != web.Anyone.String() {
		p.send(p.now(), p.good(), nil)
		p.send(p.now(), p.good(), []string{"Authorization", "Bearer x"})
		p.send(p.now(), p.good(), append(p.bearer(), "Authorization", "Bearer x"))
	}
	if p.o.Method == http.MethodGet {
		p.send(p.now(), "", []string{"Cookie", p.cookies, "Sec-Fetch-Site", "cross-site", "Upgrade", "websocket"})
		return
	}
	p.send(p.now(), p.good(), []string{"Cookie", p.cookies, "Sec-Fetch-Site", "cross-site"})
}

// troubles are what happens when the parts below fail, each operation of the store in its turn.
func (p *prober) troubles() {
	operations := []storetest.Operation{
		storetest.OpUser, storetest.OpUserByEmail, storetest.OpCreateUser, storetest.OpRenameUser, storetest.OpBegin,
		storetest.OpRotate, storetest.OpLiveSessions, storetest.OpAllSessions, storetest.OpEndSession,
		storetest.OpEndOtherSessions, storetest.OpChangePassword, storetest.OpDeleteUser,
	}
	gone := map[storetest.Operation]fault.Code{ // operation → what it says of somebody who is gone
		storetest.OpUser:       fault.UserNotFound,
		storetest.OpRenameUser: fault.UserNotFound,
		storetest.OpDeleteUser: fault.UserNotFound,
		storetest.OpBegin:      fault.InvalidCredentials,
	}
	p.faults.Asked()
	cancelled, cancel := context.WithCancel(p.t.Context())
	cancel()
	p.send(cancelled, p.good(), p.bearer())
	for _, operation := range operations {
		failures := []error{errors.New("bug"), fault.New(fault.StorageUnavailable)}
		if code := gone[operation]; code != "" && p.o.ID != "signIn" {
			failures = append(failures, fault.New(code))
		}
		for _, failure := range failures {
			p.faults.FailBefore(operation, failure)
			if p.dependsOn(operation) {
				p.send(p.now(), p.good(), p.bearer())
			}
		}
		p.faults.FailBefore(operation, nil)
	}
}

// dependsOn reports whether the API's operation asks the store for one of its own.
func (p *prober) dependsOn(operation storetest.Operation) bool {
	return slices.ContainsFunc(dependents, func(d dependent) bool {
		path, _, _ := strings.Cut(strings.Replace(d.path, "OTHER", "{id}", 1), "?")
		return d.operation == operation && d.method == p.o.Method && path == p.o.Path
	}) || p.o.ID == "user" && operation == storetest.OpUser || p.o.ID == "export" && operation == storetest.OpUser
}

// successes are what the operation is for.
func (p *prober) successes() {
	got := p.send(p.now(), p.good(), p.bearer())
	if etag := got.Header().Get("ETag"); etag != "" {
		p.send(p.now(), "", []string{"If-None-Match", etag})
	}
}

// late comes too late, on a server of its own: the sign-in is old, then the token.
func (p *prober) late() {
	other := startProber(p.t, p.o, nil)
	if p.o.Access == web.Fresh.String() {
		other.Clock.Advance(web.FreshFor + time.Minute)
		other.access = other.Program(phone).
			Do("POST", "/v1/session/refresh", `{"refresh_token":"`+other.refresh+`"}`).
			Want(200).
			Text("access_token")
		other.send(other.now(), other.good(), other.bearer())
	}
	other.Clock.Advance(time.Hour)
	other.send(other.now(), other.good(), other.bearer())
	maps.Copy(p.seen, other.seen)
}

// TestDescribedHappens brings about every answer that the description gives of every
// operation, so that it promises no more than happens; that no other happens is judged in
// every test. standards ER-01, ER-09
func TestDescribedHappens(t *testing.T) {
	for _, o := range description(t).Operations() {
		t.Run(o.Pattern(), func(t *testing.T) {
			p := startProber(t, o, nil)
			p.refusals()
			p.troubles()
			bringAbout, ok := special[o.ID]
			if !ok {
				t.Fatalf("%s is new: say in special how its own refusals come about", o.ID)
			}
			bringAbout(p)
			p.successes()
			p.late()
			var want []string
			for _, r := range o.Responses {
				for _, code := range append(r.Value.Codes(), "") {
					if code == "" && len(r.Value.Codes()) > 0 ||
						slices.Contains(unprovoked, o.Pattern()+": "+r.Name+" "+code) {
						continue
					}
					want = append(want, strings.TrimSpace(r.Name+" "+code))
				}
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(p.seen))); diff != "" {
				t.Errorf("what is described and what happened differ (-described +happened):\n%s", diff)
			}
		})
	}
}
