package server_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/audit"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/secret"
	"github.com/handstamp/handstamp/internal/store/storetest"
	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/logtest"
	"github.com/handstamp/handstamp/internal/user"
	"github.com/handstamp/handstamp/internal/web"
)

// TestCanaryFinds holds the search itself to finding what it shall.
func TestCanaryFinds(t *testing.T) {
	c := &handstamptest.Canaries{}
	password := c.Fresh("password")
	for name, text := range map[string]string{
		"whole": password, "piece": "x" + password[9:9+handstamptest.Gram] + "x",
		"hex":    hex.EncodeToString([]byte(password[:handstamptest.Gram])),
		"base64": base64.StdEncoding.EncodeToString([]byte(password)),
	} {
		if kind, _ := c.In(`{"msg":"` + text + `"}`); kind != "password" {
			t.Errorf("%s: In() = %q, want password", name, kind)
		}
	}
	short := password[:handstamptest.Gram-1] + "-" + password[handstamptest.Gram:2*handstamptest.Gram-1]
	if kind, piece := c.In(short); kind != "" {
		t.Errorf("In() found %s in %q, want nothing in pieces that short", kind, piece)
	}
}

// nest is a server full of secrets.
type nest struct {
	*handstamptest.Server
	t      *testing.T
	canary handstamptest.Canaries
	log    *logtest.Log
	faults *storetest.FaultStore
	users  int
}

