package pages_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/internal/web"
	"github.com/handstamp/handstamp/internal/web/pages/pagestest"
)

// Agents of two devices.
const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
	phone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/18.0 Mobile/15E148 Safari/604.1"
)

// friend is another origin that people may go back to.
const friend = "https://notes.example.com"

// place is a whole server whose pages a test opens, under a public URL of the test's choice.
type place struct {
	*handstamptest.Server
	site   web.Site
	log    logtest.Log
	faults *storetest.FaultStore
}

// open starts a place under publicURL.
func open(t testing.TB, publicURL string, settings ...string) *place {
	t.Helper()
	p := &place{faults: storetest.NewFaultStore()}
	given := map[string]string{"public_url": publicURL, "allowed_origins": friend}
	for i := 0; i+1 < len(settings); i += 2 {
		given[settings[i]] = settings[i+1]
	}
	p.Server = handstamptest.Start(t, handstamptest.Options{
		Settings: given, Log: &p.log, Wrap: p.faults.Wrap,
	})
	var err error
	if p.site, err = web.NewSite(publicURL, nil, nil); err != nil {
		t.Fatal(err)
	}
	return p
}

// breakDatabase has the database answer nothing that signs anybody in or changes a user.
func (p *place) breakDatabase() { p.failDatabase(fault.New(fault.StorageUnavailable)) }

// mendDatabase has it answer again.
func (p *place) mendDatabase() { p.failDatabase(nil) }

// failDatabase has these operations fail; nil: no longer.
func (p *place) failDatabase(err error) {
	for _, o := range []storetest.Operation{
		storetest.OpRotate, storetest.OpUserByEmail, storetest.OpCreateUser, storetest.OpEndSession,
		storetest.OpRenameUser,
		storetest.OpChangePassword, storetest.OpDeleteUser, storetest.OpCreateFirstAdmin,
	} {
		p.faults.FailBefore(o, err)
	}
}

// browser is somebody's, with a jar of its own.
type browser struct {
	*handstamptest.Person
	place *place
	t     testing.TB
}

// navigation is what a browser says when a person follows a link on our own pages.
var navigation = http.Header{
	"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"},
	"Accept": {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
}

// browser returns one that holds no cookies.
func (p *place) browser(t testing.TB, agent string) *browser {
	person := p.Program(agent)
	person.URL = p.site.Origin
	maps.Copy(person.Header, navigation)
	return &browser{person.In(t), p, t}
}

// in returns the same browser, with the same jar, for a subtest.
func (b *browser) in(t testing.TB) *browser { return &browser{b.In(t), b.place, t} }

// twin returns another browser that holds the same cookies, for acting at once.
func (b *browser) twin() *browser { return &browser{b.Twin(), b.place, b.t} }

// answer is a response, read.
type answer struct {
	handstamptest.Answer
	t testing.TB
}

// send sends a request as a navigation from our own pages. Headers are name, value; an
// empty value takes the header away. Origin is there because our pages let it be.
func (b *browser) send(method, path, body string, headers ...string) answer {
	b.t.Helper()
	once := b.In(b.t)
	once.Header = b.Header.Clone()
	if method == http.MethodPost {
		once.Header.Set("Origin", b.place.site.Origin)
		once.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			once.Header.Del(headers[i])
		} else {
			once.Header.Set(headers[i], headers[i+1])
		}
	}
	return answer{once.Do(method, path, body), b.t}
}

// get opens a page.
func (b *browser) get(path string, headers ...string) answer {
	b.t.Helper()
	return b.send("GET", path, "", headers...)
}

// post sends a form; fields are name, value.
func (b *browser) post(path string, fields ...string) answer {
	b.t.Helper()
	return b.send("POST", path, fill(fields...))
}

// fill encodes a form; fields are name, value.
func fill(fields ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return values.Encode()
}

// signIn signs a user of MustUser in, for good.
func (b *browser) signIn(email string) {
	b.t.Helper()
	b.post(b.place.site.Prefix+"/signin", "email", email, "password", handstamptest.GoodPassword, "remember",
		"yes").leads("/account")
}

// The cookies of a place under https.
const (
	accessCookie  = "__Host-Http-hs_access"
	refreshCookie = "__Host-Http-hs_refresh"
)

// forgetAccess drops the access cookie, as browsers do when it expires.
func (b *browser) forgetAccess() { b.SetCookie(accessCookie, "") }

// takeCookies has the browser hold another's cookies, beside its own.
func (b *browser) takeCookies(from *browser) {
	for _, name := range []string{accessCookie, refreshCookie} {
		if value := from.Cookie(name); value != "" {
			b.SetCookie(name, value)
		}
	}
}

// want ends the test unless the status is as wanted.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("status = %d, want %d; Location %q; body: %s", a.Status, status, a.Header.Get("Location"), a.Body)
	}
	return a
}

// leads ends the test unless the answer sends the browser on to the address, with a GET.
func (a answer) leads(location string) answer {
	a.t.Helper()
	a.want(http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != location {
		a.t.Fatalf("Location = %q, want %q", got, location)
	}
	return a
}

// page ends the test unless the answer is a sound page with this status.
func (a answer) page(status int) answer {
	a.t.Helper()
	a.want(status)
	if got := a.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		a.t.Fatalf("Content-Type = %q, want HTML with its charset", got)
	}
	pagestest.Sound(a.t, []byte(a.Body))
	return a
}

// shows checks that the page says texts.
func (a answer) shows(texts ...string) answer {
	a.t.Helper()
	pagestest.Shows(a.t, []byte(a.Body), texts...)
	return a
}

// hides checks that the page holds none of texts.
func (a answer) hides(texts ...string) answer {
	a.t.Helper()
	pagestest.Hides(a.t, []byte(a.Body), texts...)
	return a
}

// sets checks how many cookies the answer sets or clears.
func (a answer) sets(n int) answer {
	a.t.Helper()
	if got := a.Header.Values("Set-Cookie"); len(got) != n {
		a.t.Errorf("Set-Cookie = %q, want %d of them", got, n)
	}
	return a
}

// find returns what the first group of pattern matches in the body.
func (a answer) find(pattern string) string {
	a.t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(a.Body)
	if found == nil {
		a.t.Fatalf("no %s in %s", pattern, a.Body)
	}
	return found[1]
}

// token returns the token of the page's forms. On the list of devices there are forms when
// another session can be ended.
func (a answer) token() string {
	a.t.Helper()
	return a.find(`name="form_token" value="([^"]+)"`)
}

// named returns a combination of headers a name for its subtest.
func named(headers []string) string { return strings.ReplaceAll(fmt.Sprint(headers), "/", "_") }
