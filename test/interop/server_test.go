package interop_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// server is a running handstamp.
type server struct {
	issuer    string
	jwks      string // URL, as its metadata says
	algorithm string
}

// issued is a token that a server gave, and what it says.
type issued struct {
	Token    string
	Subject  string `json:"sub"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// mustBuild builds the program from this tree.
func mustBuild(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "handstamp")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/handstamp")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// mustServe runs a server that signs with one algorithm and publishes a key of another too: a
// verifier has to choose by kid, as it has to while keys rotate.
func mustServe(t *testing.T, program, algorithm string) server {
	t.Helper()
	front := httptest.NewUnstartedServer(nil) // known by its URL before the server picks a port
	s := server{issuer: "http://" + front.Listener.Addr().String(), algorithm: algorithm}
	folder := t.TempDir()
	run := func(signing string, words ...string) *exec.Cmd {
		return exec.CommandContext(
			t.Context(), program,
			append(
				words, "--signing-alg", signing, "--public-url", s.issuer, "--database",
				"sqlite:"+filepath.Join(folder, "handstamp.db"), "--master-key-file",
				filepath.Join(folder, "handstamp.key"),
			)...)
	}
	other := algorithms[(slices.Index(algorithms, algorithm)+1)%len(algorithms)]
	serve := func(signing string) (cmd *exec.Cmd, line string) {
		t.Helper()
		cmd = run(signing, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "", "--log-level", "warn")
		line, err := mustStart(t, cmd).ReadString('\n')
		if err != nil {
			t.Fatalf("handstamp serve: %v", err)
		}
		return cmd, line
	}
	first, _ := serve(algorithm) // makes the database, and the key that signs
	// This one waits.
	if out, err := run(other, "key", "rotate").CombinedOutput(); err != nil {
		t.Fatalf("handstamp key rotate: %v\n%s", err, out)
	}
	first.Cancel()
	first.Wait()
	_, line := serve(other)
	_, address, _ := strings.Cut(line, "listening on ")
	address, _, _ = strings.Cut(address, " ")
	front.Config.Handler = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: address})
		r.Out.Host = r.In.Host
	}}
	front.Start()
	t.Cleanup(front.Close)
	s.jwks = s.mustReadMetadata(t)
	return s
}

// mustReadMetadata returns the URL of the key set. Both documents must name it and the issuer.
func (s server) mustReadMetadata(t *testing.T) (jwks string) {
	t.Helper()
	for _, name := range []string{"oauth-authorization-server", "openid-configuration"} {
		var metadata struct {
			Issuer string `json:"issuer"`
			JWKS   string `json:"jwks_uri"`
		}
		mustSend(t, http.MethodGet, s.issuer+"/.well-known/"+name, "").want(t, http.StatusOK).mustRead(t, &metadata)
		if metadata.Issuer != s.issuer || metadata.JWKS == "" {
			t.Fatalf("%s = %+v, want issuer %s and a jwks_uri", name, metadata, s.issuer)
		}
		jwks = metadata.JWKS
	}
	return jwks
}

// mustSignUp makes a user and returns the token that comes with it.
func (s server) mustSignUp(t *testing.T) issued {
	t.Helper()
	return s.mustSignUpAs(t, "ada")
}

// mustSignUpAs is mustSignUp under a name.
func (s server) mustSignUpAs(t *testing.T, name string) issued {
	t.Helper()
	var answer struct {
		Token string `json:"access_token"`
	}
	person := `{"email": "` + name + `@example.com", "password": "violet teapots orbit quietly", "transport": "token"}`
	mustSend(
		t, http.MethodPost, s.issuer+"/v1/users", person, "Content-Type", "application/json",
	).want(t, http.StatusCreated).
		mustRead(t, &answer)
	parts := strings.Split(answer.Token, ".")
	if len(parts) != 3 {
		t.Fatalf("access_token = %q, want three parts", answer.Token)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	i := issued{Token: answer.Token}
	if err := json.Unmarshal(claims, &i); err != nil {
		t.Fatal(err)
	}
	return i
}

// demand is what a service insists on when all is well.
func (s server) demand(i issued) demand {
	return demand{
		Token: i.Token, JWKS: s.jwks, Issuer: s.issuer, Audience: s.issuer, Type: "at+jwt", Algorithm: s.algorithm,
		Now: time.Now().Unix(), Leeway: int64(leeway.Seconds()),
	}
}

// flipped returns the token with one bit of its signature changed, all else well formed.
func (i issued) flipped() string {
	at := strings.LastIndexByte(i.Token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(i.Token[at:])
	if err != nil {
		panic(err) // a part of mustSignUp's token
	}
	signature[len(signature)/4] ^= 1
	return i.Token[:at] + base64.RawURLEncoding.EncodeToString(signature)
}