// startNest starts one whose master key and signing key are looked for.
func startNest(t *testing.T) *nest {
	t.Helper()
	n := &nest{t: t, log: &logtest.Log{}, faults: storetest.NewFaultStore()}
	key := filepath.Join(t.TempDir(), "test.key")
	n.Server = handstamptest.Start(t,
		handstamptest.Options{Settings: map[string]string{"master_key_file": key}, Log: n.log, Wrap: n.faults.Wrap})
	text, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	n.canary.Plant("master key", strings.TrimSpace(string(text)))
	master, err := secret.ParseMaster(secret.New(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	n.canary.Plant("derived key", string(master.Derive("refresh token MAC, key id 1").Reveal()))
	private, err := n.Keys.Active(n.Clock.Now()).MarshalPKCS8()
	if err != nil {
		t.Fatal(err)
	}
	n.canary.Plant("signing key", string(private))
	return n
}

// victim is somebody whose every secret is looked for.
type victim struct {
	email, password, access, refresh string
}

// newVictim signs a new user in.
func (n *nest) newVictim() victim {
	n.t.Helper()
	n.users++
	v := victim{email: fmt.Sprintf("ada%d@example.com", n.users), password: n.canary.Fresh("password")}
	fresh := user.Fresh{Email: v.email, Password: secret.New(v.password)}
	if _, err := n.Users.Create(n.t.Context(), audit.Operator(), fresh); err != nil {
		n.t.Fatal(err)
	}
	in := n.Program("curl").Do("POST", "/v1/session", `{"email":"`+v.email+`","password":"`+v.password+`"}`).Want(201)
	v.access, v.refresh = in.Text("access_token"), in.Text("refresh_token")
	n.canary.Plant("access token", v.access[strings.Index(v.access, "."):]) // its header is no secret
	n.canary.Plant("refresh token", v.refresh)
	return v
}

// look looks at an answer, unless it went well: only then a token may be in it.
func (n *nest) look(what string, a handstamptest.Answer) {
	n.t.Helper()
	if a.Status < 400 {
		return
	}
	if kind, piece := n.canary.In(a.Body); kind != "" {
		n.t.Errorf("%s: the refusal holds %q of a %s: %s", what, piece, kind, a.Body)
	}
	for name, values := range a.Header {
		if kind, piece := n.canary.In(strings.Join(values, "\n")); kind != "" {
			n.t.Errorf("%s: header %s of the refusal holds %q of a %s", what, name, piece, kind)
		}
	}
}

// headers are the ways to send secrets beside a body, good and bad ones.
func (n *nest) headers(v victim) [][]string {
	stray := func() string { return n.canary.Fresh("stray secret") }
	return [][]string{
		nil,
		{"Authorization", "Bearer " + v.access},
		{"Authorization", "Bearer " + v.access, "Cookie", "hs_access=" + stray()},
		{"Authorization", "Bearer " + v.access, "Authorization", "Bearer " + stray()},
		{"Authorization", "Bearer " + stray()},
		{"Authorization", "Bearer " + stray() + "." + stray() + "." + stray()},
		{"Authorization", "Bearer " + v.access + stray()},
		{"Authorization", "Bearer " + n.misnamed(stray())},
		{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:"+stray()))},
		{"Authorization", stray()},
		{"Authorization", "Bearer " + v.refresh},
		{"Cookie", "hs_access=" + v.access + "; hs_refresh=" + v.refresh, "Sec-Fetch-Site", "same-origin"},
		{"Cookie", "hs_access=" + v.access + "; hs_refresh=" + v.refresh, "Sec-Fetch-Site", "cross-site"},
		{"Cookie", "hs_access=" + stray() + "; hs_access=" + stray() + "; hs_refresh=" + stray() + "; hs_refresh=" +
			stray(), "Sec-Fetch-Site", "same-origin"},
		{"Cookie", stray() + "=" + stray(), "Origin", "https://" + stray() + ".example"},
		{"Host", stray() + ".example"},
		{"Content-Type", stray() + "/" + stray()},
		{"If-None-Match", `"` + stray() + `"`, "Referer", "http://localhost/?token=" + stray(), "X-Forwarded-For",
			stray()},
	}
}

// misnamed is a token whose header says a secret where it should name algorithm and key.
func (n *nest) misnamed(stray string) string {
	header := `{"alg":"` + stray + `","kid":"` + stray + `","typ":"` + stray + `"}`
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + stray + "." + stray
}

// contents are bodies with secrets in them, good ones and bad ones.
func (n *nest) contents(route web.Route, v victim) []string {
	stray := n.canary.Fresh("stray secret")
	n.users++
	all := []string{
		"",
		fmt.Sprintf(`{"email":"new%d@example.com","password":%q}`, n.users, stray),
		`{"email":"` + v.email + `","password":"` + v.password + `"}`,
		`{"email":"` + v.email + `","password":"` + stray + `"}`,
		`{"email":"` + stray + `","password":"` + stray + `"}`,
		`{"email":"` + v.email + `","password":"` + stray + `","transport":"` + stray + `"}`,
		`{"current_password":"` + stray + `","new_password":"` + stray + `"}`,
		`{"current_password":"` + v.password + `","new_password":"short"}`,
		`{"refresh_token":"` + v.refresh + `"}`,
		`{"refresh_token":"` + v.refresh + stray + `"}`,
		`{"refresh_token":["` + stray + `"]}`,
		`{"password":"` + stray,
		`{"password":"` + stray + `","password":"` + stray + `"}`,
		stray,
	}
	if strings.HasPrefix(route.Pattern, "POST /") && !strings.HasPrefix(route.Pattern, "POST /v1/") {
		all = append(all, "email="+v.email+"&password="+stray, "email="+v.email+"&password="+stray+"&form_token="+stray,
			"password="+stray+"&password="+stray, "password=%zz"+stray)
	}
	return all
}

// torment calls a route in every way there is here.
func (n *nest) torment(route web.Route) {
	n.t.Helper()
	method, path, _ := strings.Cut(route.Pattern, " ")
	stray := func() string { return n.canary.Fresh("secret in a path") }
	path = strings.NewReplacer("{$}", "", "{id}", stray(), "{name}", stray(), "{token}", stray()).Replace(path)
	v := n.newVictim()
	path += "?access_token=" + v.access + "&password=" + v.password + "&token=" + n.canary.Fresh("secret in a query")
	for i, headers := range n.headers(v) {
		bodies := n.contents(route, v)
		if i > 1 { // every body, and every header, but not each with each
			bodies = bodies[:2]
		}
		for _, body := range bodies {
			if body != "" && !strings.HasPrefix(body, "{") && len(headers) == 0 {
				headers = []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
			}
			n.look(route.Pattern+" "+fmt.Sprint(headers), n.Program("curl").Do(method, path, body, headers...))
		}
	}
}

// endings has sessions refused for every reason, and the database fail.
func (n *nest) endings() {
	n.t.Helper()
	ask := func(v victim) {
		n.t.Helper()
		p := n.Program("curl")
		n.look("refresh", p.Do("POST", "/v1/session/refresh", `{"refresh_token":"`+v.refresh+`"}`))
		n.look("user", p.Do("GET", "/v1/user", "", "Authorization", "Bearer "+v.access))
	}
	reused := n.newVictim()
	next := n.Program("curl").Do("POST", "/v1/session/refresh", `{"refresh_token":"`+reused.refresh+`"}`).Want(200)
	n.canary.Plant("refresh token", next.Text("refresh_token"))
	n.Clock.Advance(time.Hour)
	n.Program("curl").Do("POST", "/v1/session/refresh", `{"refresh_token":"`+next.Text("refresh_token")+`"}`).Want(200)
	n.Clock.Advance(time.Hour)
	ask(reused)

	disabled := n.newVictim()
	u, err := n.Users.Find(n.t.Context(), audit.Operator(), disabled.email)
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.Users.Disable(n.t.Context(), audit.Operator(), u.ID); err != nil {
		n.t.Fatal(err)
	}
	ask(disabled)

	unlucky := n.newVictim()
	full := fault.New(fault.StorageUnavailable).Because(errors.New("the disk is full"))
	for _, err := range []error{full, errors.New("a bug")} {
		for _, failing := range []storetest.Operation{
			storetest.OpRotate, storetest.OpUser, storetest.OpUserByEmail, storetest.OpBegin,
		} {
			n.faults.FailBefore(failing, err)
			ask(unlucky)
			n.look("sign in", n.Program("curl").Do("POST", "/v1/session",
				`{"email":"`+unlucky.email+`","password":"`+unlucky.password+`"}`))
			n.faults.FailBefore(failing, nil)
		}
	}
	n.Clock.Advance(40 * 24 * time.Hour)
	ask(unlucky)
	if _, err := n.Keys.Rotate(n.t.Context(), audit.Operator(), n.Clock.Now()); err != nil {
		n.t.Fatal(err)
	}
}

// TestNoSecretIsPrinted drives every route into every refusal with secrets in every place,
// and finds no piece of one in the log at level debug, in a refusal, or in what a program
// would print of the parts that hold them. standards LG-01
func TestNoSecretIsPrinted(t *testing.T) {
	n := startNest(t)
	for _, route := range n.Routes() {
		n.torment(route)
	}
	n.endings()
	if kind, piece := n.canary.In(n.log.String()); kind != "" {
		log := n.log.String()
		at := strings.Index(log, piece)
		t.Errorf("the log holds %q of a %s: …%s…", piece, kind, log[max(0, at-300):min(len(log), at+100)])
	}
	if lines := strings.Count(n.log.String(), "\n"); lines < 500 {
		t.Errorf("the log has %d lines: was nothing asked?", lines)
	}
	parts := map[string]any{
		"keys": n.Keys, "key": n.Keys.Active(n.Clock.Now()), "key set": n.Keys.Keys(),
		"sessions": n.Sessions, "users": n.Users,
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for name, part := range parts {
			if kind, piece := n.canary.In(fmt.Sprintf(verb, part)); kind != "" {
				t.Errorf("Sprintf(%q, %s) holds %q of a %s", verb, name, piece, kind)
			}
		}
	}
}

// TestCanarySinging proves that the search would notice: a log with a token in it fails.
func TestCanarySinging(t *testing.T) {
	n := startNest(t)
	v := n.newVictim()
	fmt.Fprintf(n.log, "{\"msg\":\"request\",\"url\":\"/?access_token=%s\"}\n", v.access)
	if kind, _ := n.canary.In(n.log.String()); kind != "access token" {
		t.Errorf("In() = %q, want access token", kind)
	}
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := key.MarshalPKCS8()
	if err != nil {
		t.Fatal(err)
	}
	n.canary.Plant("signing key", string(der))
	if kind, _ := n.canary.In(base64.StdEncoding.EncodeToString(der)); kind != "signing key" {
		t.Errorf("In() = %q, want signing key", kind)
	}
}
