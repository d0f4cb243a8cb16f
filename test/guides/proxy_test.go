package guides

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/test/handstamptest"
	"github.com/handstamp/handstamp/internal/test/programtest"
)

// publicHost is the host of the guide.
const publicHost = "id.example.com"

// site is the guide's machine: a server, and what a proxy before it needs.
type site struct {
	server string // address of the server
	proxy  string // where the proxy is to listen
	folder string
	roots  *x509.CertPool // trusts the proxy's certificate
	cert   string         // file
	key    string         // file
}

// startSite runs the server with the settings of the guide.
func startSite(t *testing.T) site {
	t.Helper()
	s := site{server: freeAddress(t), proxy: freeAddress(t), folder: t.TempDir()}
	s.certify(t)
	settings := strings.ReplaceAll(block(t, "toml"), "/var/lib/handstamp", s.folder)
	file := s.write(t, "handstamp.toml", settings)
	program := filepath.Join(s.folder, "handstamp")
	if err := programtest.Build(s.folder, "cmd/handstamp"); err != nil {
		t.Fatal(err)
	}
	command := strings.NewReplacer("handstamp.toml", file, "handstamp serve", program+" serve").Replace(block(t, "sh"))
	background(t, "exec "+command, []string{
		"HANDSTAMP_LISTEN=" + s.server, "HANDSTAMP_OPS_LISTEN=", "HANDSTAMP_LOG_LEVEL=error",
		"HANDSTAMP_TRUSTED_PROXIES=127.0.0.1", // the visitor comes from 127.0.0.2
	})
	awaitAnswer(t, s.server)
	return s
}

// block returns the one block of the guide with this info.
func block(t *testing.T, info string) string {
	t.Helper()
	for _, b := range readGuide(t, "guide-proxy.md") {
		if b.Info == info {
			return b.Text
		}
	}
	t.Fatalf("docs/guide-proxy.md has no block of %s", info)
	return ""
}

// write makes a file in the site's folder and returns its name.
func (s site) write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(s.folder, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// certify makes a certificate for the public host.
func (s *site) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: publicHost}, DNSNames: []string{publicHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	s.roots = x509.NewCertPool()
	s.roots.AppendCertsFromPEM(cert)
	s.cert = s.write(t, "cert.pem", string(cert))
	s.key = s.write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// writeNginx makes a file of nginx's settings that stays in the foreground, with these about HTTP.
func (s site) writeNginx(t *testing.T, http string) string {
	t.Helper()
	return s.write(t, "nginx.conf", "daemon off;\nmaster_process off;\npid "+filepath.Join(s.folder, "pid")+
		";\nevents {}\nhttp {\naccess_log off;\n"+http+"}\n")
}

// behindProxy forgets what proxies say of themselves, so that the rest of an answer is the
// server's.
type behindProxy struct{ http.RoundTripper }

// RoundTrip sends a request.
func (b behindProxy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Header.Del("Server")
	answer.Header.Del("Via")
	return answer, nil
}

// visitor returns a browser at 127.0.0.2 that finds the public host at the proxy.
func (s site) visitor(t *testing.T) *handstamptest.Person {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, s.proxy)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	p := handstamptest.NewPerson("https://"+publicHost, "a browser").Through(t, behindProxy{transport})
	p.Header.Set("Origin", p.URL)
	p.Header.Set("X-Forwarded-For", "203.0.113.9") // a lie
	p.Header.Set("X-Forwarded-Host", "evil.example")
	p.Header.Set("Forwarded", "host=evil.example;proto=http")
	return p
}

// holds checks what the guide promises, through the proxy.
func (s site) holds(t *testing.T) {
	t.Helper()
	browser := s.visitor(t)
	up := browser.Do("POST", "/v1/users", `{"email":"ada@example.com","password":"violet teapots orbit quietly"}`)
	for _, cookie := range up.Want(http.StatusCreated).Cookies() {
		if !cookie.Secure || !strings.HasPrefix(cookie.Name, "__Host-Http-hs_") {
			t.Errorf("cookie %s, secure %v, want __Host-Http- and Secure", cookie.Name, cookie.Secure)
		}
	}
	if len(up.Cookies()) != 2 || up.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%d cookies, Strict-Transport-Security %q, want two and one",
			len(up.Cookies()), up.Header.Get("Strict-Transport-Security"))
	}
	list := browser.Do("GET", "/v1/user/sessions", "").Want(http.StatusOK)
	if !strings.Contains(list.Body, `"ip":"127.0.0.2"`) {
		t.Errorf("sessions = %s, want the visitor's own address", list.Body)
	}
	metadata := browser.Do("GET", "/.well-known/oauth-authorization-server", "")
	if !strings.Contains(metadata.Body, `"issuer":"https://`+publicHost+`"`) {
		t.Errorf("metadata = %s, want the public URL as issuer", metadata.Body)
	}
	browser.Do("DELETE", "/v1/session", "").Want(http.StatusNoContent)
}

// TestNginx runs nginx with the guide's block.
func TestNginx(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	server := strings.NewReplacer(
		"listen 443", "listen "+s.proxy, "127.0.0.1:8787", s.server,
		"/etc/ssl/id.example.com.pem", s.cert, "/etc/ssl/id.example.com.key", s.key,
	).Replace(block(t, "nginx"))
	temps := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temps += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(s.folder, kind))
	}
	file := s.writeNginx(t, temps+server)
	background(t, "PATH=$PATH:/usr/sbin exec nginx -e stderr -c "+file, nil)
	awaitAnswer(t, s.proxy)
	s.holds(t)
}

// TestCaddy runs Caddy with the guide's block. The certificate is ours: none is to be had for
// the guide's host.
func TestCaddy(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	host := strings.NewReplacer(
		"127.0.0.1:8787", s.server, publicHost+" {", publicHost+" {\n    tls "+s.cert+" "+s.key,
	).Replace(block(t, "caddyfile"))
	_, port, err := net.SplitHostPort(s.proxy)
	if err != nil {
		t.Fatal(err)
	}
	// Without HTTP/3, as freeAddress returns ports of TCP.
	file := s.write(t, "Caddyfile", "{\n    admin off\n    auto_https disable_redirects\n    https_port "+port+
		"\n    default_bind 127.0.0.1\n    servers {\n        protocols h1 h2\n    }\n    log {\n        level ERROR\n"+
		"    }\n}\n"+host)
	background(t, "exec caddy run --adapter caddyfile --config "+file,
		[]string{"HOME=" + s.folder, "XDG_DATA_HOME=" + s.folder, "XDG_CONFIG_HOME=" + s.folder})
	awaitAnswer(t, s.proxy)
	s.holds(t)
}

// TestWrongHost asks the server under a name that is not its own.
func TestWrongHost(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	for host, want := range map[string]int{
		"evil.example": http.StatusMisdirectedRequest, publicHost: http.StatusOK, "localhost": http.StatusOK,
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.server+"/.well-known/jwks.json", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("Host %s = %d, want %d", host, answer.StatusCode, want)
		}
	}
}
